# shellcheck shell=sh
# [C4] From a finding to its bytes, and the same bytes without this program.
few
try explain f-80f4c4eb70ee-2174-3
try explain m-80f4c4eb70ee-5894
try explain 20240204100000.000004_ZZ_webconnectivity_0000000000000004 --json
try explain e-80f4c4eb70ee
try explain f-80f4c4eb70ee-2174-9
try explain f-80f4c4eb70ee-1-1
try explain e-000000000000
try explain nonsense

echo 'what it says to type gives the record:'
gawah explain f-80f4c4eb70ee-2174-3 >../answer
sed -n '/TO CHECK/,/^$/p' ../answer | sed 1d >../typed
sh -eu ../typed | cut -c 1-64 >../seen
sed -n 1p ../seen
sed -n 2p few.jsonl | cut -c 1-64 >../wanted
tail -n 1 ../seen | diff - ../wanted && echo 'the bytes are those of line 2'
