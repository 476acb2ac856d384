# shellcheck shell=sh
# [C7] Ctrl-C loses nothing that was acknowledged; the next run goes on.
cp "$DATA/few.jsonl" .
head -n 1 few.jsonl >one.jsonl
mkfifo pipe
"$GAWAH" ingest - few.jsonl --quiet <pipe >../answer 2>&1 &
running=$!
exec 3>pipe
tries=0
until [ -e archive/lock ] || [ "$tries" = 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
cat one.jsonl >&3
kill -INT "$running"
exec 3>&-
ended=0
wait "$running" || ended=$?
echo "the interrupted run: exit $ended"
gawah ingest one.jsonl few.jsonl --quiet >../answer || [ $? = 3 ]
gawah evidence | sed 1d | cut -c 1-56
try analyse
try doctor
