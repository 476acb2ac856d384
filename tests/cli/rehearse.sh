# shellcheck shell=sh
# [C17] Same seed, same bytes; every line is marked synthetic.
try rehearse --days 1 --networks 2 --per-day 3 --into a.jsonl
gawah rehearse --days 1 --networks 2 --per-day 3 --quiet >b.jsonl
cmp a.jsonl b.jsonl && echo 'the same bytes'
gawah rehearse --days 1 --networks 2 --per-day 3 --seed 2 --quiet >c.jsonl
cmp -s a.jsonl c.jsonl || echo 'another seed, other bytes'
grep -vc '"synthetic":"true"' a.jsonl || true
head -n 1 a.jsonl.labels.csv
