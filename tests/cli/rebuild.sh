# shellcheck shell=sh
# [C9] Same evidence, same versions: the same bytes, in any order, with any
# number of threads.
few
gawah rebuild --json >../first
try rebuild --threads 2
head -n 1 few.jsonl >one.jsonl
for order in 'one.jsonl few.jsonl' 'few.jsonl one.jsonl'; do
    rm -rf archive
    # shellcheck disable=SC2086  # two names
    gawah ingest $order --quiet >../answer || [ $? = 3 ]
    gawah analyse --quiet >../answer
    gawah rebuild --json >>../orders
done
sort -u ../orders | wc -l
