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
ls archive/ledger | grep checkpoint
gawah seal --offline --now 2024-03-01 | hide_log
for w in w1 w2; do
    gawah seal --request ../request --witness $w --quiet --now 2024-03-01 |
        hide_log || :
    gawah witness cosign --keys ../$w --policy ../policy.txt \
        --now 2024-03-02 <../request >../answer
    gawah seal --response ../answer --now 2024-03-02 | hide_log || :
done
ls archive/ledger | grep checkpoint
gawah verify archive/ledger | grep -e checkpoint -e quorum | hide_log
gawah seal --request ../request --witness w1 --quiet | hide_log
echo 'again, and with another witness'\'' eyes:'
gawah witness cosign --keys ../w1 --policy ../policy.txt --now 2024-03-03 \
    <../request | wc -l
gawah prove e-80f4c4eb70ee --into ../bundle >../answer
gawah verify ../bundle | grep -e quorum -e '^.....time' | hide_log
try seal --request ../request --witness w9
try seal --response few.jsonl
echo nonsense >../request
gawah witness cosign --keys ../w1 --policy ../policy.txt <../request || :
