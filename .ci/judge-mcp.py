"""Judges `mamori mcp` by the official Python client: both of its protocols, every tool, and what must not be there.

    judge-mcp.py PROGRAM DOCUMENT CREDENTIALS STRANGER IDS
"""

import asyncio
import json
import os
import sys
import time

from jsonschema import Draft202012Validator
from mcp import Client, MCPError, StdioServerParameters, stdio_client

program, document, credentials, stranger, ids = sys.argv[1:]
document, ids = json.load(open(document)), json.loads(ids)
organization, assessment = ids["organizations"], ids["assessments"]
calls = 0


def check(holds, what):
    if not holds:
        sys.exit(f"error: {what}")


def server(*arguments, **environment):
    own = {name: value for name, value in os.environ.items() if name.startswith("MAMORI_")}
    return StdioServerParameters(command=program, args=["mcp", *arguments], env=own | environment)


def expected():
    """The operations that only read, by the document; of each the kind of thing that its path begins with."""
    named = {}
    for path, item in document["paths"].items():
        for operation in item.values():
            scopes = [scope for way in operation["security"] for scope in way.get("oauth2", [])]
            content = operation["responses"].get("200", {}).get("content", {})
            workbook = any("spreadsheet" in kind for kind in content)
            reads = all(scope.endswith(":read") for scope in scopes)
            if path.startswith("/v1/") and reads and "application/json" in content and not workbook:
                named[operation["operationId"]] = path.split("/")[2]
    return named


async def result(client, tool, arguments):
    global calls
    calls += 1
    answer = await client.call_tool(tool, arguments)
    told = json.loads(answer.content[0].text)
    check(told == answer.structured_content, f"{tool}: the text is not the structure")
    return answer.is_error, told


async def judge(mode):
    owner = server(MAMORI_MCP_CLIENT_FILE=credentials)
    async with Client(stdio_client(owner), mode=mode) as client:
        tools = (await client.list_tools()).tools
        names, kinds = {tool.name for tool in tools}, expected()
        check(names == set(kinds), f"tools: {names ^ set(kinds)}")
        for tool in tools:
            Draft202012Validator.check_schema(tool.input_schema)
            hints = tool.annotations
            check(hints.read_only_hint and not hints.destructive_hint, f"{tool.name}: hints")

        known = {"star": 1, "bank": "self-check", "edition": "4.0",
                 "programme": "tokyo-cybersecurity-subsidy", "answers": [], "assets": [], "rows": [], "text": "x",
                 "token": "x", "situation": {"state": "declared", "stars": 1}, "rule": {"minimum_stars": 1},
                 "company": {"declaration_id": "59999999901"}}
        good = 0
        for tool in tools:
            known["id"] = ids.get(kinds[tool.name], organization)
            known["with"] = known["id"]
            arguments = {name: known[name] for name in tool.input_schema["properties"] if name in known}
            refused, told = await result(client, tool.name, arguments)
            check(not refused or told["status"] < 500, f"{tool.name}: {told}")
            good += not refused
        check(good > len(tools) * 0.8, f"only {good} of {len(tools)} tools answered well")

        sheet = {"bank": "self-check", "edition": "4.0"}
        answers = [{"question": number, "option": "implemented"} for number in range(1, 26)]
        _, told = await result(client, "score_answers", sheet | {"answers": answers})
        check(told["total"] == 100, f"the total is {told['total']}")
        _, told = await result(client, "get_assessment_result", {"id": assessment, "language": "en"})
        check(told["total"] == 50, f"the total is {told['total']}")
        answers[7]["option"] = "nonsense"
        refused, told = await result(client, "score_answers", sheet | {"answers": answers})
        check(refused and told["errors"][0]["pointer"] == "/answers/7/option", f"a wrong option: {told}")
        for name in ("create_organization", "update_organization", "delete_organization", "list_clients"):
            try:
                await client.call_tool(name, {"id": organization})
                sys.exit(f"error: there is a tool {name}")
            except MCPError as error:
                check(error.error.code == -32602, f"{name}: {error}")

        resources = (await client.list_resources()).resources
        for resource in resources:
            content = (await client.read_resource(resource.uri)).contents[0]
            check("questions" in json.loads(content.text), resource.uri)
        prompts = (await client.list_prompts()).prompts
        for prompt in prompts:
            filled = await client.get_prompt(prompt.name, {"organization": organization, "language": "en"})
            check(organization in filled.messages[0].content.text, prompt.name)

    async with Client(stdio_client(server(MAMORI_MCP_CLIENT_FILE=stranger)), mode=mode) as client:
        refused, told = await result(client, "get_organization", {"id": organization})
        check(refused and told["status"] == 404, f"a stranger sees {told}")
    async with Client(stdio_client(server()), mode=mode) as client:
        public = {tool.name for tool in (await client.list_tools()).tools}
        check(public < names and "list_organizations" not in public, "what is public")
        refused, _ = await result(client, "list_risk_models", {})
        check(not refused, "what is public is not answered")
    return len(names), good, len(public), len(resources), len(prompts)


began = time.monotonic()
for mode in ("legacy", "auto"):
    named, good, public, resources, prompts = asyncio.run(judge(mode))
    print(f"{mode}: {named} tools, {good} of them called well, {public} without a client; {resources} resources, "
          f"{prompts} prompts")
print(f"{calls} calls in {time.monotonic() - began:.1f} s")
