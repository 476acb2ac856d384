#!/bin/sh
# gawah serve beside nginx: the same files, the same headers, one core each, in
# turn in one run.
#   bench/serve.sh GAWAH [SECONDS] [ROUNDS]
# Requests a second say what a reader gets; processor time a request says the
# same where other programs share the machine.
set -eu
gawah=$1
seconds=${2:-5}
rounds=${3:-3}
nginx=$(command -v nginx || echo /usr/sbin/nginx)
if [ ! -x "$nginx" ] || ! command -v wrk >/dev/null; then
    echo "nginx or wrk is not here: apt-get install --no-install-recommends nginx-light wrk"
    exit 0
fi
tmp=$(mktemp -d "${BENCH_TMP:-/tmp}/gawah-serve.XXXXXX")
trap 'kill $ours $theirs 2>/dev/null || :; rm -rf "$tmp"' EXIT
ours='' theirs=''
mkdir "$tmp/site" "$tmp/site/en"
chmod 755 "$tmp" "$tmp/site" "$tmp/site/en"
for kb in 1 10 60 600; do
    head -c $((kb * 1000)) /dev/zero | tr '\0' 'x' >"$tmp/site/en/$kb.html"
done

"$gawah" init --archive "$tmp/archive" --quiet
taskset -c 0 "$gawah" serve "$tmp/site" --archive "$tmp/archive" --threads 1 \
    --listen 127.0.0.1:0 >"$tmp/said" &
ours=$!
until grep -q listening "$tmp/said"; do sleep 0.1; done
our_url=$(sed 's/.*listening on //' "$tmp/said")

csp="default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
cat >"$tmp/nginx.conf" <<END
daemon off;
worker_processes 1;
master_process off;
pid $tmp/pid;
error_log $tmp/error.log;
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types;
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    client_body_temp_path $tmp/body;
    server {
        listen 127.0.0.1:18481;
        root $tmp/site;
        add_header Content-Security-Policy "$csp";
        add_header X-Content-Type-Options nosniff;
        add_header Referrer-Policy no-referrer;
        add_header Cache-Control no-cache;
    }
    server {
        listen 127.0.0.1:18482;
        root $tmp/site;
        open_file_cache max=1000;
        add_header Content-Security-Policy "$csp";
        add_header X-Content-Type-Options nosniff;
        add_header Referrer-Policy no-referrer;
        add_header Cache-Control no-cache;
    }
}
END
taskset -c 0 "$nginx" -c "$tmp/nginx.conf" 2>/dev/null &
theirs=$!
sleep 1

ticks() { # processor time of a process, in hundredths of a second
    sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'
}

# once PID URL: requests a second, and microseconds of processor a request
once() {
    before=$(ticks "$1")
    taskset -c 1 wrk -t 1 -c 32 -d "${seconds}s" "$2" >"$tmp/wrk"
    after=$(ticks "$1")
    if grep -q 'Non-2xx\|Socket errors' "$tmp/wrk"; then
        cat "$tmp/wrk" >&2
        exit 1
    fi
    awk -v t=$((after - before)) '
        / requests in / { n = $1 }
        /^Requests\/sec/ { r = $2 }
        END { printf "%.0f %.2f\n", r, n ? t * 10000 / n : 0 }' "$tmp/wrk"
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

echo "machine: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), load $(cut -d' ' -f1 /proc/loadavg); $("$nginx" -v 2>&1)"
echo "32 connections, $seconds s, median of $rounds; server on core 0, wrk on core 1"
printf '%-8s %24s %24s %24s %8s %8s\n' page 'gawah req/s, us cpu' \
    'nginx req/s, us cpu' 'nginx with file cache' 'req/s' 'cpu'
for kb in 1 10 60 600; do
    rm -f "$tmp/a" "$tmp/b" "$tmp/c"
    r=0
    while [ "$r" -lt "$rounds" ]; do
        once "$ours" "$our_url/en/$kb.html" >>"$tmp/a"
        once "$theirs" "http://127.0.0.1:18481/en/$kb.html" >>"$tmp/b"
        once "$theirs" "http://127.0.0.1:18482/en/$kb.html" >>"$tmp/c"
        r=$((r + 1))
    done
    for f in a b c; do
        cut -d' ' -f1 "$tmp/$f" | median >"$tmp/$f.r"
        cut -d' ' -f2 "$tmp/$f" | median >"$tmp/$f.c"
    done
    paste "$tmp/a.r" "$tmp/a.c" "$tmp/b.r" "$tmp/b.c" "$tmp/c.r" "$tmp/c.c" |
        awk -v k="$kb" '{ printf "%-8s %15d %8.1f %15d %8.1f %15d %8.1f %8.2f %8.2f\n",
            k " kB", $1, $2, $3, $4, $5, $6, $1 / $3, $4 / $2 }'
done
echo "the last two columns: gawah over nginx as it comes; 1 is equal, more is faster"
