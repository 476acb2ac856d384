# shellcheck shell=sh
# [C14] However many rows an observer sends, it counts once; a probe_id tells
# observers of one network apart, without one they are taken for the same.
others() {
    connect 64501 2024-02-10 null
    connect 64502 2024-02-10 null
    connect 64503 2024-02-10 null
}
lost='"generic_timeout_error"'
echo 'three rows, no probe_id:'
{
    others
    connect 64496 2024-02-10 "$lost"
    connect 64496 2024-02-10 "$lost" | sed 's/10:00:00/11:00:00/'
    connect 64496 2024-02-10 "$lost" | sed 's/10:00:00/12:00:00/'
} | about AS64496
echo 'three rows of two probes:'
{
    others
    connect 64496 2024-02-10 "$lost" one
    connect 64496 2024-02-10 "$lost" two
    connect 64496 2024-02-10 "$lost" two | sed 's/10:00:00/12:00:00/'
} | about AS64496
