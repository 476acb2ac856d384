# shellcheck shell=sh
# [C27] Of what is taken in with --confidential the log shows nothing, and a
# bundle shows it only on request.
gawah init --origin test.example/log --now 2024-03-01 --quiet
sed 's/example/sample/' "$DATA/few.jsonl" >open.jsonl
cp "$DATA/few.jsonl" .
gawah ingest few.jsonl --confidential --source 'a person' --quiet \
    --now 2024-03-01 >../answer || [ $? = 3 ]
gawah ingest open.jsonl --quiet --now 2024-03-01 >../answer || [ $? = 3 ]
gawah analyse --quiet --now 2024-03-01 >../answer
object=$(sha256sum <few.jsonl | cut -c 1-12)
other=$(sha256sum <open.jsonl | cut -c 1-12)
echo "of it in the log: $(grep -rlE "$object|a person|few.jsonl" \
    archive/ledger | wc -l) files"
echo "of the other: $(grep -rl "$other" archive/ledger | wc -l) files"
try prove "e-$object" --into ../none
try prove "f-$object-2174-3" --into ../none --whole
test ! -e ../none && echo 'no half bundle is left'
gawah prove "f-$object-2174-3" --into ../shown --disclose --quiet
gawah verify ../shown | grep -e disclosure -e record -e holds
echo 'the name of the other is shown on request only:'
gawah prove "e-$other" --into ../nameless --quiet
grep -rl open.jsonl ../nameless | wc -l
gawah verify ../nameless | tail -n 1
grep -c '"kind"' ../nameless/data/explain.json
gawah prove "e-$other" --into ../named --disclose --quiet
grep -rl open.jsonl ../named | sort
gawah redact "e-$object" --because source-safety --quiet --now 2024-03-02 |
    hide_log
gawah prove "e-$object" --into ../after --quiet
gawah verify ../after | grep -e redaction -e holds
