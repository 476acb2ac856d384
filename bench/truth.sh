#!/bin/sh
# What gawah says against what is true: docs/methods/truth.md.
#   bench/truth.sh BUILD [SEEDS] [--json] [--speed]   (FIRST=101)
# SEEDS rehearsed months (12) from seed 101 on, in three settings; then the real
# sets below GAWAH_DATA, if they are there. --speed: only the speed of cells,
# changes and incidents on a large archive (SEEDS thousand measurements; 1000).
set -eu
build=$1
shift
seeds='' json='' speed=''
for word in "$@"; do
    case $word in
    --json) json=--json ;;
    --speed) speed=yes ;;
    *) seeds=$word ;;
    esac
done
here=$(cd "$(dirname "$0")/.." && pwd)
data=${GAWAH_DATA:-$here/../shared/data}/ooni
tmp=${BENCH_TMP:-$build/bench-tmp}/truth
gawah=${GAWAH:-$build/src/gawah}
truth=${TRUTH:-$build/bench/truth}
[ -n "${TRUTH:-}" ] || cmake --build "$build" --target truth >&2
first=${FIRST:-101} since=2024-02-01 days=28
rm -rf "$tmp"
mkdir -p "$tmp"

say() {
    [ -n "$json" ] || echo "$@"
}

# make ARCHIVE INCIDENTS FILES...: an archive of the files and what it says.
make() {
    archive=$1
    incidents=$2
    shift 2
    rm -rf "$archive"
    "$gawah" init --archive "$archive" --quiet >/dev/null
    "$gawah" ingest --archive "$archive" --quiet "$@" >/dev/null || [ $? = 3 ]
    "$gawah" analyse --archive "$archive" --quiet >/dev/null
    "$gawah" incidents --archive "$archive" --json --quiet >"$incidents"
}

# month FOLDER SEED OPTIONS...: one rehearsal, labels, findings, incidents.
month() {
    out=$1
    seed=$2
    shift 2
    "$gawah" rehearse --seed "$seed" --since $since --days $days --quiet \
        --into "$tmp/month.jsonl" "$@"
    mv "$tmp/month.jsonl.labels.csv" "$out/$seed.labels.csv"
    if [ "${out##*/}" = partial ]; then
        "$truth" thin "$seed" <"$tmp/month.jsonl" >"$tmp/thin.jsonl"
        mv "$tmp/thin.jsonl" "$tmp/month.jsonl"
    fi
    make "$tmp/archive" "$out/$seed.incidents" "$tmp/month.jsonl"
    "$gawah" export findings --archive "$tmp/archive" --format csv --quiet \
        --out "$out/$seed.findings" >/dev/null
}

months() {
    last=$((first + ${seeds:-12} - 1))
    say "REHEARSED MONTHS: seeds $first to $last, $days days from $since"
    say "  normal:  8 networks, 40 measurements a day each"
    say "  sparse:  3 networks, 6 a day each"
    say "  partial: as normal, but every network and input loses two of three days"
    for setting in normal sparse partial; do
        mkdir -p "$tmp/$setting"
        seed=$first
        while [ "$seed" -le $last ]; do
            case $setting in
            sparse) month "$tmp/$setting" "$seed" --networks 3 --per-day 6 ;;
            *) month "$tmp/$setting" "$seed" --networks 8 --per-day 40 ;;
            esac
            seed=$((seed + 1))
        done
    done
    # shellcheck disable=SC2086  # json is empty or one word
    "$truth" $json months "$first" "$last" $since $days \
        "$tmp/normal" "$tmp/sparse" "$tmp/partial"
}

# shellcheck disable=SC2086
real() {
    if [ ! -d "$data" ]; then
        say "no real measurements here: set GAWAH_DATA"
        return
    fi
    make "$tmp/archive" "$tmp/kenya" "$data"/kenya-telegram-2023/*.csv.gz
    "$truth" $json kenya "$tmp/kenya"
    "$truth" $json brazil "$data/fastpath-fixtures/detector_query_ww_BR_2018.json"
    imap=$data/imap_ooni_daily_im_circumvention_2023-07_2024-06.csv
    if make "$tmp/archive" "$tmp/imap" "$imap"; then
        "$truth" $json imap "$tmp/imap"
    fi
    confirmed=$data/imap_confirmed_blockings_2022H1.csv
    say
    say "iMAP, confirmed blockings of H1 2022: $(($(wc -l <"$confirmed") - 1)) rows with"
    say "  neither dates nor networks, and no raw measurement of them is here:"
    say "  nothing can be measured by them."
}

# CPU seconds and peak memory of one command.
timed() {
    what=$1
    shift
    /usr/bin/env time -f '%U %S %M' -o "$tmp/time" "$@" >/dev/null
    awk -v what="$what" -v n="$measurements" '{
        printf "  %-34s %8.2f s CPU %10.0f measurements/s %7.0f MB at most\n",
            what, $1 + $2, n / ($1 + $2), $3 / 1000 }' "$tmp/time"
}

fast() {
    measurements=$((${seeds:-1000} * 1000))
    rm -rf "$tmp/archive"
    "$gawah" init --archive "$tmp/archive" --quiet >/dev/null
    parts=10
    part=0
    while [ $part -lt $parts ]; do
        "$gawah" rehearse --seed $((first + part)) --days $days --networks 8 \
            --per-day $((measurements / parts / days / 8)) --quiet \
            --into "$tmp/month.jsonl"
        "$gawah" ingest --archive "$tmp/archive" --quiet "$tmp/month.jsonl" \
            >/dev/null
        rm "$tmp/month.jsonl"
        part=$((part + 1))
    done
    say "SPEED: about $measurements measurements, one thread"
    timed "findings, cells, changes, incidents" "$gawah" analyse \
        --archive "$tmp/archive" --quiet --threads 1
    timed "again, nothing new" "$gawah" analyse --archive "$tmp/archive" \
        --quiet --threads 1
}

say "machine: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(date -u +%Y-%m-%d)"
if [ -n "$speed" ]; then
    fast
else
    months
    real
fi
rm -rf "$tmp/archive" "$tmp/month.jsonl"
