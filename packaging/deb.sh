#!/usr/bin/env bash
# Builds the Debian package into a folder: deb.sh FOLDER
# MAMORI_PREBUILT and MAMORI_NOTICES are told in debian/rules; without the first the binary is built here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=$(mkdir -p "$1" && cd "$1" && pwd)
for file in MAMORI_PREBUILT MAMORI_NOTICES; do
  [ -z "${!file:-}" ] || export "$file=$(realpath "${!file}")"
done
# What dpkg writes is as old as the commit.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
version=$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)
[ "$version" = "$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)" ] \
  || { echo "packaging/debian/changelog and Cargo.toml differ in the version" >&2; exit 1; }

# dpkg wants debian/ at the root of a folder that it may write beside.
work=$(mktemp -d "${TMPDIR:-/tmp}/mamori-deb.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/mamori-$version"
git ls-files -z | tar -c --null -T - | tar -x -C "$work/mamori-$version"
cp -a packaging/debian "$work/mamori-$version/debian"
(cd "$work/mamori-$version" && dpkg-buildpackage --build=binary --no-sign --no-check-builddeps >"$work/log" 2>&1) \
  || { cat "$work/log"; exit 1; }
cp "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$out"
ls "$out"/*.deb
