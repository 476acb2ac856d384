# shellcheck shell=sh
# [C8] An archive that cannot be written can be read: a stick, a disc, a
# stranger's folder.
few
chmod -R a-w archive
if [ "$(id -u)" = 0 ]; then # permissions do not hold root back
    as="setpriv --reuid=65534 --clear-groups"
    if ! $as test -x "$GAWAH" 2>/dev/null; then
        echo "skipped: nobody else can run $GAWAH"
        exit 77
    fi
    gawah() {
        $as "$GAWAH" "$@"
    }
fi
try findings --target news.example --layer tls
gawah explain f-80f4c4eb70ee-2174-3 | sed -n 1,2p
try doctor
try ingest few.jsonl
try analyse
