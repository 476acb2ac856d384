# shellcheck shell=sh
# [C21] Whatever is kept is sealed in a log; what was sealed is told.
gawah init --origin test.example/log --now 2024-03-01 | hide_log
cp "$DATA/few.jsonl" .
gawah ingest few.jsonl --now 2024-03-01 >../answer || [ $? = 3 ]
grep '^sealed' ../answer | hide_log
gawah analyse --now 2024-03-01 | grep '^sealed' | hide_log
gawah ingest few.jsonl --now 2024-03-02 | grep '^sealed' | hide_log
gawah seal --now 2024-03-02 | hide_log
gawah seal --json --now 2024-03-02 | hide_log
find archive/ledger -type f | sort
try seal --request r
try seal --anchor few.jsonl
try seal --heartbeat nothing
find archive/keys -name '*.key' -perm /077
try seal --witness w1
try seal --response few.jsonl --stamp q
echo 'a witness that does not answer:'
gawah keys new witness w1.example --keys ../w1 >../answer
log=$(gawah keys | sed -n '2s/^ *//p')
{
    echo "log $log"
    echo "witness w1 $(sed -n '2s/^ *//p' ../answer) http://127.0.0.1:1"
    echo 'quorum w1'
} >archive/keys/policy.txt
gawah seal --quiet --now 2024-03-03 | hide_log || :
