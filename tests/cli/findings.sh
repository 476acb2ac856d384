# shellcheck shell=sh
# [C3] A failure with nobody to compare with is unknown: neither blocked nor
# ok. What is synthetic says so.
few
try findings
try findings --all --target gone.example
try findings --state ok --limit 2
try findings --layer quic
try findings --target news.example --layer all --json
