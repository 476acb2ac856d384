# shellcheck shell=sh
# [C23] Keys are made with the archive, shown by their public halves, and put
# behind a passphrase on request.
hide_keys() {
    sed -e 's/+[0-9a-f]\{8\}+[A-Za-z0-9+/=]*/+_/' -e 's/[0-9a-f]\{64\}/_/'
}
try keys
gawah init --origin test.example/log | hide_log
gawah keys | hide_keys
gawah keys --json | hide_keys
stat -c '%A %n' archive/keys archive/keys/log.key
before=$(gawah keys | sed -n 2p)
next=$(gawah keys | sed -n 4p)
gawah keys rotate | hide_keys
after=$(gawah keys | sed -n 2p)
[ "$before" != "$after" ] && [ "$next" = "$after" ] &&
    echo 'the next key is in force'
gawah seal | hide_log
gawah verify archive/ledger | grep -c '^ok'
chmod 644 archive/keys/author.key
try seal
chmod 600 archive/keys/author.key

echo secret words >../phrase
gawah init --archive locked --origin test.example/log --passphrase ../phrase |
    hide_log
gawah keys --archive locked | sed -n 1p
try seal --archive locked
GAWAH_PASSPHRASE='wrong words' gawah seal --archive locked 2>&1 | hide_log
GAWAH_PASSPHRASE='secret words' gawah seal --archive locked | hide_log
try keys new witness w.example --keys ../w extra
gawah keys new witness w.example --keys ../w | hide_keys
try keys new witness w.example --keys ../w
try keys new clown w.example --keys ../w
try keys serve
echo 'two rotations without a seal between them:'
gawah keys rotate --quiet >../answer
try keys rotate
gawah seal --quiet | hide_log
gawah verify archive/ledger | tail -n 1
echo 'killed between the rotation and the policy:'
cp archive/keys/policy.txt ../policy
gawah keys rotate --quiet >../answer
cp ../policy archive/keys/policy.txt
gawah seal --quiet | hide_log
grep -c "^log $(gawah keys | sed -n '2s/^ *//p')" archive/keys/policy.txt
gawah verify archive/ledger | tail -n 1
echo 'a policy of something else is not touched:'
gawah keys new log test.example/log --keys ../stranger >../answer
echo "log $(sed -n '2s/^ *//p' ../answer)
quorum none" >archive/keys/policy.txt
try seal
