"""Validates every example and default of an OpenAPI document, 3.1 or 3.0, against its schema; a body that is sent has one.

judge-examples.py DOCUMENT
"""

import collections
import json
import pathlib
import sys

import jsonschema_rs

TEXTS = ("description", "example", "default")


def converted(node):
    """The schemas of 3.0 as JSON Schema. Null is what differs: in 3.0 `nullable` stands beside a type, or in the one form
    of a nullable reference that generators read, where strictly no null would fit: beside `allOf` of the reference."""
    if isinstance(node, list):
        return [converted(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    shown = ("example", "examples", "default", "enum")
    node = {key: value if key in shown else
            {name: converted(inner) for name, inner in value.items()} if key == "properties" else converted(value)
            for key, value in node.items()}
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if node.get(exclusive) is True:
            node[exclusive] = node.pop(limit)
    if node.pop("nullable", None) is not True:
        return node
    if [list(part) for part in node.get("allOf", [])] == [["$ref"]]:
        texts = {key: node.pop(key) for key in TEXTS if key in node}
        return {**texts, "anyOf": [{"type": "null"}, node]}
    return {**node, "type": [node["type"], "null"]} if "type" in node else node


METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
document = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
if document["openapi"].startswith("3.0."):
    document = converted(document)
components = document["components"]
checked: collections.Counter[str] = collections.Counter()
findings: list[str] = []


def resolved(node):
    while isinstance(node, dict) and "$ref" in node:
        target = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def check(kind, place, schema, value):
    """One value against its schema, whose references point into the document's components."""
    checked[kind] += 1
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": components}, validate_formats=True)
    for error in validator.iter_errors(value):
        findings.append(f"{place}: {kind}: at /{'/'.join(map(str, error.instance_path))}: {error.message[:300]}")


def shown(kind, place, holder):
    """The examples beside a schema: of a medium, a parameter or a header."""
    values = [holder["example"]] if "example" in holder else []
    values += [resolved(example)["value"] for example in (holder.get("examples") or {}).values()]
    for value in values:
        check(kind, place, holder["schema"], value)
    return bool(values)


def within(place, schema):
    """What a schema itself gives as example or default, and the schemas within it."""
    if not isinstance(schema, dict):
        return
    bare = {key: value for key, value in schema.items() if key not in ("example", "examples", "default")}
    for key in ("example", "default"):
        if key in schema:
            check(f"{key} of a schema", place, bare, schema[key])
    for value in schema.get("examples") or []:
        check("example of a schema", place, bare, value)
    for key in ("properties", "patternProperties", "$defs"):
        for name, inner in (schema.get(key) or {}).items():
            within(f"{place}/{name}", inner)
    for key in ("items", "additionalProperties", "not"):
        within(f"{place}/{key}", schema.get(key))
    for key in ("allOf", "anyOf", "oneOf", "prefixItems"):
        for index, inner in enumerate(schema.get(key) or []):
            within(f"{place}/{key}/{index}", inner)


def contents(kind, place, holder):
    for medium, content in (resolved(holder or {}).get("content") or {}).items():
        within(f"{place} {medium}", content.get("schema"))
        has = shown(kind, f"{place} {medium}", content) if "schema" in content else True
        # A file of bytes can't be shown.
        binary = resolved(content.get("schema") or {}).get("format") == "binary"
        if kind == "example of a request" and not has and not binary:
            findings.append(f"{place} {medium}: a body that is sent has no example")


for name, schema in components["schemas"].items():
    within(f"schemas/{name}", schema)
for name, header in (components.get("headers") or {}).items():
    shown("example of a header", f"headers/{name}", header)
    within(f"headers/{name}", header.get("schema"))
for name, parameter in (components.get("parameters") or {}).items():
    shown("example of a parameter", f"parameters/{name}", parameter)
    within(f"parameters/{name}", parameter.get("schema"))
for path, item in document["paths"].items():
    for method in METHODS:
        operation = item.get(method)
        if not operation:
            continue
        place = operation["operationId"]
        for parameter in operation.get("parameters") or []:
            if "$ref" not in parameter:
                shown("example of a parameter", f"{place} {parameter['name']}", parameter)
                within(f"{place} {parameter['name']}", parameter.get("schema"))
        contents("example of a request", f"{place} request", operation.get("requestBody"))
        for status, response in operation["responses"].items():
            response = resolved(response)
            contents("example of an answer", f"{place} {status}", response)
            for name, header in (response.get("headers") or {}).items():
                if "$ref" not in header:
                    shown("example of a header", f"{place} {status} {name}", header)

for finding in findings:
    print(finding)
print(f"examples of {document['openapi']}: {sum(checked.values())} checked, {len(findings)} findings: "
      + ", ".join(f"{count} {kind}" for kind, count in sorted(checked.items())))
# A document without examples is judged by nobody.
sys.exit(1 if findings or not checked["example of a request"] or not checked["example of an answer"] else 0)
