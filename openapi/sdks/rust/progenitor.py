"""Writes what progenitor can read of the service's OpenAPI 3.0 document. It stops at what it can't.

    python3 progenitor.py <openapi-3.0.json >progenitor.json
"""

import json
import sys

JSON, PROBLEM = "application/json", "application/problem+json"
# Each would become a type of its own: one for the name of an asset, one for the name of a unit…
LIMITS = ("pattern", "minLength", "maxLength", "minimum", "maximum")


def without_limits(schema):
    """The schema, its properties being plain strings and numbers; the service checks them anyway."""
    if isinstance(schema, list):
        return [without_limits(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: without_limits(part) for key, part in schema.items()}
    for part in schema.get("properties", {}).values():
        for limit in LIMITS:
            part.pop(limit, None)
            part.get("items", {}).pop(limit, None)
    return schema


document = json.load(sys.stdin)
document["components"]["schemas"] = without_limits(document["components"]["schemas"])
for path in document["paths"].values():
    for operation in path.values():
        # One kind of body: JSON where it is offered.
        body = operation.get("requestBody", {}).get("content", {})
        if JSON in body:
            operation["requestBody"]["content"] = {JSON: body[JSON]}
        # Only what is called JSON gets a type, and all errors of an operation must have the same.
        for response in operation["responses"].values():
            if PROBLEM in response.get("content", {}):
                response["content"] = {JSON: response["content"][PROBLEM]}
        schemas = [
            (status, response["content"][JSON]["schema"])
            for status, response in operation["responses"].items()
            if status >= "400"
        ]
        for status, schema in schemas:
            if schema != schemas[0][1]:
                del operation["responses"][status]
json.dump(document, sys.stdout, ensure_ascii=False)
