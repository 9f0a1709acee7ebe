#!/usr/bin/env bash
# Judges the document, and its 3.0 rendering if there is one: valid OpenAPI, spectral with OWASP's rules and our own,
# redocly, and every example against its schema; then our own rules by planted faults. Any finding fails.
#   .ci/judge-document.sh [DOCUMENT…]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/lib.sh

documents=("$@")
if [ $# = 0 ]; then
  documents=(openapi/openapi.json)
  [ ! -f openapi/openapi-3.0.json ] || documents+=(openapi/openapi-3.0.json)
fi
for document in "${documents[@]}"; do
  [ -f "$document" ] || die "there is no $document; write it by: cargo run --release -- openapi"
done
node_tools

failed=0
say "validity: ${documents[*]}"
node openapi/valid.mjs "${documents[@]}" || failed=1
for document in "${documents[@]}"; do
  rules=
  ! grep -q '"openapi": "3\.0' "$document" || rules=-3.0
  say "spectral $($bin/spectral --version): $document"
  $bin/spectral lint --ruleset "openapi/spectral$rules.yaml" --fail-severity=hint --format=stylish "$document" || failed=1
  say "redocly $($bin/redocly --version 2>/dev/null): $document"
  # Less its banner about coming versions of node.
  $bin/redocly lint --config "openapi/redocly$rules.yaml" --max-problems=1000 --format=stylish "$document" 2>&1 |
    sed '/^ *[╔║╚]/d' | cat -s || failed=1
done
for document in "${documents[@]}"; do .ci/judge-examples.sh "$document" || failed=1; done
node openapi/functions/test.mjs || failed=1
[ "$failed" = 0 ] || die "${documents[*]}: findings, see above"
say "${documents[*]}: no findings"
