#!/bin/sh
# Writes the man pages of a gawah binary into a folder: man.sh GAWAH FOLDER.
set -eu
mkdir -p "$2"
"$1" help --man >"$2/gawah.1"
"$1" help | sed -n 's/^  \([a-z]\{1,\}\)  .*/\1/p' | while read -r command; do
    "$1" help "$command" --man >"$2/gawah-$command.1"
done
