# shellcheck shell=sh
try init
try init
(cd archive && find . -type f -o -type d | grep -v -e '-shm$' -e '-wal$' | sort) | hide_log
try init --json --archive 'a "quoted" name'
try findings
try analyse
try evidence
try refused
try doctor
