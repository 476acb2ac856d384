# shellcheck shell=sh
# [C22] A bundle proves an id to somebody who has nothing else, offline, with
# our program and with another one.
gawah init --origin test.example/log --now 2024-03-01 --quiet
few
cd .. || exit
mkdir elsewhere
gawah prove f-80f4c4eb70ee-2174-3 --archive here/archive --into bundle \
    --whole --disclose | sed 's/^/> /'
mv bundle elsewhere
mv here/archive hidden
cd elsewhere || exit
find bundle -type f | sort
unshare_net() {
    unshare -rn "$@" 2>/dev/null || "$@"
}
unshare_net "$GAWAH" verify bundle | hide_log
leaf=$(sed -n 's/.*"leaf":\([0-9]*\),"record".*/\1/p' bundle/chain.json)
"$GAWAH_PEER" proof -policy bundle/policy.txt \
    -leaf "bundle/data/leaf-$leaf.json" "bundle/proofs/leaf-$leaf.tlog-proof" |
    sed -e 's/root=.*/root=_/' -e 's/hash .*/hash _/'
(cd bundle && sha256sum --quiet -c manifest-sha256.txt tagmanifest-sha256.txt)

echo 'one letter of the record changed:'
cp -r bundle forged
sed 's/example/exemple/' bundle/data/record >forged/data/record
ended=0
gawah verify forged --quiet >../answer || ended=$?
sed -n -e '/^BAD/p' -e '/^DOES/p' ../answer
echo "(exit $ended)"
cd .. || exit
mv hidden here/archive
cd here || exit
try prove f-80f4c4eb70ee-1-1 --into ../none
try prove nonsense --into ../none
try prove e-80f4c4eb70ee --into ../elsewhere
test ! -e ../none && echo 'no half bundle is left'
