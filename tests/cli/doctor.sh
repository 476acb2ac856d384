# shellcheck shell=sh
# [C10] A byte of evidence that changed is found.
few
try doctor
object=$(find archive/evidence -type f)
chmod u+w "$object"
printf 'X' | dd of="$object" bs=1 seek=200 conv=notrunc 2>/dev/null
ended=0
gawah doctor >../answer || ended=$?
sed "s|$object.*|OBJECT|" ../answer
echo "(exit $ended)"
gawah doctor --json | grep -c '"damage":'
