#!/usr/bin/env bash
# The first ten minutes of a new user, and the main job by curl, in Japanese and then in English.
#   .ci/quick-start.sh [REPOSITORY]
# Clones the repository (this one unless told otherwise) at its HEAD and goes on as README says.
# What is built goes to CARGO_TARGET_DIR if that is set, so that nothing is built twice.
# Every answer is checked; anything unexpected ends the script with an error.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/lib.sh

repository=$(cd "${1:-.}" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/mamori-quick-start.XXXXXX")
server=
# shellcheck disable=SC2317  # called by the trap
finish() {
  status=$?
  trap - EXIT INT TERM
  if [ -n "$server" ]; then stop_process "$server" 5 || true; fi
  if [ "$status" != 0 ]; then
    say "--- last lines of the server's output"
    tail -n 40 "$work/server.log" 2>/dev/null || true
    say "quick start: FAILED"
  fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# ---------------------------------------------------------------------------------------------
# Helpers: one step of the transcript, and the checks on its answer.

# step STATUS TITLE curl …: runs the call, prints it and its answer, and checks the status.
# What came back is in $work/headers and $work/body.
step() {
  local want=$1 title=$2 got
  shift 2
  printf '\n--- %s\n' "$title"
  python3 - "$@" <<'PY'
import os, shlex, sys
line = "$"
for argument in sys.argv[1:]:
    for name in ("token", "client_secret"):  # secrets stay out of the transcript
        if os.environ.get(name):
            argument = argument.replace(os.environ[name], "…")
    line += " \\\n    " if argument in ("-H", "-d", "-u") else " "
    quote = "'" not in argument and any(c in argument for c in ' "{}&;*?')
    line += f"'{argument}'" if quote else argument if argument.isascii() is False else shlex.quote(argument)
print(line)
PY
  rm -f "$work/headers" "$work/body"
  got=$("$@" --silent --show-error --max-time 30 --dump-header "$work/headers" --output "$work/body" --write-out '%{http_code}')
  python3 - "$work" "$got" <<'PY'
import json, os, pathlib, sys
work, status = pathlib.Path(sys.argv[1]), sys.argv[2]
body = (work / "body").read_text(encoding="utf-8") if (work / "body").exists() else ""
for name in ("token", "client_secret"):
    if os.environ.get(name):
        body = body.replace(os.environ[name], "…")
try:
    parsed = json.loads(body)
    if "access_token" in parsed:
        parsed["access_token"] = "…"
    body = json.dumps(parsed, ensure_ascii=False)
except ValueError:
    pass
shown = body if len(body) <= 700 else f"{body[:700]}… ({len(body)} characters)"
wanted = ("etag", "location", "content-language")
headers = [h.strip() for h in (work / "headers").read_text(encoding="latin-1").splitlines()
           if h.partition(":")[0].lower() in wanted]
print("  ".join([status, *headers]))
print(shown)
PY
  [ "$got" = "$want" ] || die "$title: status $got, expected $want"
}

# check EXPRESSION…: each must be true of `body` (parsed JSON), `text` and `headers` (lower-case names).
check() {
  python3 - "$work" "$@" <<'PY'
import json, pathlib, sys
work = pathlib.Path(sys.argv[1])
text = (work / "body").read_text(encoding="utf-8")
headers = {}
for line in (work / "headers").read_text(encoding="latin-1").splitlines():
    name, colon, value = line.partition(":")
    if colon:
        headers[name.strip().lower()] = value.strip()
try:
    body = json.loads(text)
except ValueError:
    body = None
for expression in sys.argv[2:]:
    try:
        good = eval(expression, {"body": body, "text": text, "headers": headers})
    except Exception as fault:
        sys.exit(f"error: not so: {expression} ({type(fault).__name__}: {fault})")
    if not good:
        sys.exit(f"error: not so: {expression}")
PY
}

field() { json_field "$1" <"$work/body"; }
header() { sed -n "s/^$1: *\([^\r]*\)\r*$/\1/Ip" "$work/headers" | tail -n 1; }

# answers 1 12 implemented: a JSON list of answers to the questions 1 to 12
answers() {
  python3 -c 'import json, sys; first, last, option = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
print(json.dumps([{"question": n, "option": option} for n in range(first, last + 1)]))' "$@"
}

# ---------------------------------------------------------------------------------------------
# 1. Get it and start it.

say "--- Get the source and start the service"
say "\$ git clone $(basename "$repository") mamori && cd mamori"
started=$SECONDS
serve_clone "$repository"
say "ready after $((SECONDS - started)) s"

first=$work/mamori/mamori-data/first-client.json
[ -f "$first" ] || die "there is no mamori-data/first-client.json"
[ "$(stat -c %a "$first")" = 600 ] || die "mamori-data/first-client.json can be read by others"
client_id=$(json_field client_id <"$first")
client_secret=$(json_field client_secret <"$first")
export client_secret
if grep -qF "$client_secret" "$work/server.log"; then die "the first client's secret is in the log"; fi

# ---------------------------------------------------------------------------------------------
# 2. README's own block, as it stands but for the port.

printf '\n--- README, the first ten minutes\n'
# The block behind the mark, and those that go on from it.
readme_blocks "$work/mamori/README.md" "quick start" | sed "s#^api=.*#api=$api#" >"$work/readme.sh"
grep -q "^api=$api\$" "$work/readme.sh" || die "README.md has no quick start block"
(cd "$work/mamori" && bash -eu "$work/readme.sh") >"$work/readme.out" || die "README's block failed"
cut -c 1-400 "$work/readme.out"
# 12 × 4 + 13 × 2 = 74
grep -q '"total":74,' "$work/readme.out" || die "README's block shows no result of 74 points"
grep -q '"state":"submitted"' "$work/readme.out" || die "README's block did not submit"
# Importance 3; a threat of 3 and controls that were never answered.
grep -qF '"formula":"3 × max(1, 3 + 3 − 3) = 9"' "$work/readme.out" || die "README's block explains no risk"
grep -q '"residual":{"importance":3,"likelihood":1,"value":3,"class":"low"}' "$work/readme.out" ||
  die "README's block treats no risk"

grep -q '"accepted":"yes"' "$work/readme.out" || die "README's block checks no declaration"
grep -q '"under_reported_rule":"no"' "$work/readme.out" || die "README's block asks no programme"
grep -q '★★ 二つ星を宣言' "$work/readme.out" || die "README's block shows no attestation"
grep -q '"term":"acquired"' "$work/readme.out" || die "README's block finds no wrong wording"

# ---------------------------------------------------------------------------------------------
# 3. The main job: from a token to a result and its history.

token=
main_job() {
  local language=$1 name=$2 organization assessment etag stale problem

  step 200 "[$language] A token for the first client" \
    curl -X POST "$api/oauth/token" -u "$client_id:$client_secret" -d grant_type=client_credentials
  check 'body["token_type"] == "Bearer"' '0 < body["expires_in"] <= 3600'
  token=$(field access_token)
  export token

  step 200 "[$language] The 25 questions of edition 4.0; no token needed" \
    curl "$api/v1/question-banks/self-check/editions/4.0" -H "Accept-Language: $language"
  check 'len(body["questions"]) == 25' "headers['content-language'] == '$language'" '"etag" in headers' \
    "any('\u3041' <= letter <= '\u30f6' for letter in str(body['questions'])) == ('$language' == 'ja')"

  step 201 "[$language] Register an organization" \
    curl -X POST "$api/v1/organizations" \
    -H "Authorization: Bearer $token" \
    -H "Content-Type: application/json" \
    -H "Idempotency-Key: quick-start-$language-organization" \
    -d "{\"name\": \"$name\", \"external_id\": \"quick-start-$language\"}"
  check "body['name'] == '$name'" 'headers["location"].endswith(body["id"])' '"etag" in headers'
  organization=$(field id)

  step 201 "[$language] Begin a self-check" \
    curl -X POST "$api/v1/organizations/$organization/assessments" \
    -H "Authorization: Bearer $token" \
    -H "Content-Type: application/json" \
    -H "Idempotency-Key: quick-start-$language-assessment" \
    -d '{"question_bank": "self-check", "edition": "4.0"}'
  check 'body["state"] == "draft"' 'headers["location"].endswith(body["id"])'
  assessment=$(field id)
  etag=$(header ETag)

  step 200 "[$language] Answer questions 1 to 12" \
    curl -X PATCH "$api/v1/assessments/$assessment/answers" \
    -H "Authorization: Bearer $token" \
    -H "Content-Type: application/json" \
    -H "If-Match: $etag" \
    -d "{\"answers\": $(answers 1 12 implemented)}"
  stale=$etag
  etag=$(header ETag)
  [ "$etag" != "$stale" ] || die "the ETag did not change"

  step 200 "[$language] Answer the other questions in a second sitting; the last is not known" \
    curl -X PATCH "$api/v1/assessments/$assessment/answers" \
    -H "Authorization: Bearer $token" \
    -H "Content-Type: application/json" \
    -H "If-Match: $etag" \
    -d "{\"answers\": $(answers 13 24 partly_implemented | sed 's/]$//'), $(answers 25 25 unknown | sed 's/^\[//')}"
  etag=$(header ETag)

  step 412 "[$language] Somebody else's stale copy can't overwrite them" \
    curl -X PATCH "$api/v1/assessments/$assessment/answers" \
    -H "Authorization: Bearer $token" \
    -H "Content-Type: application/json" \
    -H "Accept-Language: $language" \
    -H "If-Match: $stale" \
    -d "{\"answers\": $(answers 1 1 not_implemented)}"
  check 'headers["content-type"].startswith("application/problem+json")' 'body["status"] == 412'

  step 422 "[$language] A mistake is pointed out in the caller's language" \
    curl -X PATCH "$api/v1/assessments/$assessment/answers" \
    -H "Authorization: Bearer $token" \
    -H "Content-Type: application/json" \
    -H "Accept-Language: $language" \
    -H "If-Match: $etag" \
    -d '{"answers": [{"question": 1, "option": "perhaps"}]}'
  check 'headers["content-type"].startswith("application/problem+json")' "headers['content-language'] == '$language'" \
    'body["type"].startswith("/problems/")' 'body["status"] == 422' 'body["trace_id"]' \
    'body["errors"][0]["pointer"] == "/answers/0/option"' \
    "any('\u3041' <= letter <= '\u30f6' for letter in body['title'] + body['detail']) == ('$language' == 'ja')"
  problem=$(field type)

  step 200 "[$language] What that kind of problem means" \
    curl "$api$problem" -H "Accept-Language: $language"

  step 200 "[$language] Submit" \
    curl -X POST "$api/v1/assessments/$assessment/submit" \
    -H "Authorization: Bearer $token" \
    -H "If-Match: $etag" \
    -H "Idempotency-Key: quick-start-$language-submit"
  check 'body["state"] == "submitted"'
  cp "$work/body" "$work/submitted"

  step 200 "[$language] The answer got lost? Send it again: nothing happens twice" \
    curl -X POST "$api/v1/assessments/$assessment/submit" \
    -H "Authorization: Bearer $token" \
    -H "If-Match: $etag" \
    -H "Idempotency-Key: quick-start-$language-submit"
  cmp -s "$work/body" "$work/submitted" || die "the replay differs from the first answer"

  # 12 × 4 + 12 × 2 − 1 = 71
  step 200 "[$language] The result" \
    curl "$api/v1/assessments/$assessment/result" -H "Authorization: Bearer $token" -H "Accept-Language: $language"
  check 'body["total"] == 71' 'body["minimum"] == -25' 'body["maximum"] == 100' 'body["band"]["code"] == "partly_lacking"' \
    '25 in [entry if isinstance(entry, int) else entry["question"] for entry in body["unknown"]]' \
    'len(body["next_actions"]) > 0' "headers['content-language'] == '$language'" \
    "any('\u3041' <= letter <= '\u30f6' for letter in body['band']['next_step']) == ('$language' == 'ja')"

  step 200 "[$language] The organization's history" \
    curl "$api/v1/organizations/$organization/history?question_bank=self-check" -H "Authorization: Bearer $token"
  check 'len(body["items"]) == 1' "'$assessment' in text" '"71" in text'
}

main_job ja '株式会社まもり製作所'
main_job en 'Mamori Works, Ltd.'

# ---------------------------------------------------------------------------------------------
# 4. Stop it.

printf '\n--- Stop the service\n'
stop_process "$server" 15 || die "the service did not end within 15 s"
ended=0
wait "$server" || ended=$?
server=
[ "$ended" = 0 ] || die "the service ended with status $ended"
say "quick start: passed in $((SECONDS - started)) s, ja and en"
