# shellcheck shell=sh
gawah rules --layer quic | sed '/^$/q'
gawah rules --layer quic --json | head -n 1
gawah rules --layer quic | grep -c '^quic\.ok says '
gawah rules --layer dns | grep -c '^tcp\.' || true
