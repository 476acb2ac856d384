# What the cases share. They run in an empty folder, with sh -eu.
# shellcheck shell=sh

# A first taking in is at a fixed time, and how long a run took is no answer.
gawah() {
    "$GAWAH" "$@"
}

# Shows the command, its answer, and how it ended if not well.
try() {
    printf '$ gawah %s\n' "$*"
    ended=0
    gawah "$@" >../answer 2>&1 || ended=$?
    hide_log <../answer | sed 's/ in [0-9][0-9]*\.[0-9] s/ in _ s/'
    [ "$ended" = 0 ] || echo "(exit $ended)"
    echo
}

# An archive with the few measurements of data/few.jsonl, judged.
few() {
    cp "$DATA/few.jsonl" .
    gawah ingest few.jsonl --quiet --now 2024-03-01 >../answer || [ $? = 3 ]
    gawah analyse --quiet --now 2024-03-01 >../answer
}

# One connection to 192.31.196.9 port 80: connect ASN DAY FAILURE [PROBE_ID].
# FAILURE is null or a quoted name.
connect() {
    ok=false
    [ "$3" != null ] || ok=true
    printf '{"annotations":{"synthetic":"true"},"input":"http://app.example/",'
    printf '"measurement_start_time":"%s 10:00:00",' "$2"
    printf '"test_start_time":"%s 10:00:00",' "$2"
    printf '"probe_asn":"AS%s","probe_cc":"ZZ","probe_id":"%s",' "$1" "${4-}"
    printf '"report_id":"%s","software_name":"by-hand",' "$1"
    printf '"software_version":"1","test_name":"web_connectivity",'
    printf '"test_version":"1","test_runtime":1,"test_keys":{"tcp_connect":'
    printf '[{"ip":"192.31.196.9","port":80,"status":{"failure":%s,' "$3"
    printf '"success":%s}}]}}\n' "$ok"
}

# The findings of standard input's measurements about one network, in short.
about() {
    rm -rf archive
    gawah ingest - --quiet >../answer
    gawah analyse --quiet >../answer
    gawah findings --network "$1" --layer tcp | sed -n '/BY NETWORK/,/^$/p' |
        sed -e 1d -e '/gawah explain/d' -e '/^$/d'
}

# Waits until a file has a line: await FILE PATTERN. What is waited for is
# started as "$GAWAH", not gawah: $! is then the program's own.
await() {
    tries=0
    until grep -q "$2" "$1" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || return 1
        sleep 0.05
    done
}

# Keys are made by chance: what hangs on them is no answer.
hide_log() {
    sed -e 's/root [A-Za-z0-9+/]*\.\.\./root _.../' \
        -e 's/"root":"[^"]*"/"root":"_"/' \
        -e 's/gawah\.local\/[0-9a-f]*/gawah.local\/_/' \
        -e 's/signed\/[0-9a-f]\{64\}/signed\/_/' \
        -e 's/test\.example\/log+[0-9a-f]*+[A-Za-z0-9+/=]*/test.example\/log+_/'
}
