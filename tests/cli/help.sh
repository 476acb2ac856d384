# shellcheck shell=sh
try --help
try findings --help
gawah help findings | diff - ../answer && echo 'help findings is the same'
