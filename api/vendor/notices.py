"""Writes the licences of what a vendored script bundles: notices.py SOURCE_MAP NODE_MODULES > scalar.NOTICE"""

import collections
import json
import pathlib
import re
import sys

source_map, modules = sys.argv[1:]
sources = json.loads(pathlib.Path(source_map).read_text(encoding="utf-8"))["sources"]
found = (re.findall(r"node_modules/((?:@[^/]+/)?[^/]+)", source) for source in sources)
names = sorted({packages[-1] for packages in found if packages})

of_text = collections.defaultdict(list)
for name in names:
    folder = pathlib.Path(modules) / name
    manifest = folder / "package.json"
    licence = json.loads(manifest.read_text(encoding="utf-8")).get("license") if manifest.exists() else None
    files = [file for file in sorted(folder.glob("*")) if re.match(r"(?i)(licen[cs]e|copying|notice)", file.name)]
    texts = [file.read_text(encoding="utf-8").strip() for file in files]
    of_text["\n\n".join(texts) or f"{licence or 'See npm'}; the package has no text of it."].append(name)

print(f"scalar.js.gz bundles these {len(names)} packages of npm, under these licences.")
for text, packages in sorted(of_text.items(), key=lambda item: item[1]):
    print(f"\n{'=' * 78}\n{', '.join(packages)}\n{'=' * 78}\n\n{text}")
