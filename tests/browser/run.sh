#!/bin/sh
# run.sh GAWAH OUT: pages of a rehearsed archive in a real browser, from a
# folder and from gawah serve. Needs chromium, nodejs and npm; what npm brings
# is pinned in package-lock.json and goes into OUT.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
gawah=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)

cp "$here/package.json" "$here/package-lock.json" "$out/"
(cd "$out" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)

# GAWAH_SITE: pages that are there already.
site=${GAWAH_SITE:-}
archive=${GAWAH_ARCHIVE:-}
if [ -z "$site" ]; then
    site=$out/site
    archive=$out/archive
    rm -rf "$site" "$archive"
    "$gawah" rehearse --into "$out/month.jsonl" --quiet
    "$gawah" ingest --archive "$archive" --quiet "$out/month.jsonl" || [ $? = 3 ]
    "$gawah" analyse --archive "$archive" --quiet
    "$gawah" incidents --archive "$archive" >"$out/incidents.txt"
    "$gawah" publish --archive "$archive" --quiet "$site"
fi

served=
if [ -n "$archive" ]; then
    "$gawah" serve --archive "$archive" --listen 127.0.0.1:0 "$site" \
        >"$out/serve.log" 2>&1 &
    server=$!
    trap 'kill $server 2>/dev/null || :' EXIT
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        served=$(grep -o 'http://[0-9.:]*' "$out/serve.log" | head -n 1) || :
        [ -z "$served" ] || break
        sleep 0.5
    done
    [ -n "$served" ] || {
        echo "gawah serve did not say where it listens:" >&2
        cat "$out/serve.log" >&2
        exit 1
    }
fi
cp "$here/pages.mjs" "$out/pages.mjs"
node "$out/pages.mjs" "$site" "$out/shots" "$served"
