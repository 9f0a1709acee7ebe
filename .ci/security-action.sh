#!/usr/bin/env bash
# The life of a declaration, and an attestation verified by other libraries, through the release binary
# (`.ci/security-action.py`).
#   .ci/security-action.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/lib.sh

python_with attestation "jwt, cryptography" pyjwt==2.15.1 cryptography==50.0.2 cffi==2.1.1 pycparser==3.12
[ -d openapi/node_modules/jose ] ||
  npm --prefix openapi ci --ignore-scripts --no-audit --no-fund --loglevel=error
serve_release attestation
"$python" .ci/security-action.py "$api" "$token" "$PWD"
