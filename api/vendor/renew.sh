#!/usr/bin/env bash
# Renews the vendored scripts from npm, or says whether they are what npm has.
#   api/vendor/renew.sh VERSION   takes this version of Scalar, and rewrites README.md
#   api/vendor/renew.sh --check   takes the version that README.md names, and changes nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

package=@scalar/api-reference
work=$(mktemp -d "${TMPDIR:-/tmp}/mamori-vendor.XXXXXX")
trap 'rm -rf "$work"' EXIT

version=${1:?VERSION or --check}
if [ "$version" = --check ]; then
  version=$(sed -n "s|.*$package \([0-9.]*\) .*|\1|p" README.md)
fi

# npm compares what it loads with the registry's own digest.
(cd "$work" && npm pack --silent --ignore-scripts "$package@$version" >/dev/null)
tar -xzf "$work"/*.tgz -C "$work" package/dist/browser
script=$work/package/dist/browser/standalone.js
digest=$(sha256sum "$script" | cut -d ' ' -f 1)

if [ "$1" = --check ]; then
  grep -qF "$digest" README.md || { echo "README.md does not name $digest" >&2; exit 1; }
  gzip -dc scalar.js.gz | cmp - "$script"
  echo "scalar.js.gz is $package $version"
  exit
fi

gzip -9nc "$script" >scalar.js.gz
npm install --prefix "$work" --silent --ignore-scripts --no-audit --no-fund --omit=dev "$package@$version" >/dev/null
python3 notices.py "$script.map" "$work/node_modules" >scalar.NOTICE
cat >README.md <<END
# What is not ours

Served at \`/docs\` as it is, from the binary, so that nothing is fetched from anywhere.

| file | from npm | file there | SHA-256 of that, unpacked | licence |
|---|---|---|---|---|
| \`scalar.js.gz\` | $package $version | \`dist/browser/standalone.js\` | \`$digest\` | MIT: \`scalar.LICENSE\`; what is bundled in it: \`scalar.NOTICE\` (MIT, Apache-2.0, ISC, BSD) |

It is stored compressed, as nearly every client takes it; by gzip, since without TLS
browsers take no Brotli.

\`\`\`sh
api/vendor/renew.sh VERSION   # takes another version
api/vendor/renew.sh --check   # compares with npm; CI does
\`\`\`

After another version, \`.ci/judge-docs.sh\` tells by breaches of the policy whether the hashes of styles in
\`api/src/route/docs/reference.rs\` are others.
END
