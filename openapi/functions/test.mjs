// Plants a fault or more for each rule of contract.js into a small document, and sees by spectral itself, with the rules
// of spectral.yaml, that each is found in its place, and nothing in the document before. Run by `.ci/judge-document.sh`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const rules = join(here, "../spectral.yaml");
const ref = (name) => ({ $ref: `#/components/schemas/${name}` });
const json = (name, type = "application/json") => ({ [type]: { schema: ref(name), example: {} } });
const limit = () => ({ name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 200 } });
const cursor = () => ({ name: "cursor", in: "query", schema: ref("Cursor") });

const operation = (operationId, more) => ({
  operationId,
  tags: ["firms"],
  description: "Does it.",
  security: [{ oauth2: ["firms:read"] }],
  responses: {
    200: { description: "done", content: json("Firm") },
    400: { description: "refused", content: json("Problem", "application/problem+json") },
  },
  ...more,
});
const sending = (operationId) => operation(operationId, { requestBody: { content: json("FirmInput") } });
const reading = (operationId) => operation(operationId, { parameters: [limit(), cursor()] });

/** A little of all that the rules look at, without a fault. */
const sound = () => ({
  openapi: "3.1.0",
  info: { title: "Firms", version: "1.0.0" },
  paths: {
    "/firms": { get: reading("list_firms"), post: sending("create_firm"), put: sending("put_firm") },
    "/sites": { get: reading("list_sites"), post: operation("check_wording", { security: [{}, { oauth2: [] }] }) },
    "/firm": { get: operation("get_firm"), delete: operation("delete_firm"), patch: sending("update_firm") },
    "/health": { get: operation("get_health", { security: [] }) },
  },
  components: {
    schemas: {
      Cursor: { type: "string", pattern: "^[a-z]+$", maxLength: 9 },
      Person: { type: "object", properties: { kind: { type: "string", const: "person" } }, additionalProperties: false },
      Body: { type: "object", properties: { kind: { type: "string", const: "body" } }, additionalProperties: false },
      Owner: { oneOf: [ref("Person"), ref("Body")], discriminator: { propertyName: "kind" } },
      FirmInput: {
        type: "object",
        additionalProperties: false,
        properties: {
          name: { type: "string", maxLength: 9, pattern: "^[a-z]+$", example: "a" },
          code: { type: "string", maxLength: 9, pattern: "^[a-z]+$", example: "a" },
          tags: { type: "array", maxItems: 9, items: { type: "string", format: "uuid" } },
          size: { type: "integer", minimum: 0, maximum: 9 },
          note: { type: ["string", "null"], maxLength: 9, format: "text" },
          owner: ref("Owner"),
        },
      },
      Firm: { type: "object", properties: { name: { type: "string" } } },
      Problem: { type: "object", properties: { title: { type: "string" } } },
    },
  },
});

const schema = (d, name) => d.components.schemas[name];
const input = (d) => schema(d, "FirmInput").properties;
const FIRM_INPUT = "components/schemas/FirmInput";

// Rule, what is planted, where it is to be found, and how; each with a place of its own.
const FAULTS = [
  ["named", "an object within another", "components/schemas/Firm/properties/site",
    (d) => (schema(d, "Firm").properties.site = { type: "object", properties: { name: { type: "string" } } })],
  ["named", "an enum within an object", "components/schemas/Firm/properties/state",
    (d) => (schema(d, "Firm").properties.state = { type: "string", enum: ["open", "closed"] })],
  ["operations", "an unknown verb", "paths//firm/get/operationId", (d) => (d.paths["/firm"].get.operationId = "fetch_firm")],
  ["operations", "a second tag", "paths//firm/delete/tags", (d) => d.paths["/firm"].delete.tags.push("more")],
  ["operations", "no description", "paths//firm/patch", (d) => delete d.paths["/firm"].patch.description],
  ["closed", "an open object that is sent", FIRM_INPUT, (d) => delete schema(d, "FirmInput").additionalProperties],
  ["open", "a closed object that is answered", "components/schemas/Firm",
    (d) => (schema(d, "Firm").additionalProperties = false)],
  ["bounded", "a text without maxLength", `${FIRM_INPUT}/properties/name`, (d) => delete input(d).name.maxLength],
  ["bounded", "a text without a form", `${FIRM_INPUT}/properties/note`, (d) => delete input(d).note.format],
  ["bounded", "an array without maxItems", `${FIRM_INPUT}/properties/tags`, (d) => delete input(d).tags.maxItems],
  ["bounded", "an integer without maximum", `${FIRM_INPUT}/properties/size`, (d) => delete input(d).size.maximum],
  ["refusing", "a body that is never refused", "paths//firms/post", (d) => delete d.paths["/firms"].post.responses[400]],
  ["problems", "an error in plain JSON", "paths//firms/put/responses/400/content/application/json",
    (d) => (d.paths["/firms"].put.responses[400].content = json("Problem"))],
  ["restricted", "a list that is open beside its token", "paths//firms/get/security",
    (d) => d.paths["/firms"].get.security.unshift({})],
  ["restricted", "a list without security", "paths//sites/get/security", (d) => (d.paths["/sites"].get.security = [])],
  ["restricted", "a token for what is for everybody", "paths//sites/post/security",
    (d) => d.paths["/sites"].post.security.shift()],
  ["nullable", "3.0's null", `${FIRM_INPUT}/properties/code`, (d) => (input(d).code.nullable = true)],
  ["discriminated", "a choice without a discriminator", "components/schemas/Owner",
    (d) => delete schema(d, "Owner").discriminator],
  ["exemplified", "a pattern without an example", `${FIRM_INPUT}/properties/code`, (d) => delete input(d).code.example],
  ["exemplified", "an example of a cursor", "paths//firms/get/parameters/1/schema",
    (d) => (schema(d, "Cursor").example = "abc")],
  ["exemplified", "an example of an optional query", "paths//firms/get/parameters/0/schema",
    (d) => (d.paths["/firms"].get.parameters[0].example = 50)],
  ["answered", "an answer without an example", "paths//firm/get/responses/200/content/application/json",
    (d) => delete d.paths["/firm"].get.responses[200].content["application/json"].example],
  ["paged", "a list without a cursor", "paths//sites/get", (d) => d.paths["/sites"].get.parameters.pop()],
];

/** What our rules say of a document, each as rule and place. */
function findings(document) {
  const folder = mkdtempSync(join(tmpdir(), "mamori-rules."));
  try {
    const [file, output] = ["document.json", "findings.json"].map((name) => join(folder, name));
    writeFileSync(file, JSON.stringify(document));
    const spectral = join(here, "../node_modules/.bin/spectral");
    const run = spawnSync(spectral, ["lint", "--ruleset", rules, "--format=json", "--output", output, file], { encoding: "utf8" });
    if (run.status > 1) throw new Error(`spectral failed: ${run.stdout}${run.stderr}`);
    const found = JSON.parse(readFileSync(output, "utf8")).filter(({ code }) => code.startsWith("contract-"));
    return new Set(found.map(({ code, path }) => `${code.slice("contract-".length)} ${path.join("/")}`));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const before = findings(sound());
for (const line of before) console.log(`FAIL found before anything was planted: ${line}`);
const document = sound();
for (const [, , , plant] of FAULTS) plant(document);
const found = findings(document);
const missed = FAULTS.filter(([rule, , place]) => !found.has(`${rule} ${place}`));
for (const [rule, what, place] of missed) console.log(`FAIL not found: ${rule}: ${what} (${place})`);
// A rule that nothing is planted for is judged by nobody.
const known = [...readFileSync(rules, "utf8").matchAll(/functionOptions: \{ rule: (\w+)/g)].map(([, rule]) => rule);
const unplanted = known.filter((rule) => !FAULTS.some(([of]) => of === rule));
for (const rule of unplanted) console.log(`FAIL nothing is planted for the rule ${rule}`);
console.log(`rules of our own: found ${FAULTS.length - missed.length} of ${FAULTS.length} planted, for ${known.length} rules`);
process.exit(before.size + missed.length + unplanted.length > 0 ? 1 : 0);
