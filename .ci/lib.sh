# Small helpers shared by the scripts beside this file; sourced, never run.
# shellcheck shell=bash

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# A TCP port of 127.0.0.1 that nobody listens on.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Where PostgreSQL's initdb is; Debian keeps it out of PATH.
find_initdb() {
  command -v initdb && return
  local found
  for found in /usr/lib/postgresql/*/bin/initdb; do :; done
  [ -x "$found" ] && printf '%s\n' "$found"
}

# A field of the JSON object on standard input: json_field client_id < file
json_field() {
  python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}

# Waits until $1 answers 200, at most $3 seconds, as long as the process $2 lives.
wait_ready() {
  local url=$1 pid=$2 seconds=$3 end
  end=$((SECONDS + seconds))
  until [ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 2 "$url")" = 200 ]; do
    kill -0 "$pid" 2>/dev/null || { say "the server ended before $url answered" >&2; return 1; }
    [ "$SECONDS" -lt "$end" ] || { say "$url did not answer 200 within $seconds s" >&2; return 1; }
    sleep 0.2
  done
}

# Asks process $1 to end and waits $2 seconds; kills it and fails if it doesn't.
stop_process() {
  local pid=$1 seconds=$2 end
  kill -TERM "$pid" 2>/dev/null || return 0
  end=$((SECONDS + seconds))
  while kill -0 "$pid" 2>/dev/null; do
    if [ "$SECONDS" -ge "$end" ]; then
      kill -KILL "$pid" 2>/dev/null
      return 1
    fi
    sleep 0.1
  done
}

# A Python of its own at target/$1-venv that can import $2; else the packages that follow are installed, and only they.
python_with() {
  local venv=${CARGO_TARGET_DIR:-$PWD/target}/$1-venv imports=$2
  shift 2
  python=$venv/bin/python
  if [ ! -x "$python" ] || ! "$python" -c "import $imports" 2>/dev/null; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps "$@"
  fi
}

# The tools of openapi/package.json, silent: installed once, and again when the lock file is newer.
node_tools() {
  export SPECTRAL_TELEMETRY=0 REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true OPTIC_TELEMETRY_LEVEL=off
  export DO_NOT_TRACK=1 NODE_NO_WARNINGS=1 LC_ALL=C.UTF-8
  bin=openapi/node_modules/.bin
  if [ ! -x $bin/spectral ] || [ openapi/package-lock.json -nt openapi/node_modules/.package-lock.json ]; then
    npm --prefix openapi ci --ignore-scripts --no-audit --no-fund --loglevel=error
  fi
}

# shellcheck disable=SC2317  # called by the trap of serve_release
end_release() {
  local status=$?
  trap - EXIT INT TERM
  if [ -n "$server" ]; then stop_process "$server" 5 || true; fi
  [ "$status" = 0 ] || tail -n 20 "$work/server.log" 2>/dev/null || true
  rm -rf "$work"
  exit "$status"
}

# Serves the release binary (another one: MAMORI_BIN) on SQLite, in a folder of its own that goes with the script. Sets
# work, api, and token: that of a client with this name.
serve_release() {
  local name=$1 bin=${MAMORI_BIN:-${CARGO_TARGET_DIR:-$PWD/target}/release/mamori} added
  [ -x "$bin" ] || die "there is no $bin; build it by: cargo build --release --locked"
  work=$(mktemp -d "${TMPDIR:-/tmp}/mamori-$name.XXXXXX")
  server=
  trap end_release EXIT
  trap 'exit 130' INT TERM
  MAMORI_LISTEN=127.0.0.1:$(free_port)
  export MAMORI_LISTEN MAMORI_DATABASE_URL=sqlite:$work/mamori.db MAMORI_ROOT_KEY_FILE=$work/root.key
  api=http://$MAMORI_LISTEN
  (cd "$work" && exec "$bin" serve) >"$work/server.log" 2>&1 </dev/null &
  server=$!
  wait_ready "$api/readyz" "$server" 30 || die "the service did not get ready"
  added=$(cd "$work" && "$bin" client add --name "$name" --json)
  token=$(curl -sS --fail-with-body -u "$(json_field client_id <<<"$added"):$(json_field client_secret <<<"$added")" \
    -d grant_type=client_credentials "$api/oauth/token" | json_field access_token)
}

# The code blocks of the file $1 that stand behind a comment beginning with `<!-- $2`, in order.
readme_blocks() {
  awk -v mark="<!-- $2" '
    index($0, mark) == 1 { wanted = 1; next }
    inside && /^```$/ { inside = 0; wanted = 0; next }
    inside { print; found = 1 }
    wanted && /^```[a-z]+$/ { inside = 1 }
    END { exit !found }
  ' "$1" || die "$1 has no block behind <!-- $2"
}

# Clones the repository $1 at its HEAD into $work/mamori, and starts it there as its README says: on default settings
# but for the port, since 8080 may be taken. Sets server and api. What is built goes to CARGO_TARGET_DIR if that is set.
serve_clone() {
  local repository=$1 file port
  git clone --quiet --no-hardlinks "$repository" "$work/mamori"
  grep -q 'cargo run --release -- serve' "$work/mamori/README.md" || die "README.md does not name: cargo run --release -- serve"
  # A file that is the same as where it was cloned from keeps its time, so that cargo knows it as built.
  if [ -n "${CARGO_TARGET_DIR:-}" ]; then
    git -C "$work/mamori" ls-files -z | while IFS= read -r -d '' file; do
      if cmp -s "$repository/$file" "$work/mamori/$file"; then touch -r "$repository/$file" "$work/mamori/$file"; fi
    done
  fi
  port=$(free_port)
  api=http://127.0.0.1:$port
  say "\$ MAMORI_LISTEN=127.0.0.1:$port cargo run --release -- serve"
  (
    cd "$work/mamori"
    unset MAMORI_DATABASE_URL MAMORI_PUBLIC_URL MAMORI_ROOT_KEY_FILE MAMORI_LOG MAMORI_LOG_FORMAT
    export MAMORI_LISTEN=127.0.0.1:$port
    exec cargo run --release --locked -- serve
  ) >"$work/server.log" 2>&1 </dev/null &
  server=$!
  wait_ready "$api/readyz" "$server" "${MAMORI_QUICK_START_SECONDS:-900}" || die "the service did not start"
}
