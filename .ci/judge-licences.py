"""No crate of the program's tree has a licence that packaging/deny.toml does not allow: cargo deny's own question, in a
second instead of the minutes that cargo deny takes to build.

cargo metadata --locked --format-version 1 --filter-platform TRIPLE | judge-licences.py packaging/deny.toml
"""

import collections
import json
import pathlib
import re
import sys
import tomllib

allowed = set(tomllib.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))["licenses"]["allow"])
metadata = json.load(sys.stdin)


def tree(metadata, name):
    """The packages that the package of this name is built of, tests apart; our own apart too."""
    own, nodes = metadata["workspace_members"], {node["id"]: node for node in metadata["resolve"]["nodes"]}
    packages = {package["id"]: package for package in metadata["packages"]}
    reached = [one for one in own if packages[one]["name"] == name]
    for one in reached:
        for dependency in nodes[one]["deps"]:
            built = any(kind["kind"] != "dev" for kind in dependency["dep_kinds"])
            if built and dependency["pkg"] not in reached:
                reached.append(dependency["pkg"])
    return [packages[one] for one in reached if one not in own]


def words(expression):
    """The parts of an SPDX expression, also of the older form with a slash; an exception makes a licence another one."""
    return re.findall(r"[()]|[\w.+-]+(?: WITH [\w.+-]+)?", (expression or "none").replace("/", " OR "))


def permits(expression):
    """Whether all that the expression asks for is allowed, by one of its choices."""
    tokens = words(expression)

    def choice():
        good = every()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            good = every() or good
        return good

    def every():
        good = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            good = one() and good
        return good

    def one():
        token = tokens.pop(0)
        if token != "(":
            return token in allowed
        good = choice()
        tokens.pop(0)
        return good

    return choice() and not tokens


def refused(crates):
    return [crate for crate in crates if not permits(crate["license"])]


crates = tree(metadata, "mamori")
findings = [f"{crate['name']} {crate['version']}: {crate['license']} is not allowed" for crate in refused(crates)]
used = collections.Counter(name for crate in crates for name in allowed.intersection(words(crate["license"])))
findings += [f"{name} is allowed, and no crate has it" for name in sorted(allowed - set(used))]

# A licence in the place of the first crate's own: what must be refused, and what must not.
planted = {
    "GPL-3.0-only": True,
    None: True,
    "MIT AND GPL-3.0-only": True,
    "Apache-2.0 WITH LLVM-exception": True,
    "(MIT OR Apache-2.0) AND (GPL-2.0-only OR LGPL-3.0-only)": True,
    "GPL-3.0-only OR MIT": False,
    "GPL-3.0-only/MIT": False,
}
wrong = [licence for licence, bad in planted.items() if bool(refused([{**crates[0], "license": licence}])) != bad]
findings += [f"planted {licence} was judged wrong" for licence in wrong]

for finding in findings:
    print(f"licences: {finding}")
print(f"licences: {len(crates)} crates with {len({crate['license'] for crate in crates})} expressions, allowed: "
      + ", ".join(f"{name} {count}" for name, count in used.most_common())
      + f"; {len(planted) - len(wrong)} of {len(planted)} planted judged right; {len(findings)} findings")
sys.exit(1 if findings or not crates else 0)
