# shellcheck shell=sh
# [C16] What a record says cannot draw on the reader's terminal.
connect 64496 2024-02-10 null |
    sed 's|"report_id":"64496"|"report_id":"\\u001b[2J\\u202enoops\\u0007"|' \
        >hostile.jsonl
gawah ingest hostile.jsonl --quiet >../answer
gawah analyse --quiet >../answer
uid=$(gawah export measurements --format jsonl --quiet |
    sed 's/.*"uid":"\([^"]*\)".*/\1/')
gawah explain "$uid" | grep report_id
name=$(printf 'a\033[2Jb.json')
echo 'no format of ours' >"$name"
gawah ingest "$name" --quiet >../answer || echo "exit $?"
gawah evidence | grep 'json$'
