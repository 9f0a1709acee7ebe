#!/usr/bin/env bash
# Judges openapi/openapi.json against the last released document, openapi/released/v1.json, and openapi-3.0.json, of
# which other SDKs are made, against v1-3.0.json: what breaks a client fails.
#   .ci/judge-breaking.sh [DOCUMENT [DOCUMENT-3.0]]
#   .ci/judge-breaking.sh --self-test    plants breaks and additions, and sees what is found
# By optic and a guard of our own (openapi/breaking/), offline. Where no operation differs, optic is not asked.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/lib.sh
node_tools

if [ "${1:-}" = --self-test ]; then
  exec node openapi/breaking/test.mjs
fi
document=${1:-openapi/openapi.json}
rendering=${2:-openapi/openapi-3.0.json}
for file in "$document" "$rendering"; do
  [ -f "$file" ] || die "there is no $file; write it by: cargo run --release -- openapi"
done
node openapi/breaking/judge.mjs openapi/released/v1.json "$document" openapi/released/v1-3.0.json "$rendering" ||
  die "$document or $rendering breaks clients of openapi/released, see above"
