# shellcheck shell=sh
# A site, its API and its log over HTTP, with another program's eyes.
command -v curl >/dev/null || { echo "no curl here"; exit 77; }
try serve
try serve ../nowhere
few
try serve ../nowhere --listen 127.0.0.1:0
mkdir -p ../site/en
echo 'the front page' >../site/index.html
echo 'the page' >../site/en/page.html
"$GAWAH" serve ../site --listen 127.0.0.1:0 >../said 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || :' EXIT
await ../said listening
url=$(sed -n 's/^listening on //p' ../said)
cd ..
for path in / /en/page.html /en /%2e%2e/here/few.jsonl /api/v1/incidents?x=1 \
    '/api/v1/measurements?limit=1&anomaly=maybe' /api/v1/explain/e-80f4c4eb70ee; do
    printf '$ GET %s\n' "$path"
    curl -s --path-as-is -w '%{http_code} %{content_type}\n' "$url$path"
done
printf '$ POST /\n'
curl -s -X POST -d x -w '%{http_code}\n' "$url/"
echo 'measurements by pages of two, and in one:'
next='/api/v1/measurements?limit=2'
: >uids
while [ -n "$next" ]; do
    curl -s "$url$next" >page
    grep -o '"id":"[^"]*"' page >>uids || :
    next=$(sed -n 's/.*"next_url":"\([^"]*\)".*/\1/p' page)
done
curl -s "$url/api/v1/measurements?limit=1000" | grep -o '"id":"[^"]*"' |
    cmp - uids && echo 'the same'
wc -l <uids
sort uids | uniq -d | wc -l
gawah verify "$url/log" --policy here/archive/ledger/policy.txt |
    tail -n 1 | hide_log
kill $server
wait $server && echo 'ended when asked'
