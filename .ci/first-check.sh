#!/usr/bin/env bash
# A person's path: from a fresh clone on default settings to the first scored self-check, in TypeScript and in Python.
#   .ci/first-check.sh [REPOSITORY]
# Clones the repository (this one unless told otherwise) at its HEAD; every command is a block of its README, as it
# stands but for the port. The time of each is counted from the clone, with the compile.
# What cargo builds goes to CARGO_TARGET_DIR if that is set, so that nothing is built twice.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/lib.sh

repository=$(cd "${1:-.}" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/mamori-first-check.XXXXXX")
server=
trap end_release EXIT
trap 'exit 130' INT TERM

# Seconds since $1.
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f", b - a }'; }

# From the running service to a score in language $1 by the example in file $2.
score() {
  local language=$1 example=$2 began=$EPOCHREALTIME readme=$work/mamori/README.md
  {
    readme_blocks "$readme" "sdk commands" | sed "s#^export MAMORI_URL=.*#export MAMORI_URL=$api#"
    # Where the block says to save the example, it is saved.
    readme_blocks "$readme" "sdk $language commands" | sed "s#^\# Save the example above as .*#cp $work/$example $example#"
  } >"$work/$language.sh"
  readme_blocks "$readme" "sdk $language: $example" >"$work/$example"
  grep -q "^export MAMORI_URL=$api\$" "$work/$language.sh" || die "README's block sets no MAMORI_URL"
  grep -q "^cp $work/$example" "$work/$language.sh" || die "README's block for $language doesn't say where to save the example"

  say "--- $language"
  sed 's/^/$ /' "$work/$language.sh"
  (cd "$work/mamori" && bash -eu "$work/$language.sh") >"$work/$language.out" 2>&1 ||
    { cat "$work/$language.out" && die "README's commands for $language failed"; }
  tail -n 1 "$work/$language.out"
  tail -n 1 "$work/$language.out" | grep -q '^100 .' || die "README's commands for $language end without a score of 100"
  summary+=("$language: $(since "$began") s from the running service, $(($(since "$began") + started)) s from the clone")
}

began=$EPOCHREALTIME
summary=()
say "\$ git clone $(basename "$repository") mamori && cd mamori"
serve_clone "$repository"
started=$(since "$began")
say "ready after $started s"
score typescript score.ts
score python score.py
printf '%s\n' "--- the first scored self-check" "${summary[@]}"
