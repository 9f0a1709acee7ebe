#!/usr/bin/env bash
# The life of a declaration, and an attestation verified by other libraries, through the release binary
# (`.ci/security-action.py`).
#   .ci/security-action.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
. .ci/lib.sh

target=${CARGO_TARGET_DIR:-$root/target}
bin=${MAMORI_BIN:-$target/release/mamori}
[ -x "$bin" ] || die "there is no $bin; build it by: cargo build --release --locked"
venv=$target/attestation-venv
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import jwt, cryptography' 2>/dev/null; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "pyjwt==2.15.1" "cryptography==50.0.2" "cffi==2.1.1" "pycparser==3.12"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/mamori-attestation.XXXXXX")
server=
# shellcheck disable=SC2317  # called by the trap
finish() {
  status=$?
  trap - EXIT INT TERM
  if [ -n "$server" ]; then stop_process "$server" 5 || true; fi
  [ "$status" = 0 ] || tail -n 20 "$work/server.log" 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

port=$(free_port)
export MAMORI_LISTEN=127.0.0.1:$port MAMORI_DATABASE_URL=sqlite:$work/mamori.db MAMORI_ROOT_KEY_FILE=$work/root.key
(cd "$work" && exec "$bin" serve) >"$work/server.log" 2>&1 </dev/null &
server=$!
wait_ready "http://$MAMORI_LISTEN/readyz" "$server" 30 || die "the service did not get ready"
added=$(cd "$work" && "$bin" client add --name attestation --json)
token=$(curl -sS --fail-with-body -u "$(json_field client_id <<<"$added"):$(json_field client_secret <<<"$added")" \
  -d grant_type=client_credentials "http://$MAMORI_LISTEN/oauth/token" | json_field access_token)
[ -d openapi/node_modules/jose ] || npm --prefix openapi ci --ignore-scripts --no-audit --no-fund --loglevel=error
"$venv/bin/python" .ci/security-action.py "http://$MAMORI_LISTEN" "$token" "$root"
