# shellcheck shell=sh
# [C30] Heartbeats and stamps say between which times a thing was sealed, and a
# stranger checks them offline.
header=00601d3455bb9fbd966b3ea2dc42d0c22722e4c0c1729fad17210100000000000000000
header=${header}055087fab0c8f3f89f8bcfd4df26c504d81b0a88e04907161838c0c53001af
header=${header}09135edbd64943805175e955e06
hide() {
    sed -E -e 's/-[0-9a-f]{12}\./-_./' \
        -e 's/20(2[6-9]|[3-9][0-9])-[0-9-]* [0-9:]* UTC/_ UTC/' | hide_log
}
gawah init --origin test.example/log --now 2024-03-01 --quiet
echo "$header" >header
echo "${header}0" >longer
sed s/6$/7/ header >worthless
gawah seal --heartbeat header --now 2024-03-01 | hide_log
try seal --heartbeat longer
try seal --heartbeat worthless
echo 'the front page of the day' | gawah seal --heartbeat /dev/stdin --quiet \
    --now 2024-03-01 | hide_log
few
gawah seal --stamp query --now 2024-03-01 | hide_log

# An authority of our own.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout ca.key -out ca.pem -days 3650 -subj '/CN=Test root' 2>../answer
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout tsa.key -out tsa.csr -subj '/CN=Test authority' 2>../answer
printf 'extendedKeyUsage=critical,timeStamping\n' >extensions
openssl x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial \
    -out tsa.pem -days 3650 -extfile extensions 2>../answer
cat >tsa.cnf <<EOF
[tsa]
default_tsa = t
[t]
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
EOF
echo 01 >serial
openssl ts -reply -config tsa.cnf -queryfile query -out reply 2>../answer
gawah seal --anchor reply --now 2024-03-01 | hide_log
try seal --anchor query
echo 'of something else:'
echo other >other
openssl ts -query -data other -sha256 -cert -out query2 2>../answer
openssl ts -reply -config tsa.cnf -queryfile query2 -out reply2 2>../answer
try seal --anchor reply2
gawah prove f-80f4c4eb70ee-2174-3 --into ../bare --quiet
echo 'without roots:'
gawah verify ../bare | grep -e heartbeat -e anchor -e '^......time' | hide
echo 'with them:'
for stamp in archive/ledger/anchors/*.tsr; do
    cp ca.pem "${stamp%.tsr}.pem"
done
gawah prove f-80f4c4eb70ee-2174-3 --into ../bundle --quiet
gawah verify ../bundle | grep -e heartbeat -e anchor -e '^......time' -e holds |
    hide
echo 'where the archive keeps it:'
for stamp in archive/ledger/anchors/*.tsr; do
    try verify "$stamp" | hide
    cp "$stamp" ../kept.tsr
done
for note in archive/ledger/anchors/*.checkpoint; do
    gawah verify "$note" | hide | sed -n 1p
done
echo 'exported with the log:'
cp archive/ledger/anchors/*.checkpoint ../note
cp ../kept.tsr archive/ledger/anchors/9-0123456789ab.tsr
cp reply2 archive/ledger/anchors/"$(cd archive/ledger/anchors &&
    echo *.checkpoint | sed 's/\..*//')"-ffffffffffff.tsr
try export ledger --into ../exported | hide | sed 's/, [0-9.]* kB$//'
(cd ../exported/anchors && find . -type f | sed 's|^\./||' | sort) | hide
gawah verify ../exported/anchors/*.tsr | tail -n 1
echo 'as the README of the bundle says:'
(
    cp ca.pem ../bundle/CA.pem
    cd ../bundle || exit
    sed -n 's/^    \(sed .*\)/\1/p; s/^    \(openssl .*\)/\1/p' README.txt >../said
    sh ../said 2>../answer
    rm CA.pem stamped
)
for stamp in ../bundle/anchors/*.tsr; do
    try verify "$stamp" | hide
    sed '1,/^$/d' "${stamp%.tsr}.tlog-proof" >stamped
    openssl ts -verify -in "$stamp" -data stamped -CAfile ca.pem 2>../answer
done
