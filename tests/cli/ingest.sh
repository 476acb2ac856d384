# shellcheck shell=sh
# [C1] [C2] The same file twice changes nothing; a record that breaks a rule
# is refused and the rest goes on.
cp "$DATA/few.jsonl" .
try ingest few.jsonl
try rebuild
try ingest few.jsonl
try rebuild
gawah rebuild | tail -n 1
mkdir folder
gzip -n <few.jsonl >folder/packed.gz
echo 'no format of ours' >folder/notes.txt
try ingest folder --json --source 'written by hand' --licence CC0
head -n 1 few.jsonl >one.jsonl
try ingest - <one.jsonl
try ingest
