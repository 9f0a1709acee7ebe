#!/usr/bin/env bash
# Judges the running service, on one engine, against its OpenAPI document by schemathesis; or of a sandbox what only it
# has.
#   .ci/judge-server.sh SQLITE|POSTGRES|SANDBOX [SECONDS]
# The release binary must be built (another one: MAMORI_BIN). A log and a report stay in target/judge-ENGINE/.
# Arguments for the tester may follow in MAMORI_JUDGE_ARGS, such as: --include-path-regex assessments
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
. .ci/lib.sh

engine=$(printf '%s' "${1:-}" | tr '[:upper:]' '[:lower:]')
seconds=${2:-${MAMORI_JUDGE_SECONDS:-150}}
case $engine in sqlite | postgres | sandbox) ;; *) die "usage: .ci/judge-server.sh SQLITE|POSTGRES|SANDBOX [SECONDS]" ;; esac

target=${CARGO_TARGET_DIR:-$root/target}
bin=${MAMORI_BIN:-$target/release/mamori}
[ -x "$bin" ] || die "there is no $bin; build it by: cargo build --release --locked"
venv=$target/ci-venv
tester=$venv/bin/schemathesis
if [ ! -x "$tester" ] || ! cmp -s openapi/requirements.txt "$venv/requirements.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement openapi/requirements.txt
  cp openapi/requirements.txt "$venv/requirements.txt"
fi

out=$target/judge-$engine
rm -rf "$out"
mkdir -p "$out"
work=$(mktemp -d "${TMPDIR:-/tmp}/mamori-judge.XXXXXX")
chmod 711 "$work"
server=
cluster=

# PostgreSQL refuses to run as root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then (cd "$work" && runuser -u postgres -- "$@"); else "$@"; fi
}

# shellcheck disable=SC2317  # called by the trap
finish() {
  status=$?
  trap - EXIT INT TERM
  if [ -n "$server" ]; then stop_process "$server" 5 || true; fi
  if [ -n "$cluster" ]; then as_postgres "$pgbin/pg_ctl" -D "$cluster" -m immediate -w stop >/dev/null 2>&1 || true; fi
  if [ "$status" != 0 ]; then
    say "--- what the server's log has of warnings and errors ($out/server.log)"
    grep -E '"level":"(WARN|ERROR)"|panicked' "$out/server.log" 2>/dev/null | tail -n 30 || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# --- a database of its own ---
if [ "$engine" = postgres ]; then
  initdb=$(find_initdb) || die "PostgreSQL is not installed (initdb not found)"
  pgbin=$(dirname "$(readlink -f "$initdb")")
  cluster=$work/cluster
  mkdir "$cluster"
  [ "$(id -u)" != 0 ] || chown postgres "$cluster"
  as_postgres "$pgbin/initdb" -D "$cluster" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$out/postgres.log"
  pgport=$(free_port)
  as_postgres "$pgbin/pg_ctl" -D "$cluster" -l "$cluster/log" -w start >/dev/null \
    -o "-p $pgport -c listen_addresses=127.0.0.1 -c unix_socket_directories=$cluster -c fsync=off -c max_connections=50"
  as_postgres "$pgbin/createdb" -h 127.0.0.1 -p "$pgport" -U postgres mamori
  export MAMORI_DATABASE_URL=postgres://postgres@127.0.0.1:$pgport/mamori
elif [ "$engine" = sqlite ]; then
  export MAMORI_DATABASE_URL=sqlite:$work/mamori.db
fi

# --- the service ---
port=$(free_port)
api=http://127.0.0.1:$port
# The tester asks more than any client may.
export MAMORI_RATE_ANONYMOUS=1000000 MAMORI_RATE_FAILURES=1000000
export MAMORI_LISTEN=127.0.0.1:$port MAMORI_PUBLIC_URL=$api MAMORI_LOG_FORMAT=json
sandbox=()
if [ "$engine" = sandbox ]; then
  # It has a database and a key of its own in its folder.
  unset MAMORI_DATABASE_URL MAMORI_ROOT_KEY_FILE
  sandbox=(--sandbox)
else
  export MAMORI_ROOT_KEY_FILE=$work/root.key
fi
if [ "$engine" = postgres ]; then
  # On PostgreSQL every node is given the same key; on SQLite the first start makes it.
  (umask 077 && python3 -c 'import secrets; print(secrets.token_hex(32))' >"$MAMORI_ROOT_KEY_FILE")
fi
(cd "$work" && exec "$bin" serve "${sandbox[@]}") >"$out/server.log" 2>&1 </dev/null &
server=$!
wait_ready "$api/readyz" "$server" 30 || die "the service did not get ready"

# --- two clients that must not see each other's data, and a token for each ---
authenticate() { # leaves a token of the client $id with the secret $secret in $token
  token=$(curl -sS --fail-with-body -u "$id:$secret" -d grant_type=client_credentials "$api/oauth/token" | json_field access_token)
}
client() { # client NAME [--admin]: adds it, leaves its id and secret in $id and $secret, its token in $token
  local added
  added=$(cd "$work" && "$bin" client add --name "$@" --rate-limit 1000000 --json)
  id=$(json_field client_id <<<"$added")
  secret=$(json_field client_secret <<<"$added")
  authenticate
}
made() { # made NAME: the same of a client that every sandbox has
  case $1 in portal) id=00000000-0000-7000-8000-000000000001 ;; centre) id=00000000-0000-7000-8000-000000000002 ;; esac
  secret=mamori_sandbox_secret_$1
  authenticate
}
# Every administrator sees every client, so the stranger is none.
if [ "$engine" = sandbox ]; then
  # A reset puts the clock back to its start, before which a token must not have been issued: so they are got right
  # after one, in the clock's first second.
  made portal
  curl -sS --fail-with-body -o "$work/reset" -X POST -H "Authorization: Bearer $token" "$api/sandbox/reset"
  made centre
else
  client stranger
fi
stranger_token=$token
export MAMORI_JUDGE_STRANGER_ID=$id
if [ "$engine" = sandbox ]; then made portal; else client schemathesis --admin; fi
export MAMORI_JUDGE_CLIENT_ID=$id MAMORI_JUDGE_CLIENT_SECRET=$secret
export MAMORI_JUDGE_AUTH=$work/auth.json
(umask 077 && cat >"$MAMORI_JUDGE_AUTH" <<JSON
{"auth": [
  {"name": "owner",    "fixedHeaders": [{"name": "Authorization", "value": "Bearer $token"}]},
  {"name": "stranger", "fixedHeaders": [{"name": "Authorization", "value": "Bearer $stranger_token"}]}
]}
JSON
)

# --- the judge ---
phases=examples,coverage,fuzzing,stateful
if [ "$engine" = sandbox ]; then
  # No call on its clock leads to another, so that there are no chains.
  phases=examples,coverage,fuzzing
  MAMORI_JUDGE_ARGS="--include-path-regex ^/sandbox/ ${MAMORI_JUDGE_ARGS:-}"
fi
# Its events go through a pipe to be counted; kept, they would be hundreds of megabytes.
mkfifo "$work/events"
"$venv/bin/python" .ci/judge-checks.py <"$work/events" >"$out/checks.json" &
counter=$!
status=0
# shellcheck disable=SC2086  # several arguments are meant
PYTHONDONTWRITEBYTECODE=1 "$tester" --config-file openapi/schemathesis.toml --no-color run openapi/openapi.json \
  --url "$api" --checks all --mode all --phases "$phases" --max-time "$seconds" \
  --report json,ndjson --report-json-path "$out/report.json" --report-ndjson-path "$work/events" \
  ${MAMORI_JUDGE_ARGS:-} </dev/null || status=$?
# A tester that did not begin has opened no pipe.
[ -s "$out/report.json" ] || kill "$counter" 2>/dev/null || true
wait "$counter" || { say "the tester's checks were not counted"; status=1; }

if [ "$engine" = sandbox ] &&
  ! curl -sS --fail-with-body -o "$work/reset" -X POST -H "Authorization: Bearer $token" "$api/sandbox/reset"; then
  say "the tester's token was not good to the end, so that most was answered 401"
  status=1
fi
kill -0 "$server" 2>/dev/null || { say "the service died during the test"; status=1; }
if grep -n 'panicked at' "$out/server.log"; then
  say "the service panicked"
  status=1
fi
stop_process "$server" 15 || { say "the service did not end within 15 s of SIGTERM"; status=1; }
wait "$server" || { say "the service ended with status $? on SIGTERM"; status=1; }
server=

python3 .ci/judge-summary.py "$engine" "$out/report.json" "$out/checks.json" "$status" "$phases" || status=1
exit "$status"
