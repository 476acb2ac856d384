# shellcheck shell=sh
# [C11] [C12] [C13] Others vouch only as several networks, each with one
# voice, and only for their day and the days beside it.
fails() {
    connect 64496 2024-02-10 '"generic_timeout_error"'
}
echo 'two other networks:'
{
    fails
    connect 64501 2024-02-10 null
    connect 64502 2024-02-10 null
} | about AS64496
echo 'three:'
{
    fails
    connect 64501 2024-02-10 null
    connect 64502 2024-02-10 null
    connect 64503 2024-02-10 null
} | about AS64496
echo 'a hundred rows of one:'
{
    fails
    n=0
    while [ "$n" != 100 ]; do
        connect 64501 2024-02-10 null "probe$n"
        n=$((n + 1))
    done
} | about AS64496
echo 'three, a day later:'
{
    fails
    connect 64501 2024-02-11 null
    connect 64502 2024-02-11 null
    connect 64503 2024-02-11 null
} | about AS64496
echo 'three, two days later:'
{
    fails
    connect 64501 2024-02-12 null
    connect 64502 2024-02-12 null
    connect 64503 2024-02-12 null
} | about AS64496
echo 'three rows without a network:'
{
    fails
    connect 0 2024-02-10 null one
    connect 0 2024-02-10 null two
    connect 0 2024-02-10 null three
} | about AS64496
