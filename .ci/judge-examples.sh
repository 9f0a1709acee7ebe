#!/usr/bin/env bash
# Judges every example and default of the document against its schema (JSON Schema 2020-12, formats too).
#   .ci/judge-examples.sh [DOCUMENT]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/lib.sh

python_with judge-examples jsonschema_rs "$(grep '^jsonschema_rs==' openapi/requirements.txt)"
"$python" .ci/judge-examples.py "${1:-openapi/openapi.json}"
