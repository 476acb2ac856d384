# shellcheck shell=sh
# [C24] Witnesses by file, as on a stick: until the quorum has signed, others
# see the checkpoint before.
gawah init --origin test.example/log --now 2024-03-01 --quiet
log=$(gawah keys | sed -n 2p)
log=${log#"${log%%[! ]*}"} # without the blanks before it
for w in w1 w2; do
    gawah keys new witness $w.example --keys ../$w >../answer
    echo "witness $w $(sed -n '2s/^ *//p' ../answer)" >>../witnesses
done
{
    echo "log $log"
    cat ../witnesses
    echo 'group both all w1 w2'
    echo 'quorum both'
} >archive/keys/policy.txt
echo "log $log
quorum none" >../policy.txt
cp "$DATA/few.jsonl" .
gawah ingest few.jsonl --now 2024-03-01 >../answer || [ $? = 3 ]
grep '^sealed' ../answer | hide_log
(cd archive/ledger && printf '%s\n' checkpoint*)
gawah seal --offline --now 2024-03-01 | hide_log
try prove e-80f4c4eb70ee --into ../early
gawah verify ../early | grep BAD
for w in w1 w2; do
    gawah seal --request ../request --witness $w --quiet --now 2024-03-01 |
        hide_log || :
    gawah witness cosign --keys ../$w --policy ../policy.txt \
        --now 2024-03-02 <../request >../answer
    gawah seal --response ../answer --now 2024-03-02 | hide_log || :
done
(cd archive/ledger && printf '%s\n' checkpoint*)
gawah verify archive/ledger | grep -e checkpoint -e quorum | hide_log
gawah seal --request ../request --witness w1 --quiet | hide_log
echo 'again, and with another witness'\'' eyes:'
gawah witness cosign --keys ../w1 --policy ../policy.txt --now 2024-03-03 \
    <../request | wc -l
gawah prove e-80f4c4eb70ee --into ../bundle >../answer
gawah verify ../bundle | grep -e quorum -e '^......time' | hide_log
try seal --request ../request --witness w9
try seal --response few.jsonl
echo 'a witness that has seen more than its log knows of:'
echo headline >beat
gawah seal --heartbeat beat --quiet --offline --now 2024-03-04 >../answer ||
    [ $? = 3 ]
gawah seal --request ../request --witness w1 --quiet >../answer || [ $? = 3 ]
gawah witness cosign --keys ../w1 --policy ../policy.txt <../request >../lost
echo 'the answer is lost, another request from an older tree:'
sed 's/^old .*/old 1/' ../request >../older
ended=0
gawah witness cosign --keys ../w1 --policy ../policy.txt <../older \
    >../refusal 2>../words || ended=$?
cat ../refusal
cat ../words
echo "(exit $ended)"
try seal --response ../refusal
try seal --response ../refusal --witness w9
gawah seal --response ../refusal --witness w1 --quiet | hide_log || :
gawah seal --request ../request --witness w1 --quiet >../answer || [ $? = 3 ]
sed -n 1p ../request
gawah witness cosign --keys ../w1 --policy ../policy.txt <../request | wc -l
echo 'more than there is:'
echo 99 >../refusal
try seal --response ../refusal --witness w1
echo nonsense >../request
gawah witness cosign --keys ../w1 --policy ../policy.txt <../request || :

echo 'over HTTP, by our witness and by another program:'
"$GAWAH" witness serve --keys ../w1 --policy ../policy.txt \
    --listen 127.0.0.1:0 --into ../mirrors >../said 2>&1 &
witness=$!
trap 'kill $witness 2>/dev/null || :' EXIT
await ../said listening
address=http://$(sed -n 's/^listening on //p' ../said)
sed -i "/^witness w1/s,\$, $address," archive/keys/policy.txt
ended=0
gawah seal --json >../answer || ended=$?
sed -e 's/.*"quorum"/"quorum"/' ../answer
echo "(exit $ended)"
"$GAWAH_PEER" gen -n 300 -sizes 100,300 -out ../other >../answer
cat ../policy.txt ../other/policy.txt | grep '^log' >../logs.txt
{
    sed 's/ http.*//' ../witnesses
    echo 'quorum w1'
} >>../logs.txt
kill $witness
wait $witness
rm ../said
"$GAWAH" witness serve --keys ../w1 --policy ../logs.txt \
    --listen 127.0.0.1:0 --into ../mirrors >../said 2>&1 &
witness=$!
await ../said listening
address=http://$(sed -n 's/^listening on //p' ../said)
"$GAWAH_PEER" feed -policy ../logs.txt -witness "$address" -all-sizes ../other |
    tail -n 1
hash=$(printf test.example/log | sha256sum | cut -c 1-64)
gawah mirror archive/ledger --policy ../logs.txt --into ../mirrors/"$hash" |
    sed 's/, [0-9.]* kB$//'
gawah verify "$address/$hash" --policy ../logs.txt | tail -n 1
kill $witness
wait $witness && echo 'ended when asked'
