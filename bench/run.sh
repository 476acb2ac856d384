#!/bin/sh
# Speed and size of the main job, beside what bounds them, in one run.
#   bench/run.sh BUILD [MEGABYTES] [ROUNDS]
#   bench/run.sh BUILD ledger        the log alone
#   bench/run.sh BUILD truth [SEEDS] how often incidents are right
# GAWAH_DATA holds real measurements and fingerprints; without it a synthetic
# month is used, which says less. BENCH_TMP is where the corpus goes.
set -eu
case ${2:-} in
truth)
    build=$1
    shift 2
    exec sh "$(dirname "$0")/truth.sh" "$build" "$@"
    ;;
esac
build=$1
megabytes=${2:-1000}
rounds=${3:-5}
here=$(cd "$(dirname "$0")/.." && pwd)
data=${GAWAH_DATA:-$here/../shared/data}
gawah=$build/src/gawah
tmp=${BENCH_TMP:-$build/bench-tmp}
mkdir -p "$tmp"
cmake --build "$build" --target benches >&2

# The log: durable appends, submits over HTTP, audits and proofs, each program
# beside the hash, sync and write rates that it measured in the same run.
ledger() {
    echo "THE LOG (entries of 200 bytes)"
    rm -rf "$tmp/log"
    "$build/bench/bench_append" "$tmp/log" 200 2 | sed 's/^/  /'
    rm -rf "$tmp/log"
    echo
    "$build/bench/bench_submit" "$tmp/log" 5 512 200 2 | sed 's/^/  /'
    rm -rf "$tmp/log"
    echo
    "$build/bench/bench_audit" 1000000 200 5 | sed 's/^/  /'
}
if [ "$megabytes" = ledger ]; then
    ledger
    exit
fi

files=4
if [ -d "$data/ooni" ]; then
    set -- "$data"/ooni/fingerprints/fingerprints_*.csv
    corpus="real measurements of $data/ooni, replicated under new ids"
else
    set --
    corpus="a synthetic month (no real data here)"
    "$gawah" rehearse --into "$tmp/month.jsonl" --quiet
fi
i=1
while [ $i -le $files ]; do
    out=$tmp/corpus-$megabytes-$i.jsonl.gz
    if [ ! -f "$out" ]; then
        if [ -d "$data/ooni" ]; then
            "$build/bench/corpus" "$data/ooni" "$((megabytes * 1000000 / files))" "$i" 2>/dev/null
        else
            cat "$tmp/month.jsonl"
        fi | gzip -6 >"$out.part"
        mv "$out.part" "$out"
    fi
    i=$((i + 1))
done
json=$(cat "$tmp/corpus-$megabytes"-*.jsonl.gz | zcat | wc -c)

echo "machine: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(nproc) CPUs, load $(cut -d' ' -f1 /proc/loadavg), $(date -u +%Y-%m-%d)"
echo "corpus: $corpus; $((json / 1000000)) MB of JSON in $files gzip files"
echo
echo "BOUNDS on one core (CPU time; median, least and most of $rounds rounds)"
"$build/bench/bounds" "$tmp/corpus-$megabytes-1.jsonl.gz" "$rounds" "${1:-}" | sed 's/^/  /'

# One run of the main job: prints CPU seconds, wall seconds and peak kB.
job() {
    threads=$1
    shift
    rm -rf "$tmp/archive"
    /usr/bin/env time -f '%U %S %e %M' -o "$tmp/time1" \
        "$gawah" ingest --quiet --archive "$tmp/archive" --threads "$threads" "$@" \
        "$tmp/corpus-$megabytes"-*.jsonl.gz >/dev/null
    /usr/bin/env time -f '%U %S %e %M' -o "$tmp/time2" \
        "$gawah" analyse --quiet --archive "$tmp/archive" --threads "$threads" >/dev/null
    cat "$tmp/time1" "$tmp/time2" | awk -v json="$json" '
        { cpu += $1 + $2; wall += $3; if ($4 > peak) peak = $4 }
        END { printf "%.3f %.3f %.0f\n", cpu, wall, peak }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { printf "%.3f", v[int((NR + 1) / 2)] }'; }

echo
echo "MAIN JOB: gzip to stored findings, with X.509, fingerprints and hashes ($rounds rounds in turn)"
: >"$tmp/one"
: >"$tmp/two"
r=0
while [ "$r" -lt "$rounds" ]; do
    # One core means one core: parser, store and all.
    (taskset -p -c 0 "$(sh -c 'echo $PPID')" >/dev/null 2>&1 || true; job 1 "$@") >>"$tmp/one"
    job 2 "$@" >>"$tmp/two"
    r=$((r + 1))
done
cpu1=$(cut -d' ' -f1 "$tmp/one" | median)
wall1=$(cut -d' ' -f2 "$tmp/one" | median)
wall2=$(cut -d' ' -f2 "$tmp/two" | median)
peak1=$(cut -d' ' -f3 "$tmp/one" | sort -n | tail -1)
peak2=$(cut -d' ' -f3 "$tmp/two" | sort -n | tail -1)
awk -v j="$json" -v c="$cpu1" -v w="$wall1" -v x="$wall2" -v p="$peak1" -v q="$peak2" 'BEGIN {
    printf "  one core, CPU time    %7.0f MB/s of JSON  (%.2f s)\n", j / 1e6 / c, c
    printf "  one core, wall time   %7.0f MB/s of JSON  (%.2f s)\n", j / 1e6 / w, w
    printf "  two threads, wall     %7.0f MB/s of JSON  (%.2f s), %.2f times one\n", j / 1e6 / x, x, w / x
    printf "  peak resident memory  %7.0f MB with one thread, %.0f MB with two\n", p / 1000, q / 1000
}'
echo "  stored: $(du -sk "$tmp/archive/segments" | cut -f1) kB of segments"
rm -rf "$tmp/archive"
echo
ledger
