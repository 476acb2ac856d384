# shellcheck shell=sh
# There is no archive here: say so, say what to do, leave nothing behind.
try findings
try analyse --archive over/there
try explain f-80f4c4eb70ee-0-0
try doctor
try ingest
try ingest nosuch.jsonl
echo text >file
try findings --archive file
try init --archive file
mkdir empty
try findings --archive empty
ls
