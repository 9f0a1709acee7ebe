#!/usr/bin/env bash
# Judges openapi/openapi.json by spectral and redocly; any finding fails.
#   .ci/judge-document.sh [DOCUMENT]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/lib.sh

document=${1:-openapi/openapi.json}
[ -f "$document" ] || die "there is no $document; write it by: cargo run --release -- openapi"

node_tools
failed=0
say "spectral $($bin/spectral --version): $document"
$bin/spectral lint --ruleset openapi/spectral.yaml --fail-severity=hint --format=pretty "$document" || failed=1
say "redocly $($bin/redocly --version 2>/dev/null): $document"
# Less its banner about coming versions of node.
$bin/redocly lint --config openapi/redocly.yaml --max-problems=1000 --format=stylish "$document" 2>&1 |
  sed '/^ *[╔║╚]/d' | cat -s || failed=1
[ "$failed" = 0 ] || die "$document has findings, see above"
say "document: no findings"
