# shellcheck shell=sh
cp "$DATA/few.jsonl" .
gawah ingest few.jsonl --quiet >../answer || [ $? = 3 ]
try findings
try analyse
try analyse
try analyse --json
try analyse --again --threads 2 --json
