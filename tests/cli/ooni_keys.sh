# shellcheck shell=sh
# [C5] A name that does not resolve while the helper cannot be reached is
# accessible by OONI's probe, and null by ours.
few
gawah export verdicts --format jsonl --quiet >../answer
grep gone.example ../answer | tr ',' '\n' | grep -E 'blocking|accessible'
