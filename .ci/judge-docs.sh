#!/usr/bin/env bash
# Judges the pages of /docs in a real browser: that they work offline and under their policies, and what each is for.
#   .ci/judge-docs.sh
# The release binary must be built (another one: MAMORI_BIN). Logs, and screenshots on failure, stay in
# target/judge-docs/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
. .ci/lib.sh

target=${CARGO_TARGET_DIR:-$root/target}
bin=$(realpath -m "${MAMORI_BIN:-$target/release/mamori}")
[ -x "$bin" ] || die "there is no $bin; build it by: cargo build --release --locked"
command -v chromium >/dev/null || die "chromium is not installed"
command -v chromedriver >/dev/null || die "chromedriver is not installed (Debian: chromium-driver)"

out=$target/judge-docs
rm -rf "$out"
mkdir -p "$out"
work=$(mktemp -d "${TMPDIR:-/tmp}/mamori-docs.XXXXXX")
server=
driver=

# The driver and the browsers it started: they are a process group of their own.
stop_driver() {
  stop_process "$driver" 5 || true
  kill -KILL -- "-$driver" 2>/dev/null || true
  driver=
}

# shellcheck disable=SC2317  # called by the trap
finish() {
  status=$?
  trap - EXIT INT TERM
  if [ -n "$driver" ]; then stop_driver; fi
  if [ -n "$server" ]; then stop_process "$server" 5 || true; fi
  if [ "$status" != 0 ]; then
    say "--- last lines of the server's log ($out/server.log)"
    tail -n 30 "$out/server.log" 2>/dev/null || true
    say "--- last lines of the driver's log ($out/driver.log)"
    tail -n 10 "$out/driver.log" 2>/dev/null || true
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# --- the service, on a database of its own ---
port=$(free_port)
api=http://127.0.0.1:$port
export MAMORI_DATABASE_URL=sqlite:$work/data/mamori.db MAMORI_ROOT_KEY_FILE=$work/data/root.key
export MAMORI_LISTEN=127.0.0.1:$port MAMORI_PUBLIC_URL=$api MAMORI_LOG_FORMAT=json
(umask 077 && mkdir "$work/data")
(cd "$work" && exec "$bin" serve) >"$out/server.log" 2>&1 </dev/null &
server=$!
wait_ready "$api/readyz" "$server" 60 || die "the service did not get ready"
first=$work/data/first-client.json
[ -f "$first" ] || die "there is no first-client.json"

# --- the browser's driver; at its default level its log has nothing that is typed ---
driver_port=$(free_port)
TMPDIR=$work setsid chromedriver --port="$driver_port" >"$out/driver.log" 2>&1 </dev/null &
driver=$!
wait_ready "http://127.0.0.1:$driver_port/status" "$driver" 60 || die "chromedriver did not get ready"

# --- the judge ---
status=0
PYTHONDONTWRITEBYTECODE=1 python3 .ci/judge-docs.py "$api" "http://127.0.0.1:$driver_port" "$first" "$work" "$out" || status=$?
stop_driver

if grep -qF "$(json_field client_secret <"$first")" "$out"/*.log; then
  say "the client's secret is in a log"
  status=1
fi
if grep -n 'panicked at' "$out/server.log"; then
  say "the service panicked"
  status=1
fi
kill -0 "$server" 2>/dev/null || { say "the service died during the test"; status=1; }
exit "$status"
