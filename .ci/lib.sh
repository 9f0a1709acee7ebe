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
