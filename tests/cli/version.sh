# shellcheck shell=sh
rules=$(gawah rules | grep -c '^[a-z]*\.[a-z0-9_]* says ')
{
    try version
    try --version
    try version --json
} | sed -e "s/($rules rules)/(all rules)/" -e "s/:$rules}/:all}/"
