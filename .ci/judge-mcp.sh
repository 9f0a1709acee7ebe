#!/usr/bin/env bash
# Judges `mamori mcp`, beside a service on the same database, by the official Python client of the Model Context Protocol
# (`.ci/judge-mcp.py`).
#   .ci/judge-mcp.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/lib.sh

python_with mcp "mcp, jsonschema" mcp==2.3.0 mcp-types==2.3.0 annotated-types==0.8.0 anyio==4.16.0 attrs==26.1.0 \
  cffi==2.1.1 click==8.5.1 cryptography==50.0.2 h11==0.16.0 httpcore2==2.16.2 httpx2==2.16.2 idna==3.20 \
  jsonschema==4.26.0 jsonschema-specifications==2025.9.1 opentelemetry-api==1.45.2 pycparser==3.12 pydantic==2.14.4 \
  pydantic_core==2.50.5 PyJWT==2.15.1 python-multipart==0.0.34 referencing==0.37.0 rpds-py==2026.9.1 \
  sse-starlette==3.7.0 starlette==1.10.0 truststore==0.10.5 typing-inspection==0.4.5 typing_extensions==4.16.0 \
  uvicorn==0.54.0
serve_release mcp
bin=${MAMORI_BIN:-${CARGO_TARGET_DIR:-$PWD/target}/release/mamori}
curl -sS --fail-with-body "$api/openapi.json" -o "$work/openapi.json"

# The assistant asks as the owner of a company, and another one as a stranger to it.
(
  umask 077
  cd "$work"
  "$bin" client add --name owner --json >owner.json
  "$bin" client add --name stranger --json >stranger.json
)
token=$(curl -sS --fail-with-body -d grant_type=client_credentials "$api/oauth/token" \
  -u "$(json_field client_id <"$work/owner.json"):$(json_field client_secret <"$work/owner.json")" | json_field access_token)
call() {
  curl -sS --fail-with-body -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"
}
made() { call "$api/v1/$1" -d "$2" | json_field id; }
company=$(made organizations '{"name":"株式会社みほん"}')
sheet=$(made "organizations/$company/assessments" '{"question_bank":"self-check","edition":"4.0"}')
answers=$(seq 1 25 | sed 's/.*/{"question":&,"option":"partly_implemented"}/' | paste -sd, -)
call -X PUT "$api/v1/assessments/$sheet/answers" -H 'If-Match: *' -d "{\"answers\":[$answers]}" >/dev/null
call -X POST "$api/v1/assessments/$sheet/submit" -H 'If-Match: *' >/dev/null
call -X PUT "$api/v1/organizations/$company/risk-register" -d '{"edition":"4.0"}' >/dev/null
asset=$(made "organizations/$company/assets" '{"name":"社員名簿","medium":"office_pc",
  "confidentiality":3,"integrity":2,"availability":1}')
unit=$(made "organizations/$company/units" '{"name":"本社","kind":"site"}')
treatment=$(made "assets/$asset/treatments" '{"treatment":"reduce","title":"名簿を暗号化する"}')
snapshot=$(made "organizations/$company/risk-snapshots" '{"label":"年度末"}')
consent=$(made "organizations/$company/consents" '{"purpose":"attestation","given_by":"代表取締役 見本 太郎"}')
declaration=$(made "organizations/$company/declarations" \
  '{"state":"declared","on":"2026-03-10","terms":{"stars":1,"declaration_id":"49999999901"}}')
ids=$(printf '"%s":"%s",' organizations "$company" assessments "$sheet" assets "$asset" units "$unit" \
  treatments "$treatment" risk-snapshots "$snapshot" consents "$consent" declarations "$declaration")

"$python" .ci/judge-mcp.py "$bin" "$work/openapi.json" "$work/owner.json" "$work/stranger.json" "{${ids%,}}" \
  2>"$work/assistant.log" || { tail -n 20 "$work/assistant.log"; exit 1; }
