#!/usr/bin/env bash
# A ledger of 200 rows, built and read by other libraries, through the release binary (`.ci/ledger.py`).
#   .ci/ledger.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/lib.sh

python_with ledger openpyxl openpyxl==3.1.5 et_xmlfile==2.0.0
serve_release ledger
"$python" .ci/ledger.py "$api" "$token" "$work"
