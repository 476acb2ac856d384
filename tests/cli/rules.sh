try rules --layer quic
try rules --layer quic --json
gawah rules | grep -c ' says '
