# shellcheck shell=sh
# The command line is not understood: say what is wrong and where to look.
try
try vesion
try ingest --frob
try ingest -q
try ingest --archive
try findings --json=yes
try findings --limit many
try findings --state gone
try findings --layer wire
try findings --network here
try rules --layer wire
try init elsewhere
try version of what
try explain
try help nosuch
try export
try export rows
try export findings --format xml
try fetch
try fetch ooni --cc PK
try fetch ooni --cc PAK --since 2024-02-08 --until 2024-02-09
try fetch ooni --cc PK --since 2024-02-09 --until 2024-02-08
try rehearse --days 400
try rehearse --since yesterday
try init --now soon
