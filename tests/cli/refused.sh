# shellcheck shell=sh
# [C6] What is refused is kept with its place, its reason and its bytes.
few
try refused
try refused --limit 1
try refused e-80f4c4eb70ee --json
printf '// a comment\n{"test_name": "web_connectivity"}\n' >comments.json
try ingest comments.json
try refused "$(sha256sum comments.json | cut -c 1-16)"
try refused nosuch
