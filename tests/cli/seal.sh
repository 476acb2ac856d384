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
