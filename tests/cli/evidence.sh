# shellcheck shell=sh
few
try evidence
try evidence --json
echo 'no format of ours' >notes.txt
try ingest notes.txt
try evidence --limit 1
gawah evidence | tail -n 2
