# shellcheck shell=sh
# [C28] The key of a log can be in a process of its own, behind a socket.
gawah init --origin test.example/log --now 2024-03-01 --quiet
cp "$DATA/few.jsonl" .
socket=$PWD/../signer
try keys serve --listen 127.0.0.1:7380
"$GAWAH" keys serve --listen "unix:$socket" >../said 2>&1 &
signer=$!
trap 'kill $signer 2>/dev/null || :' EXIT
await ../said listening
stat -c '%A' "$socket"
gawah ingest few.jsonl --signer "unix:$socket" --now 2024-03-01 >../answer ||
    [ $? = 3 ]
grep '^sealed' ../answer | hide_log
gawah analyse --signer "unix:$socket" --now 2024-03-01 | grep '^sealed' |
    hide_log
"$GAWAH_PEER" audit -policy archive/ledger/policy.txt archive/ledger |
    sed 's/root=.*/root=_/; s/, [0-9.]*s$//'
gawah verify archive/ledger | tail -n 1
hash=$(printf test.example/log | sha256sum | cut -c 1-64)
curl -s --unix-socket "$socket" "http://here/$hash/checkpoint" |
    cmp - archive/ledger/checkpoint && echo 'it remembers what it signed'
echo 'what does not extend it is not signed:'
printf 'old 0\n\ntest.example/log\n9\n%s\n' \
    47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU= |
    curl -s --unix-socket "$socket" --data-binary @- -w '%{http_code}\n' \
        http://here/add-checkpoint
kill $signer
wait $signer || :
test ! -e "$socket" && echo 'the socket is gone'
sed 's/example/sample/' few.jsonl >more.jsonl
ended=0
gawah ingest more.jsonl --quiet --signer "unix:$socket" --now 2024-03-02 \
    >../answer 2>&1 || ended=$?
sed "s,$PWD/..,_,; s,$socket,_/signer," ../answer
echo "(exit $ended)"
gawah seal --now 2024-03-02 | grep '^sealed' | hide_log

echo 'the secret elsewhere:'
secrets() {
    grep -lrE '^(secret|locked) ' "$1" | sed "s,^$1,_," | LC_ALL=C sort
}
try keys move
try keys move archive/keys
gawah keys move ../signers --quiet
gawah keys move ../signers --quiet && echo 'twice is once'
echo 'in the archive:'
secrets archive/keys
echo 'there:'
secrets ../signers
gawah keys | sed -n -e 1p -e 3p -e 5p
try seal
try keys rotate
serve() {
    rm ../said
    "$GAWAH" keys serve --keys ../signers --listen "unix:$socket" >../said 2>&1 &
    signer=$!
    await ../said listening
}
serve
sed 's/example/simple/' few.jsonl >still.jsonl
gawah ingest still.jsonl --quiet --signer unix:../signer --now 2024-03-03 |
    grep '^sealed' | hide_log
kill $signer
wait $signer || :
echo 'a rotation there:'
gawah keys rotate --keys ../signers --archive ../none --quiet >../answer
serve
echo headline >beat
echo 'of which nothing is known here yet:'
gawah seal --signer unix:../signer --heartbeat beat --now 2024-03-04 2>&1 |
    hide_log
gawah keys --keys ../signers >../public
gawah keys take ../public --quiet | hide_log
gawah keys take ../signers --quiet | hide_log
gawah seal --signer unix:../signer --quiet --now 2024-03-04 | hide_log
gawah verify archive/ledger | grep -e keys -e holds
secrets archive/keys
try keys take few.jsonl
kill $signer
wait $signer || :
echo 'and back:'
gawah keys move archive/keys --keys ../signers --quiet
gawah seal --heartbeat beat --quiet --now 2024-03-05 | hide_log
gawah verify archive/ledger | tail -n 1
