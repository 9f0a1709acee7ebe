// Plants changes into a small document and sees that each that breaks a client is found, by optic or by the guard, and
// that what only adds is let through. Run by `.ci/judge-breaking.sh --self-test`.
import { breaks } from "./guard.mjs";
import { opticBreaks } from "./optic.mjs";

const ref = (name) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema) => ({ "application/json": { schema } });
const text = { type: "string", maxLength: 100 };

/** A little of all that the real document is made of. */
const released = () => ({
  openapi: "3.1.0",
  info: { title: "Firms", version: "1.0.0", description: "Firms and their sites." },
  servers: [{ url: "/" }],
  paths: {
    "/firms": {
      get: {
        operationId: "list_firms",
        parameters: [
          { name: "limit", in: "query", schema: { type: "integer", format: "int32", minimum: 1, maximum: 200 } },
          { name: "state", in: "query", schema: ref("State") },
        ],
        responses: { 200: { description: "firms", content: json(ref("FirmList")) } },
        security: [{ oauth2: ["firms:read"] }],
      },
      post: {
        operationId: "create_firm",
        requestBody: { required: true, content: { ...json(ref("FirmInput")), "text/csv": { schema: text } } },
        responses: {
          201: { description: "the firm", content: json(ref("Firm")), headers: { Location: { schema: text } } },
          409: { description: "taken", content: json(ref("Problem")) },
        },
        security: [{ oauth2: ["firms:write"] }],
      },
    },
    "/firms/{id}": {
      parameters: [{ name: "id", in: "path", required: true, schema: { type: "string", format: "uuid" } }],
      get: {
        operationId: "get_firm",
        responses: {
          200: { description: "the firm", content: { ...json(ref("Firm")), "text/csv": { schema: text } } },
        },
        security: [{}, { oauth2: ["firms:read"] }],
      },
      delete: { operationId: "delete_firm", responses: { 204: { description: "gone" } }, security: [{ oauth2: [] }] },
    },
  },
  components: {
    securitySchemes: {
      oauth2: {
        type: "oauth2",
        flows: { clientCredentials: { tokenUrl: "/oauth/token", scopes: { "firms:read": "r", "firms:write": "w" } } },
      },
    },
    schemas: {
      State: { type: "string", enum: ["active", "closed", "merged"] },
      Site: { type: "object", properties: { name: text }, required: ["name"] },
      Person: {
        type: "object",
        properties: { kind: { type: "string", enum: ["person"] }, name: text },
        required: ["kind", "name"],
      },
      Body: {
        type: "object",
        properties: { kind: { type: "string", enum: ["body"] }, number: text },
        required: ["kind", "number"],
      },
      Owner: { oneOf: [ref("Person"), ref("Body")], discriminator: { propertyName: "kind" } },
      Firm: {
        type: "object",
        properties: {
          id: { type: "string", format: "uuid" },
          name: text,
          state: ref("State"),
          employees: { type: "integer", format: "int32", minimum: 0, maximum: 1000 },
          site: { oneOf: [{ type: "null" }, ref("Site")] },
          main: ref("Site"),
          owner: ref("Owner"),
          tags: { type: "array", items: text, maxItems: 20 },
          note: { type: ["string", "null"] },
        },
        required: ["id", "name", "state", "main"],
      },
      FirmInput: {
        type: "object",
        additionalProperties: false,
        properties: {
          name: { type: "string", minLength: 1, maxLength: 100 },
          state: ref("State"),
          employees: { type: "integer", format: "int32", minimum: 0, maximum: 1000 },
          site: { oneOf: [{ type: "null" }, ref("Site")] },
          owner: ref("Owner"),
          tags: { type: "array", items: text, maxItems: 20 },
          note: { type: ["string", "null"] },
          code: { type: "string" },
          share: { type: "number", exclusiveMinimum: 0, maximum: 1 },
        },
        required: ["name"],
      },
      FirmList: { type: "object", properties: { items: { type: "array", items: ref("Firm") } }, required: ["items"] },
      Problem: { type: "object", properties: { title: text, status: { type: "integer" } }, required: ["title"] },
    },
  },
});

const schema = (d, name) => d.components.schemas[name];
const input = (d) => schema(d, "FirmInput");
const firm = (d) => schema(d, "Firm");
const copied = (d, name) => JSON.parse(JSON.stringify(schema(d, name)));

// Each takes the document and breaks it in one way.
const BREAKS = {
  // what optic does not see, and breaking.mjs is there for
  "null refused for a reference in a request": (d) => (input(d).properties.site = ref("Site")),
  "null answered for a reference": (d) => (firm(d).properties.main = { oneOf: [{ type: "null" }, ref("Site")] }),
  "maxItems of a request tightened": (d) => (input(d).properties.tags.maxItems = 5),
  "maxItems of a request introduced": (d) => (d.paths["/firms"].post.requestBody.content = {
    ...json({ type: "array", items: ref("FirmInput"), maxItems: 5 }),
    "text/csv": { schema: text },
  }),
  "media type of an answer removed": (d) => delete d.paths["/firms/{id}"].get.responses[200].content["text/csv"],
  "media type of a request removed": (d) => delete d.paths["/firms"].post.requestBody.content["text/csv"],
  "variant of a choice in a request removed": (d) => schema(d, "Owner").oneOf.pop(),
  "security added to an open operation": (d) => d.paths["/firms/{id}"].get.security.shift(),
  "another scope needed": (d) => (d.paths["/firms"].get.security = [{ oauth2: ["firms:read", "firms:write"] }]),
  // the common ones
  "operation removed": (d) => delete d.paths["/firms/{id}"].delete,
  "path removed": (d) => delete d.paths["/firms/{id}"],
  "operationId changed": (d) => (d.paths["/firms"].get.operationId = "all_firms"),
  "required property added to a request": (d) => {
    input(d).properties.country = text;
    input(d).required.push("country");
  },
  "property of a request made required": (d) => input(d).required.push("employees"),
  "property removed from a closed request": (d) => delete input(d).properties.employees,
  "property removed from an answer": (d) => delete firm(d).properties.employees,
  "required property of an answer made optional": (d) => firm(d).required.pop(),
  "enum value removed from a request": (d) => {
    d.components.schemas.StateInput = { type: "string", enum: ["active", "closed"] };
    input(d).properties.state = ref("StateInput");
  },
  "enum value removed from a query": (d) => (d.paths["/firms"].get.parameters[1].schema = { type: "string", enum: ["active"] }),
  "enum value removed from an answer": (d) => (firm(d).properties.state = { type: "string", enum: ["active", "closed"] }),
  "enum value removed from a request and its answer": (d) => schema(d, "State").enum.pop(),
  "enum put on a free text of a request": (d) => (input(d).properties.code.enum = ["a", "b"]),
  "type of a request's property changed": (d) => (input(d).properties.employees = text),
  "type of an answer's property changed": (d) => (firm(d).properties.employees = text),
  "null refused for a text in a request": (d) => (input(d).properties.note.type = "string"),
  "null answered for a text": (d) => (firm(d).properties.name = { ...text, type: ["string", "null"] }),
  "status removed": (d) => {
    d.paths["/firms"].post.responses[202] = d.paths["/firms"].post.responses[201];
    delete d.paths["/firms"].post.responses[201];
  },
  "required query added": (d) => d.paths["/firms"].get.parameters.push({ name: "year", in: "query", required: true, schema: text }),
  "query made required": (d) => (d.paths["/firms"].get.parameters[0].required = true),
  "query removed": (d) => d.paths["/firms"].get.parameters.pop(),
  "type of a query changed": (d) => (d.paths["/firms"].get.parameters[0].schema = text),
  "maxLength tightened": (d) => (input(d).properties.name.maxLength = 50),
  "minLength tightened": (d) => (input(d).properties.name.minLength = 2),
  "maximum tightened": (d) => (input(d).properties.employees.maximum = 100),
  "maximum of a query tightened": (d) => (d.paths["/firms"].get.parameters[0].schema.maximum = 100),
  "pattern put on a text of a request": (d) => (input(d).properties.code.pattern = "^[a-z]+$"),
  "exclusiveMinimum in the place of a minimum": (d) => {
    input(d).properties.employees = { type: "integer", format: "int32", exclusiveMinimum: 0, maximum: 1000 };
  },
  "exclusiveMaximum introduced": (d) => (input(d).properties.employees.exclusiveMaximum = 1000),
  "exclusiveMinimum tightened": (d) => (input(d).properties.share.exclusiveMinimum = 0.5),
  "exclusiveMaximum of 3.0 introduced": (d) => (input(d).properties.employees.exclusiveMaximum = true),
  "minProperties introduced": (d) => (input(d).minProperties = 2),
  "variants told apart by another property": (d) => {
    schema(d, "Owner").discriminator.propertyName = "sort";
    for (const name of ["Person", "Body"]) schema(d, name).properties.sort = schema(d, name).properties.kind;
  },
  "variants no longer told apart by a property": (d) => delete schema(d, "Owner").discriminator,
  "tokens got elsewhere": (d) => (d.components.securitySchemes.oauth2.flows.clientCredentials.tokenUrl = "/token"),
  "the way to tokens removed": (d) => (d.components.securitySchemes.oauth2 = { type: "http", scheme: "bearer" }),
  "server removed": (d) => (d.servers = [{ url: "/v1" }]),
  "format changed": (d) => (firm(d).properties.id.format = "date"),
};

// What a client of the released document never notices.
const ADDITIONS = {
  "nothing at all": () => {},
  "operation added": (d) => (d.paths["/sites"] = { get: { ...d.paths["/firms"].get, operationId: "list_sites" } }),
  "optional property of a request added": (d) => (input(d).properties.country = text),
  "nullable property of a request added": (d) => (input(d).properties.second = { oneOf: [{ type: "null" }, ref("Site")] }),
  "property of an answer added": (d) => (firm(d).properties.country = text),
  "required property of an answer added": (d) => {
    firm(d).properties.country = text;
    firm(d).required.push("country");
  },
  "optional query added": (d) => d.paths["/firms"].get.parameters.push({ name: "year", in: "query", schema: text }),
  "optional header added": (d) => d.paths["/firms"].get.parameters.push({ name: "Lang", in: "header", schema: text }),
  "refusal added": (d) => (d.paths["/firms"].get.responses[429] = d.paths["/firms"].post.responses[409]),
  "header of an answer added": (d) => (d.paths["/firms"].post.responses[201].headers.ETag = { schema: text }),
  "media type of an answer added": (d) => (d.paths["/firms"].get.responses[200].content["text/csv"] = { schema: text }),
  "media type of a request added": (d) => (d.paths["/firms"].post.requestBody.content["application/merge-patch+json"] = { schema: ref("FirmInput") }),
  "maxLength loosened": (d) => (input(d).properties.name.maxLength = 200),
  "maximum loosened": (d) => (input(d).properties.employees.maximum = 5000),
  "maxItems loosened": (d) => (input(d).properties.tags.maxItems = 50),
  "maxItems removed": (d) => delete input(d).properties.tags.maxItems,
  "required property of a request made optional": (d) => (input(d).required = []),
  "exclusiveMinimum loosened": (d) => {
    delete input(d).properties.share.exclusiveMinimum;
    input(d).properties.share.minimum = 0;
  },
  "minimum said as an exclusiveMinimum below it": (d) => {
    input(d).properties.employees = { type: "integer", format: "int32", exclusiveMinimum: -1, maximum: 1000 };
  },
  "server added": (d) => d.servers.push({ url: "https://mamori.example" }),
  "query's maximum loosened": (d) => (d.paths["/firms"].get.parameters[0].schema.maximum = 500),
  "enum value added to a request alone": (d) => {
    d.components.schemas.StateInput = { type: "string", enum: [...schema(d, "State").enum, "sold"] };
    input(d).properties.state = ref("StateInput");
  },
  "enum value added to an answer": (d) => (firm(d).properties.state = { type: "string", enum: [...schema(d, "State").enum, "sold"] }),
  "null allowed in a request": (d) => (input(d).properties.code.type = ["string", "null"]),
  "null allowed for a reference in a request": (d) => {
    input(d).properties.owner = { oneOf: [{ type: "null" }, ref("Owner")] };
  },
  "null no more answered": (d) => (firm(d).properties.note.type = "string"),
  "null no more answered for a reference": (d) => (firm(d).properties.site = ref("Site")),
  "security loosened": (d) => d.paths["/firms"].get.security.unshift({}),
  "a component renamed": (d) => {
    d.components.schemas.Place = copied(d, "Site");
    firm(d).properties.main = ref("Place");
  },
  "texts changed": (d) => (d.info.description = firm(d).description = "Firms."),
  "example added": (d) => (firm(d).properties.name = { ...text, example: "みほん" }),
};

let failed = 0;
const tell = (good, what, lines = []) => {
  console.log(`${good ? "ok  " : "FAIL"} ${what}`);
  if (!good) for (const line of lines) console.log(`       ${line}`);
  failed += good ? 0 : 1;
  return good;
};
const planted = (plant) => {
  const document = released();
  plant(document);
  return document;
};

// Optic needs seconds for each, so it is asked where the guard finds nothing.
let found = 0;
for (const [name, plant] of Object.entries(BREAKS)) {
  const document = planted(plant);
  const by = breaks(released(), document).length ? "the guard" : opticBreaks(released(), document).found.length ? "optic" : "";
  if (tell(by, `break: ${name}: ${by ? `found by ${by}` : "not found"}`)) found += 1;
}

// Optic itself, by what it must find; and by all additions at once, which it must let through.
for (const name of ["operation removed", "type of a request's property changed", "property removed from an answer"]) {
  tell(opticBreaks(released(), planted(BREAKS[name])).found.length > 0, `optic by itself: ${name}`);
}
let through = 0;
for (const [name, plant] of Object.entries(ADDITIONS)) {
  const own = breaks(released(), planted(plant));
  if (tell(own.length === 0, `addition: ${name}`, own)) through += 1;
}
const all = opticBreaks(released(), planted((document) => Object.values(ADDITIONS).forEach((plant) => plant(document))));
tell(all.found.length === 0, `optic lets all additions through, in ${all.paths} paths`, all.found);

console.log(`breaks found: ${found} of ${Object.keys(BREAKS).length} planted`);
console.log(`additions let through: ${through} of ${Object.keys(ADDITIONS).length}`);
process.exit(failed ? 1 : 0);
