#!/usr/bin/env bash
# Judges the guide and the repository's other pages: links, what their blocks print when they are run against the release
# binary (another one: MAMORI_BIN), and that both languages say the same.
#   .ci/judge-guide.sh [GUIDE]        the folder that holds ja/ and en/ (default guide)
#   .ci/judge-guide.sh --self-test    sees that each kind of fault is found, on a little guide
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/lib.sh
exec </dev/null
command -v jq >/dev/null || die "please install jq: the guide's examples use it"

if [ "${1:-}" = --self-test ]; then
  exec python3 .ci/judge-guide-test.py
fi
guide=${1:-guide}
for language in ja en; do
  compgen -G "$guide/$language/*.md" >/dev/null || die "there are no pages in $guide/$language"
done
mapfile -t own < <(git ls-files '*.md' ':!guide')

failed=0
python3 .ci/judge-guide.py links "$guide"/{ja,en}/*.md "${own[@]}" || failed=1
python3 .ci/judge-guide.py same "$guide/en" "$guide/ja" || failed=1

# A fresh service for each group of pages, which goes with the subshell.
judge_served() {
  local name=$1
  shift
  (
    serve_release "guide-$name"
    mamori=$(realpath "${MAMORI_BIN:-${CARGO_TARGET_DIR:-target}/release/mamori}")
    added=$(cd "$work" && "$mamori" client add --name guide --admin --json)
    id=$(json_field client_id <<<"$added")
    secret=$(json_field client_secret <<<"$added")
    export api id secret mamori
    failed=0
    python3 .ci/judge-guide.py served "$api" "$@" || failed=1
    python3 .ci/judge-guide.py run "$@" || failed=1
    # The findings say what is wrong; the end of the log would not.
    kill -0 "$server" && : >"$work/server.log"
    exit $failed
  )
}
judge_served ja "$guide"/ja/*.md || failed=1
judge_served en "$guide"/en/*.md || failed=1
judge_served own "${own[@]}" || failed=1
[ "$failed" = 0 ] || die "$guide: findings, see above"
say "$guide: no findings"
