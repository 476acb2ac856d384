# shellcheck shell=sh
# [C25] A mirror holds what it vouches for, and keeps proof of a log that was
# rewritten.
gawah init --origin test.example/log --now 2024-03-01 --quiet
few
gawah keys new mirror m.example --keys ../m >../answer
policy=archive/ledger/policy.txt
try mirror archive/ledger --policy $policy --into ../mirror --keys ../m \
    --now 2024-03-02
try mirror archive/ledger --policy $policy --into ../mirror --keys ../m
try export ledger --into ../exported
gawah verify ../exported | grep audit
gawah verify ../mirror --policy $policy | grep audit

echo 'one byte of the log changed on disk:'
cp -r archive/ledger ../forged
tile=$(find ../forged/tile/entries -type f | sort | tail -n 1)
size=$(stat -c %s "$tile")
printf 'x' | dd of="$tile" bs=1 seek=$((size - 9)) conv=notrunc 2>../answer
ended=0
gawah mirror ../forged --policy $policy --into ../second >../answer 2>&1 ||
    ended=$?
echo "(exit $ended)"
test -e ../second/checkpoint || echo 'nothing was taken over'
ended=0
gawah verify ../forged --quiet >../answer || ended=$?
grep -c '^BAD' ../answer
echo "(exit $ended)"
