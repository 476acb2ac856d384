# shellcheck shell=sh
# What is one event is one row, an id leads to findings, a second run changes
# nothing. A rehearsed month, of which one story is left in.
gawah rehearse --days 21 --networks 4 --per-day 60 --quiet --into month.jsonl
grep telegram month.jsonl >few.jsonl
gawah ingest few.jsonl --quiet --now 2024-03-01 >../answer
gawah analyse --now 2024-03-01 | grep incidents:
gawah analyse --now 2024-03-02 | grep incidents:
try incidents
try incidents --target telegram --json
try incidents --cc ZZ
try incidents --until 2024-01-15
try incidents --since yesterday
id=$(gawah incidents --json | sed 's/.*"id":"\(i-[0-9a-f]*\)".*/\1/')
try incidents "$id"
gawah explain "$id" --all | grep -c 'gawah explain f-'
gawah explain "$(gawah explain "$id" | sed -n 's/.*explain \(f-.*\)/\1/p' |
    head -n 1)" | head -n 2
gawah explain "$id" --json | grep -o '"id":"[^"]*"'
gawah incidents "$id" --json --all | grep -c '"v":1'
try incidents i-000000000000
gawah prove "$id" --into ../bundle >../answer
(cd .. && find bundle/data bundle/proofs -name '*incident*' &&
    "$GAWAH" verify bundle | grep -E 'incident|^holds' &&
    sed 's/"over"/"held"/; s/"ongoing"/"over"/' bundle/data/incident.json \
        >forged && cp forged bundle/data/incident.json &&
    "$GAWAH" verify bundle | grep -E 'BAD +incident')
