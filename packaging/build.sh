#!/usr/bin/env bash
# Builds the program so that a commit gives the same bytes in whatever folder it is built: build.sh [PROFILE]
# README.md beside this says what else must be the same.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

profile=${1:-dist}
cargo_home=${CARGO_HOME:-$HOME/.cargo}
sysroot=$(rustc --print sysroot)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# Neither Rust's panics nor the assertions of C libraries shall tell where they were built. The last that matches counts.
maps=("$PWD=/build" "$CARGO_TARGET_DIR=/build/target" "$cargo_home=/cargo" "$sysroot=/rust")
rust_flags=("${maps[@]/#/--remap-path-prefix=}")
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && printf '%s' "${rust_flags[*]}")
export CARGO_ENCODED_RUSTFLAGS CFLAGS="${CFLAGS:-} ${maps[*]/#/-ffile-prefix-map=}"

cargo build --locked --profile "$profile" --package mamori
