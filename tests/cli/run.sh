#!/bin/sh
# One case: commands typed in an empty folder, and exactly what they answer.
#   run.sh GAWAH CASE [--accept]
# runs CASE.sh and compares with CASE.out; --accept makes what came the answer.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
GAWAH=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
name=$2
DATA=$here/data
HERE=$here
folder=$(mktemp -d "${TMPDIR:-/tmp}/gawah-cli.XXXXXX")
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
chmod 755 "$folder" # some cases look at it as somebody else
mkdir "$folder/here"
unset GAWAH_ARCHIVE
LC_ALL=C.UTF-8
export GAWAH LC_ALL DATA HERE

status=0
(cd "$folder/here" && sh -eu -c '. "$HERE/lib.sh"; . "$HERE/$1.sh"' \
    case "$name") >"$folder/came" 2>&1 || status=$?
if [ "$status" = 77 ]; then
    cat "$folder/came"
    exit 77
fi
if [ "${3-}" = --accept ]; then
    cp "$folder/came" "$here/$name.out"
fi
diff -u "$here/$name.out" "$folder/came" && exit "$status"
echo "$name: the answers above with + came, those with - were expected" >&2
exit 1
