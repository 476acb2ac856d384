# shellcheck shell=sh
# [C29] A log that others submit to: an answer means that the entry is kept.
try log
try log ../log --listen 127.0.0.1:0
socket=$PWD/../socket
start() {
    : >../said
    "$GAWAH" log ../log --listen "unix:$socket" "$@" >../said 2>&1 &
    log=$!
    await ../said listening
}
trap 'kill $log 2>/dev/null || :' EXIT
start --origin test.example/log
sed -e "s,$PWD,_,g" ../said | hide_log
sed -n '/^log .*+/p;/^quorum/p' ../said >../policy
add() {
    curl -s --unix-socket "$socket" --data-binary "$1" http://here/add
}
for i in 0 1 2 3 4; do
    add "entry $i"
done
echo 'killed at once:'
kill -9 $log
wait $log 2>/dev/null || :
start
add 'entry 5'
await ../log/public/checkpoint '^6$'
curl -s --unix-socket "$socket" http://here/checkpoint |
    cmp - ../log/public/checkpoint && echo 'the same over HTTP'
curl -s --unix-socket "$socket" -o ../refused -w '%{http_code}\n' \
    http://here/keys/log.key
head -c 65536 /dev/zero | curl -s --unix-socket "$socket" --data-binary @- \
    -o ../refused -w '%{http_code}\n' http://here/add
try log ../log --listen 127.0.0.1:0
kill $log
wait $log
echo 'ended when asked'
gawah verify ../log/public --policy ../policy | hide_log
"$GAWAH_PEER" audit -policy ../policy ../log/public |
    sed 's/root=.*/root=_/; s/, [0-9.]*s$//'
printf 'entry 3' >../entry
"$GAWAH_PEER" incl -policy ../policy -leaf ../entry -o ../tlog-proof \
    ../log/public 3 | tail -n 1
gawah verify ../tlog-proof --leaf ../entry --policy ../policy |
    grep -e inclusion -e holds
