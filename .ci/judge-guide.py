"""Judges Markdown: links, blocks of JSON and TOML, blocks that are to be run, and that two languages say the same.

judge-guide.py links PAGE…        dead relative links and anchors, malformed addresses, blocks that don't parse
judge-guide.py same FOLDER…       the languages' folders: same pages, same headings, same blocks to run
judge-guide.py run PAGE…          runs the blocks after `<!-- run -->`; the variables are in the environment
judge-guide.py served API PAGE…   asks the service for each link to a place of its own
"""

import html
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import tomllib
import unicodedata
import urllib.error
import urllib.parse
import urllib.request

VARIABLES = ("api", "id", "secret", "mamori")
SECONDS = 120
PRINTS = re.compile(r"^ *<!-- prints: (.*) -->$")


class Block:
    """A fenced block: its language, first line and text, whether it is to be run, and what it prints then."""

    def __init__(self, language, line, before):
        self.language, self.line, self.text, self.prints = language, line, "", []
        self.run = before == "<!-- run -->"
        self.json = before == "<!-- json -->"


class Page:
    """What of a page is judged: its headings, anchors, links and blocks."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.headings, self.anchors, self.links, self.blocks, self.findings = [], set(), [], [], []
        block = fence = None
        before = ""
        for number, line in enumerate(self.path.read_text(encoding="utf-8").splitlines(), start=1):
            opened = re.match(r"^ *(`{3,}|~{3,}) *([\w-]*)", line)
            if block:
                if opened and opened[1].startswith(fence) and not opened[2]:
                    block = None
                    before = ""
                else:
                    block.text += line + "\n"
            elif opened:
                block, fence = Block(opened[2], number + 1, before), opened[1]
                self.blocks.append(block)
                for mark in ("run", "json"):
                    if getattr(block, mark) and block.language != {"run": "sh", "json": "json"}[mark]:
                        self.fault(number, f"<!-- {mark} --> before a block of '{block.language}'")
            else:
                self.line(number, line, before)
                before = line.strip() or before
        if block:
            self.fault(block.line, "a block without an end")

    def line(self, number, line, before):
        if before in ("<!-- run -->", "<!-- json -->"):
            if line.strip():
                self.fault(number, f"{before} is not followed by a block")
        if prints := PRINTS.match(line):
            if not self.blocks or not self.blocks[-1].run:
                self.fault(number, "<!-- prints --> follows no block that is run")
            else:
                self.blocks[-1].prints.append((number, prints[1]))
            return
        if heading := re.match(r"^(#{1,6}) +(.*?)(?: +#+)?$", line):
            self.headings.append((number, len(heading[1]), heading[2]))
            self.anchors.add(self.slug(heading[2]))
        self.anchors.update(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", line))
        text = re.sub(r"(`+).*?\1", "", line)
        targets = re.findall(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)", text)
        targets += re.findall(r"^ *\[[^\]^]+\]: +<?([^\s>]+)", text)
        targets += re.findall(r"<(https?:[^>]*)>", text) + re.findall(r"(?:href|src)=\"([^\"]+)\"", text)
        self.links += [(number, html.unescape(target)) for target in targets]

    def slug(self, heading):
        """As GitHub makes it of a heading, in any language; the second of a kind gets -1."""
        text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        text = unicodedata.normalize("NFC", re.sub(r"<[^>]*>|[*`]", "", text)).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        again = sum(1 for anchor in self.anchors if re.fullmatch(re.escape(slug) + r"(-\d+)?", anchor))
        return f"{slug}-{again}" if again and slug in self.anchors else slug

    def fault(self, line, what):
        self.findings.append(f"{self.path}:{line}: {what}")


def local(target):
    """A place of the service itself, such as /docs/."""
    return target.startswith("/") and not target.startswith("//")


def links(paths):
    pages = {}

    def page(path):
        path = path.resolve()
        if path not in pages:
            pages[path] = Page(path)
        return pages[path]

    findings, count = [], 0
    for path in paths:
        this = Page(path)
        for number, target in this.links:
            count += 1
            parts = urllib.parse.urlsplit(target)
            if parts.scheme in ("http", "https"):
                if not re.fullmatch(r"[\w.-]+\.[a-z]{2,}|localhost|[\d.]+", parts.hostname or "") or " " in target:
                    this.fault(number, f"malformed address {target}")
            elif parts.scheme == "mailto":
                if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", parts.path):
                    this.fault(number, f"malformed address {target}")
            elif parts.scheme:
                this.fault(number, f"unknown kind of link {target}")
            elif not local(target):
                file = this.path.parent / urllib.parse.unquote(parts.path) if parts.path else this.path
                if not file.exists():
                    this.fault(number, f"dead link {target}")
                elif parts.fragment and file.suffix == ".md":
                    if urllib.parse.unquote(parts.fragment) not in page(file).anchors:
                        this.fault(number, f"dead anchor {target}")
        for block in this.blocks:
            try:
                if block.json:
                    json.loads(block.text)
                elif block.language == "toml":
                    tomllib.loads(block.text)
            except ValueError as error:
                this.fault(block.line, f"{block.language} does not parse: {error}")
        findings += this.findings
    return findings, f"{count} links of {len(paths)} pages"


def same(folders):
    findings = []
    languages = {folder: {path.name: Page(path) for path in sorted(pathlib.Path(folder).glob("*.md"))} for folder in folders}
    names = sorted(set().union(*languages.values()))
    first = folders[0]
    for name in names:
        for folder in folders:
            if name not in languages[folder]:
                findings.append(f"{folder}: has no {name}")
        if not all(name in pages for pages in languages.values()):
            continue
        one = languages[first][name]
        for folder in folders[1:]:
            other = languages[folder][name]
            levels = [[level for _, level, _ in page.headings] for page in (one, other)]
            if levels[0] != levels[1]:
                findings.append(f"{other.path}: headings of levels {levels[1]}, but {levels[0]} in {one.path}")
            runs = [[block for block in page.blocks if block.run] for page in (one, other)]
            if len(runs[0]) != len(runs[1]):
                findings.append(f"{other.path}: {len(runs[1])} blocks to run, but {len(runs[0])} in {one.path}")
            for here, there in zip(*runs):
                if here.text != there.text:
                    lines = zip(here.text.splitlines() + [""], there.text.splitlines() + [""])
                    differs = next((pair for pair in lines if pair[0] != pair[1]), ("", ""))
                    findings.append(f"{other.path}:{there.line}: differs from {one.path}:{here.line}: {differs[1]!r} is not {differs[0]!r}")
    return findings, f"{len(names)} pages in {len(folders)} languages"


def run(paths):
    """The blocks of a page in one shell, in a folder of its own; the output of each stands in a file."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **{name: os.environ[name] for name in VARIABLES}}
    findings, count, expected = [], 0, 0
    for path in paths:
        blocks = [block for block in Page(path).blocks if block.run]
        if not blocks:
            continue
        with tempfile.TemporaryDirectory(prefix="mamori-guide.") as folder:
            kept = pathlib.Path(folder)
            (kept / "work").mkdir()
            script = "set -euo pipefail\n" + "".join(
                f"exec >{kept}/{index} 2>&1\n{block.text}" for index, block in enumerate(blocks)
            ) + f"exec >{kept}/whole\n"
            environment["HOME"] = folder
            shell = subprocess.Popen(
                ["bash", "-c", script], cwd=kept / "work", env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            )
            try:
                said = shell.communicate(timeout=SECONDS)[0]
            except subprocess.TimeoutExpired:
                said = f"not done within {SECONDS} s"
            finally:
                # What a block left running in the background goes with its page.
                try:
                    os.killpg(shell.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
                shell.wait()
            for index, block in enumerate(blocks):
                output = kept / str(index)
                text = output.read_text(encoding="utf-8", errors="replace") if output.exists() else None
                last = not (kept / str(index + 1)).exists() and not (kept / "whole").exists()
                if text is None:
                    findings.append(f"{path}:{block.line}: was not run")
                elif last:
                    findings.append(f"{path}:{block.line}: failed with {shell.returncode}:\n{(text + said)[-2000:]}")
                else:
                    count += 1
                    for line, pattern in block.prints:
                        expected += 1
                        if not re.search(pattern, text, re.MULTILINE):
                            findings.append(f"{path}:{line}: nothing matches {pattern!r} in the output:\n{text[-2000:]}")
    return findings, f"{count} blocks run, {expected} outputs compared"


def served(api, paths):
    places = {}
    for path in paths:
        for number, target in Page(path).links:
            if local(target):
                places.setdefault(target.split("#")[0], f"{path}:{number}")
    findings = []
    for place, where in sorted(places.items()):
        try:
            with urllib.request.urlopen(api + place, timeout=20) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            findings.append(f"{where}: the service answers {error.code} to {place}")
    return findings, f"{len(places)} places of the service"


def main():
    what, arguments = sys.argv[1], sys.argv[2:]
    if what == "served":
        findings, done = served(arguments[0], arguments[1:])
    else:
        findings, done = {"links": links, "same": same, "run": run}[what](arguments)
    for finding in findings:
        print(finding)
    print(f"guide, {what}: {done}, {len(findings)} findings", flush=True)
    sys.exit(1 if findings else 0)


main()
