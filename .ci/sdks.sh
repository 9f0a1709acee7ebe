#!/usr/bin/env bash
# SDKs made of the OpenAPI document by other people's generators, strictly type-checked, compiled, and run against the
# release binary: each language's scenario, and its example in README (Java's and Rust's in openapi/sdks/README.md).
#   .ci/sdks.sh [LANGUAGE…]          typescript, python, java, rust; all unless told otherwise
# Each runs as a reader would have it: a copy of openapi/sdks/LANGUAGE with the generated client beside it, in
# target/sdks/LANGUAGE. Another binary: MAMORI_BIN; another folder of openapi.json and openapi-3.0.json: MAMORI_OPENAPI.
set -euo pipefail
export LC_ALL=C.UTF-8 DO_NOT_TRACK=1
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/lib.sh

target=${CARGO_TARGET_DIR:-$PWD/target}
target=$(mkdir -p "$target" && cd "$target" && pwd)
documents=$(cd "${MAMORI_OPENAPI:-openapi}" && pwd)
root=$PWD
[ $# -gt 0 ] || set -- typescript python java rust
for language; do [ -d "openapi/sdks/$language" ] || die "there is no openapi/sdks/$language"; done
wanted=" $* "

# ---------------------------------------------------------------------------------------------
# What every language needs.

# Debian's packages $2… if the file or command $1 is missing.
need() {
  local there=$1
  shift
  if ! command -v "$there" >/dev/null && ! [ -e "$there" ]; then missing+=("$@"); fi
}

install_missing() {
  local missing=()
  case $wanted in *" typescript "* | *" python "*) need node nodejs && need npm npm ;; esac
  case $wanted in *" python "* | *" java "*)
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    ;;
  esac
  case $wanted in *" java "*)
    need javac default-jdk-headless
    need "$annotations" libjakarta-annotation-api-java
    need "$mime" libhttpmime-java
    ;;
  esac
  if [ ${#missing[@]} -gt 0 ]; then
    [ "$(id -u)" = 0 ] || die "please install: ${missing[*]}"
    say "installing: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  fi
}

# A copy of the files $3… of openapi/sdks/$1, and its example in README or in openapi/sdks/README.md as $2, in a folder
# to go on in. What was installed there before stays.
project() {
  local language=$1 example=$2 project=$target/sdks/$1 page=README.md
  shift 2
  mkdir -p "$(dirname "$project/$example")"
  (cd "openapi/sdks/$language" && cp "$@" "$project/")
  grep -qF "<!-- sdk $language: $example" README.md || page=openapi/sdks/README.md
  readme_blocks "$page" "sdk $language: $example" >"$project/$example"
  cd "$project"
}

# Whether what is installed in the folder $2 is not of the list $1; and the note that it now is.
stale() { ! cmp -s "$1" "$2/.made-of"; }
made() { cp "$1" "$2/.made-of"; }

venv() {
  if stale requirements.txt .venv; then
    python3 -m venv --clear .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement requirements.txt
    made requirements.txt .venv
  fi
}

# timed NAME COMMAND…: runs it and sets NAME to its seconds.
timed() {
  local name=$1 began=$EPOCHREALTIME
  shift
  "$@"
  printf -v "$name" %s "$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')"
}

# both COMMAND…: runs the scenario and README's example, each as a client of its own, and looks at what they print.
both() {
  local output
  output=$("$@" scenario) || die "the scenario failed"
  say "  $output"
  [[ $output == "74 points, partly_lacking; 2 assets; /problems/"*": "* ]] || die "the scenario prints something else"
  output=$("$@" score) || die "README's example failed"
  say "  $output"
  # 25 × 4
  [[ $output == "100 "?* ]] || die "README's example prints no score of 100"
}

# ---------------------------------------------------------------------------------------------
# A language each: its files, the lines of glue that it may have and why, `install`, `generate`, `check` (types,
# compile), `run`, and the number of operations.

typescript_files="openapi-ts.config.ts package-lock.json package.json scenario.ts tsconfig.json tsconfig.mamori.json"
typescript_glue=0
typescript_example=score.ts
typescript_install() {
  stale package-lock.json node_modules || return 0
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  made package-lock.json node_modules
}
typescript_version() { say "@hey-api/openapi-ts $(node -p 'require("@hey-api/openapi-ts/package.json").version')"; }
typescript_generate() {
  rm -rf mamori dist
  npx --no-install openapi-ts -i "$documents/openapi.json" >generate.log 2>&1 || { cat generate.log && die "the generator failed"; }
  if grep -iE 'warn|error' generate.log; then die "the generator warned"; fi
}
typescript_check() { npx --no-install tsc --build; }
typescript_run() { node "dist/$1.js"; }
typescript_operations() { grep -c '^    public static ' mamori/sdk.gen.ts; }

python_files="config.yml pyrightconfig.json requirements.txt scenario.py"
python_glue=0
python_example=score.py
python_install() { venv; }
python_version() { .venv/bin/openapi-python-client --version | sed 's/ version://'; }
python_generate() {
  rm -rf mamori_client
  .venv/bin/openapi-python-client generate --config config.yml --path "$documents/openapi.json" --meta none \
    --output-path mamori_client --fail-on-warning >generate.log 2>&1 || { cat generate.log && die "the generator failed"; }
}
python_check() {
  .venv/bin/python -m compileall -q mamori_client ./*.py
  .venv/bin/pyright --warnings
}
python_run() { .venv/bin/python "$1.py"; }
python_operations() { find mamori_client/api -name '*.py' ! -name '__init__.py' | wc -l; }

java_files="Scenario.java config.yml requirements.txt"
java_glue=0
java_example=Score.java
annotations=/usr/share/java/jakarta-annotation-api.jar
mime=/usr/share/java/httpmime.jar
java_install() { venv; }
java_version() { say "openapi-generator-cli $(.venv/bin/openapi-generator-cli version)"; }
java_generate() {
  rm -rf mamori-client classes
  .venv/bin/openapi-generator-cli generate -g java -c config.yml -i "$documents/openapi.json" -o mamori-client \
    >generate.log 2>&1 || { cat generate.log && die "the generator failed"; }
  # What it says of its own support for 3.1; of examples, of which it makes nothing; and of parameters whose names
  # are words of Java, which it then names otherwise.
  if grep -E 'WARN|ERROR' generate.log | grep -vE \
    'OpenAPI 3\.1 support is still in beta|Ignoring complex example|\(reserved word\) cannot be used as model name'; then
    die "the generator warned"
  fi
}
java_check() {
  # Jackson is in the generator's own jar, whose Jackson has deprecated what the generator writes.
  jar=$(echo "$PWD"/.venv/lib/python3*/site-packages/openapi_generator_cli/openapi-generator.jar)
  find mamori-client/src/main -name '*.java' >sources
  javac -proc:none -Xlint:all,-path,-deprecation -Werror -d classes/client \
    -cp "$jar:$annotations:$mime:/usr/share/java/httpclient.jar:/usr/share/java/httpcore.jar" @sources
  javac -proc:none -Xlint:all -Werror -d classes/example -cp "classes/client:$jar" Scenario.java Score.java
}
java_run() {
  java -enableassertions -cp "classes/example:classes/client:$jar:$annotations:$mime:/usr/share/java/httpclient.jar:/usr/share/java/httpcore.jar" "${1^}"
}
java_operations() { cat mamori-client/src/main/java/mamori/client/api/*.java | grep -c 'public static final class API.*Request {'; }

rust_files="Cargo.lock Cargo.toml progenitor.py scenario.rs"
rust_glue=48
rust_why="progenitor.py: progenitor knows one kind of body and of error for each operation"
rust_example=src/bin/score.rs
progenitor_version=0.15.1
progenitor=$target/sdks/tools/bin/cargo-progenitor
rust_install() {
  if ! grep -qs "cargo-progenitor $progenitor_version " "$target/sdks/tools/.crates.toml"; then
    cargo install --quiet --debug --locked --root "$target/sdks/tools" --target-dir "$target/sdks/tools-build" \
      "cargo-progenitor@$progenitor_version"
  fi
}
rust_version() { say "cargo-progenitor $progenitor_version"; }
rust_generate() {
  rm -rf mamori-client
  python3 progenitor.py <"$documents/openapi-3.0.json" >progenitor.json
  "$progenitor" progenitor --input progenitor.json --output mamori-client --name mamori-client \
    --version 0.1.0 --interface builder --include-client false --license-name "MIT OR Apache-2.0" >generate.log 2>&1 ||
    { grep -v '^ *[0-9]* ' generate.log && die "the generator failed"; }
}
rust_check() { cargo build --quiet --locked --target-dir "$target/sdks/rust-build"; }
rust_run() { "$target/sdks/rust-build/debug/$1"; }
rust_operations() { grep -c '^    pub fn .*(&self) -> builder::' mamori-client/src/lib.rs; }

# ---------------------------------------------------------------------------------------------
# Every language in turn.

sdk() {
  local language=$1 files=${1}_files example=${1}_example allowed=${1}_glue why=${1}_why
  local scenario operations generated checked ran glue
  say "=== $language"
  # The lines of whatever stands in the folder beside configuration of a known kind and the scenario.
  glue=$(cd "openapi/sdks/$language" && git ls-files -co --exclude-standard |
    grep -vE '(^|/)([Ss]cenario\.[a-z]+|[^/]*\.config\.ts|[^/]*\.(json|ya?ml|toml|lock|txt|xml))$' |
    while IFS= read -r file; do cat "$file"; done | wc -l || true)
  [ "$glue" -le "${!allowed}" ] || die "$language: $glue lines of glue in openapi/sdks/$language, of ${!allowed} allowed"
  # shellcheck disable=SC2086  # names without spaces
  project "$language" "${!example}" ${!files}
  scenario=$(grep -oE '[Ss]cenario\.[a-z]+' <<<"${!files}")
  if grep -nE '\bas (any|unknown|never)\b|@ts-|type: *ignore|pyright:|\bcast\(|\bAny\b|@SuppressWarnings|#!?\[(allow|expect)' \
    "$scenario" "${!example}"; then die "$language: the examples get around the type checker"; fi

  "${language}_install"
  timed generated "${language}_generate"
  operations=$("${language}_operations")
  [ "$operations" = "$all" ] || die "$language: $operations operations of $all were generated"
  timed checked "${language}_check"
  timed ran both "${language}_run"
  summary+=("$(printf '%-11s %-30s %10s %8s s %8s s %8s s %8s %5s  %s' "$language" "$("${language}_version")" \
    "$operations" "$generated" "$checked" "$ran" "$(wc -l <"$scenario")" "$glue" "${!why:-}")")
  cd "$root"
}

install_missing
all=$(python3 -c 'import json, sys
print(sum(len([m for m in item if m in ("get", "put", "post", "patch", "delete")]) for item in json.load(open(sys.argv[1]))["paths"].values()))' \
  "$documents/openapi.json")
serve_release sdks
export MAMORI_URL=$api MAMORI_CLIENT_ID MAMORI_CLIENT_SECRET
summary=()
for language; do
  # Each language is a client of its own, so that none sees what another left.
  added=$(cd "$work" && "${MAMORI_BIN:-$target/release/mamori}" client add --name "sdk-$language" --json)
  MAMORI_CLIENT_ID=$(json_field client_id <<<"$added")
  MAMORI_CLIENT_SECRET=$(json_field client_secret <<<"$added")
  sdk "$language"
done
printf '%-11s %-30s %10s %10s %10s %10s %8s %5s\n' language generator operations generate check run scenario glue
printf '%s\n' "${summary[@]}"
