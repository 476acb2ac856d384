# shellcheck shell=sh
# [C15] A name in its own script and in punycode is one name.
connect 64496 2024-02-10 null | sed 's|app.example|خبریں.example|' >idn.jsonl
connect 64497 2024-02-10 null | sed 's|app.example|XN--ngblk26czc.example|' \
    >>idn.jsonl
gawah ingest idn.jsonl --quiet >../answer
gawah analyse --quiet >../answer
gawah findings --all --layer tcp | grep example | grep -v explain
