#!/bin/sh
# Claims of README, SECURITY and docs carry ids such as [C7]; the test that would
# fail if the claim were false names the id. No claim without proof, no proof
# without claim, no id twice in the docs.
set -eu
cd "$1"
folder=$(mktemp -d "${TMPDIR:-/tmp}/gawah-lint.XXXXXX")
trap 'rm -rf "$folder"' EXIT

grep -ohE '\[C[0-9]+\]' ./*.md docs/*.md docs/*/*.md |
    sort >"$folder/all"
sort -u "$folder/all" >"$folder/claimed"
grep -rohE --include='*.sh' --include='*.c' --exclude-dir=lint \
    '\[C[0-9]+\]' tests | sort -u >"$folder/proved"

failed=0
uniq -d "$folder/all" | sed 's/$/ stands in the docs twice/' >"$folder/twice"
comm -23 "$folder/claimed" "$folder/proved" |
    sed 's/$/ is claimed and no test names it/' >"$folder/unproved"
comm -13 "$folder/claimed" "$folder/proved" |
    sed 's/$/ is named by a test and no page claims it/' >"$folder/unclaimed"
for list in twice unproved unclaimed; do
    cat "$folder/$list"
    [ ! -s "$folder/$list" ] || failed=1
done
[ -s "$folder/claimed" ] || {
    echo "no page claims anything"
    failed=1
}
exit "$failed"
