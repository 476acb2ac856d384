# shellcheck shell=sh
# [C26] What is taken out is gone, the log says so, and every proof still holds.
gawah init --origin test.example/log --now 2024-03-01 --quiet
few
gawah prove e-80f4c4eb70ee --into ../before --disclose >../answer
gawah verify ../before | tail -n 1
try redact e-80f4c4eb70ee
try redact f-80f4c4eb70ee-2174-3 --because error
try redact e-80f4c4eb70ee --because boredom
gawah redact e-80f4c4eb70ee --because data-subject --now 2024-03-05 | hide_log
find archive/evidence archive/segments -type f
grep -c webconnectivity archive/gawah.db || :
grep -c few.jsonl archive/gawah.db || :
gawah evidence | sed 's/^/> /'
gawah explain e-80f4c4eb70ee | sed -n '/EVIDENCE/,/WITHHELD/p'
try redact e-80f4c4eb70ee --because error
gawah ingest few.jsonl | hide_log | sed 's/ in [0-9.]* s/ in _ s/'
gawah verify ../before | tail -n 1
gawah prove e-80f4c4eb70ee --into ../after --disclose >../answer
gawah verify ../after | grep -e redaction -e holds
gawah verify archive/ledger | tail -n 1
gawah analyse --quiet --now 2024-03-05 | hide_log |
    sed 's/ in [0-9.]* s/ in _ s/'
gawah doctor
