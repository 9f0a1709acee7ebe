"""Sees that judge-guide.py lets a good little guide through and finds each fault that is planted into it."""

import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

JUDGE = pathlib.Path(__file__).with_name("judge-guide.py")
GOOD = """# {title}

## {first}

See [there](#{anchor}), [the end](other.md#the-end), [the reference](/docs/) and <https://example.jp/a>.

<!-- run -->
```sh
word=$(printf 'wo%s' rd)
twice() {{ printf '%s\\n' "$1" "$1"; }}
```

<!-- run -->
```sh
twice "$word" > file
cat file
```
<!-- prints: ^word$ -->
<!-- prints: word\\nword -->

<!-- json -->
```json
{{"a": [1]}}
```

```sh
false, and not run: [x](nowhere.md)
```
"""
OTHER = '# Other\n\n<a id="the-end"></a>\n## 終わり・end\n'

# What is replaced by what in en/page.md, which judge must find it, and a part of what it says.
FAULTS = {
    "dead link": ("other.md#", "none.md#", "links", "dead link none.md"),
    "dead anchor of another page": ("#the-end", "#nowhere", "links", "dead anchor other.md#nowhere"),
    "dead anchor of the page": ("(#the-first-step)", "(#first)", "links", "dead anchor #first"),
    "malformed address": ("https://example.jp/a", "https://example", "links", "malformed address"),
    "JSON that does not parse": ("[1]", "[1", "links", "json does not parse"),
    "a mark without a block": ("<!-- json -->\n", "<!-- json -->\nno block\n", "links", "not followed"),
    "a mark before the wrong block": ("<!-- json -->\n```json", "<!-- run -->\n```json", "links", "before a block of"),
    "a block without an end": ("nowhere.md)\n```\n", "nowhere.md)\n", "links", "without an end"),
    "another output": ("^word$", "^sword$", "run", "nothing matches"),
    "a block that fails": ("cat file", "cat fil", "run", "failed with 1"),
    "a variable that is not set": ("twice \"$word\"", "twice \"$wrod\"", "run", "failed with"),
    "a pipe that fails": ("cat file", "false | cat file", "run", "failed with 1"),
    "a place that the service has not": ("/docs/", "/dogs/", "served", "404 to /dogs/"),
    "another block to run": ("cat file", "cat ./file", "same", "is not 'cat file'"),
    "a heading too many": ("## The", "## One\n\n## The", "same", "headings of levels"),
}


class Service(http.server.BaseHTTPRequestHandler):
    """Has /docs/ and nothing else."""

    def do_GET(self):
        self.send_response(200 if self.path == "/docs/" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


def judge(kind, folder, api):
    pages = sorted(str(page) for page in folder.glob("*/*.md"))
    arguments = {"links": pages, "run": pages, "served": [api, *pages], "same": [str(folder / "ja"), str(folder / "en")]}[kind]
    environment = {**os.environ, "api": api, "id": "i", "secret": "s", "mamori": "/bin/true"}
    done = subprocess.run([sys.executable, JUDGE, kind, *arguments], capture_output=True, text=True, env=environment, check=False)
    return done.returncode, done.stdout + done.stderr


def guide(folder, change=("", "")):
    for language, title, first, anchor in (
        ("en", "A guide", "The *first* `step`!", "the-first-step"),
        ("ja", "手引き", "最初の「ステップ」・開始", "最初のステップ開始"),
    ):
        text = GOOD.format(title=title, first=first, anchor=anchor)
        if language == "en" and change[0]:
            assert change[0] in text, change
            text = text.replace(*change)
        (folder / language).mkdir(parents=True)
        (folder / language / "page.md").write_text(text, encoding="utf-8")
        (folder / language / "other.md").write_text(OTHER, encoding="utf-8")
    return folder


def main():
    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    api = f"http://127.0.0.1:{service.server_port}"
    failed, found = 0, 0
    with tempfile.TemporaryDirectory(prefix="mamori-guide-test.") as folder:
        folder = pathlib.Path(folder)
        good = guide(folder / "good")
        for kind in ("links", "same", "run", "served"):
            status, said = judge(kind, good, api)
            if status:
                failed += 1
                print(f"FAIL a good guide does not pass {kind}:\n{said}")
        for number, (name, (old, new, kind, part)) in enumerate(FAULTS.items()):
            status, said = judge(kind, guide(folder / str(number), (old, new)), api)
            if status == 1 and part in said:
                found += 1
                print(f"ok   {name}")
            else:
                failed += 1
                print(f"FAIL {name}: {kind} ended with {status}:\n{said}")
        (good / "en" / "more.md").write_text(OTHER, encoding="utf-8")
        status, said = judge("same", good, api)
        if status == 1 and "has no more.md" in said:
            found += 1
            print("ok   a page in one language alone")
        else:
            failed += 1
            print(f"FAIL a page in one language alone:\n{said}")
    service.shutdown()
    print(f"faults found: {found} of {len(FAULTS) + 1} planted")
    sys.exit(1 if failed else 0)


main()
