#!/usr/bin/env bash
# Makes every file of a release in target/release-files: the program, Debian's package, manual, completions, the OpenAPI
# documents, what is in the program (SBOM) and under which licences, and the sums of all.
# MAMORI_PREBUILT is a binary to release instead of building one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
version=$(cargo metadata --locked --no-deps --format-version 1 |
  python3 -c 'import json, sys; print(next(p["version"] for p in json.load(sys.stdin)["packages"] if p["name"] == "mamori"))')
triple=$(rustc -vV | sed -n 's/^host: //p')
name=mamori-$version
out=$CARGO_TARGET_DIR/release-files
tools=$CARGO_TARGET_DIR/tools
export PATH=$tools/bin:$PATH

# tool NAME VERSION [ARGUMENT…]: a cargo tool, built once.
tool() {
  local name=$1 version=$2
  shift 2
  [ "$(cargo "${name#cargo-}" --version 2>/dev/null | awk '{print $NF}')" = "$version" ] ||
    CARGO_TARGET_DIR=$tools/build cargo install --locked --root "$tools" --version "$version" "$@" "$name"
}
tool cargo-deny 0.20.2
tool cargo-cyclonedx 0.5.9
tool cargo-about 0.9.3 --features cli

rm -rf "$out"
mkdir -p "$out"
umask 022

cargo deny --manifest-path api/Cargo.toml --config packaging/deny.toml check bans licenses sources
cargo about generate --locked --fail --config packaging/about.toml --manifest-path api/Cargo.toml \
  --output-file "$out/THIRD-PARTY-LICENSES.txt" packaging/about.hbs

# It writes beside each Cargo.toml, and names our own packages by where they are.
cargo cyclonedx --manifest-path api/Cargo.toml --format json --spec-version 1.5 --describe binaries --no-build-deps \
  --target "$triple" -qq
sed "s|path+file://$PWD/|path+file:///build/|g" api/mamori_bin.cdx.json >"$out/$name.cdx.json"
rm -f -- */*_bin.cdx.json

if [ -z "${MAMORI_PREBUILT:-}" ]; then
  packaging/build.sh dist
  MAMORI_PREBUILT=$CARGO_TARGET_DIR/dist/mamori
fi
export MAMORI_PREBUILT
mkdir "$out/$name"
install "$MAMORI_PREBUILT" "$out/$name/mamori"
install -m 0644 LICENSE-MIT LICENSE-APACHE README.md CHANGELOG.md "$out/THIRD-PARTY-LICENSES.txt" \
  packaging/debian/mamori.{service,toml} "$out/$name"
mkdir "$out/$name/man" "$out/$name/completions"
"$MAMORI_PREBUILT" man --out "$out/$name/man"
for shell in bash zsh fish; do "$MAMORI_PREBUILT" completions "$shell" >"$out/$name/completions/mamori.$shell"; done
tar -c --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$out" "$name" |
  gzip -9n >"$out/$name-$triple.tar.gz"
rm -r "${out:?}/$name"

MAMORI_NOTICES=$out/THIRD-PARTY-LICENSES.txt packaging/deb.sh "$out" >/dev/null
for document in openapi/openapi*.json; do install -m 0644 "$document" "$out/$name-$(basename "$document")"; done

(cd "$out" && LC_ALL=C sha256sum -- * >SHA256SUMS && cat SHA256SUMS)
