#!/usr/bin/env bash
# Judges openapi/openapi.json against the last released document, openapi/released/v1.json: what breaks a client fails.
#   .ci/judge-breaking.sh [DOCUMENT]
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
[ -f "$document" ] || die "there is no $document; write it by: cargo run --release -- openapi"
node openapi/breaking/judge.mjs openapi/released/v1.json "$document" ||
  die "$document breaks clients of openapi/released/v1.json, see above"
