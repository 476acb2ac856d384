#!/bin/sh
# Help, man page and documentation speak of the same commands and options:
#   options.sh GAWAH SOURCE
# Every command has a man page that groff takes without a warning (where there
# is one), lists the options its help lists, each with a word of explanation,
# and has its own heading in docs/formats/cli.md; no option is an orphan.
set -eu
gawah=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
source=$(cd "$2" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/gawah-lint.XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
failed=0

complain() {
    echo "$*"
    failed=1
}

groff=$(command -v groff || true)
[ -n "$groff" ] || echo "no groff here: man pages are not set"

"$gawah" --help | sed -n 's/^  \([a-z][a-z-]*\)  *[a-z].*/\1/p' |
    grep -v '^gawah$' >commands
[ -s commands ] || complain "gawah --help lists no commands"
: >used

while read -r command; do
    "$gawah" "$command" --help >help
    "$gawah" help "$command" --man >page
    sed -n 's/^  --\([a-z-]*\).*/\1/p' help | sort >in_help
    sed -n 's/^\\fB\\-\\-\([a-z\\-]*\)\\fR.*/\1/p' page |
        sed 's/\\-/-/g' | sort >in_page
    [ -s in_help ] || complain "$command: its help lists no options"
    diff in_help in_page >difference ||
        complain "$command: help (<) and man page (>): $(cat difference)"
    # An option without explanation leaves its line bare.
    grep -E '^  --[a-z-]+( [A-Z,]+)?$' help &&
        complain "$command: the option above has no explanation"
    if [ -n "$groff" ]; then
        "$groff" -man -ww -Tutf8 page >/dev/null 2>warnings || true
        [ ! -s warnings ] || complain "$command: $(cat warnings)"
    fi
    grep -q "^## $command\$" "$source/docs/formats/cli.md" ||
        complain "$command: docs/formats/cli.md has no heading of that name"
    cat in_help >>used
done <commands

"$gawah" help --man >page
while read -r command; do
    grep -q "^.fB$command.fR\$" page || complain "gawah(1) leaves out $command"
done <commands
if [ -n "$groff" ]; then
    "$groff" -man -ww -Tutf8 page >/dev/null 2>warnings || true
    [ ! -s warnings ] || complain "gawah(1): $(cat warnings)"
fi

# The table of options and the options of commands name each other.
sort -u used >taken
sed -n 's/^ *\(TEXT\|NUMBER\|FLAG\)("\([a-z-]*\)",.*/\2/p' \
    "$source/src/cli/args.c" | sort -u >table
diff table taken >difference ||
    complain "options of args.c (<) and of commands (>): $(cat difference)"

# Headings of commands that are none.
sed -n 's/^## \([a-z][a-z-]*\)$/\1/p' "$source/docs/formats/cli.md" |
    while read -r heading; do
        grep -qx "$heading" commands || echo "$heading"
    done >strangers
[ ! -s strangers ] || complain "docs/formats/cli.md: $(cat strangers)"
exit "$failed"
