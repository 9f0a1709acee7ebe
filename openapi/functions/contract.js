// The rules of our own on openapi.json, for `spectral.yaml`: what code generators love and integrators count on.
// Each takes the document as it is written, references unresolved, and gives the places where it is broken.

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const SCHEMA = "#/components/schemas/";

const object = (value) => value !== null && typeof value === "object";
const at = (document, pointer) =>
  pointer
    .slice(2)
    .split("/")
    .reduce((node, key) => node?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], document);
const resolved = (document, node) => (node?.$ref ? at(document, node.$ref) : node);
const has = (schema, type) => [schema.type].flat().includes(type);
const json = (type) => /[/+]json(;|$)/.test(type);

function* operations(document) {
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of METHODS) {
      if (item[method]) yield [item[method], ["paths", path, method]];
    }
  }
}

/** The schemas directly within a schema, each with its path; what must not match, or is shown, is none. */
function* within(schema, path) {
  for (const key of ["properties", "patternProperties", "$defs"]) {
    for (const [name, inner] of Object.entries(schema[key] ?? {})) yield [inner, [...path, key, name]];
  }
  for (const key of ["items", "additionalProperties", "contains", "propertyNames", "then", "else"]) {
    if (object(schema[key])) yield [schema[key], [...path, key]];
  }
  for (const key of ["allOf", "anyOf", "oneOf", "prefixItems"]) {
    for (const [index, inner] of (schema[key] ?? []).entries()) yield [inner, [...path, key, index]];
  }
}

/** A schema, all within it, and, where `document` is given, what they refer to; each once. */
function* walk(schema, path, document, seen = new Set()) {
  if (!object(schema) || seen.has(schema)) return;
  seen.add(schema);
  if (document && schema.$ref) {
    yield* walk(at(document, schema.$ref), ["components", "schemas", schema.$ref.slice(SCHEMA.length)], document, seen);
  }
  yield [schema, path];
  for (const [inner, place] of within(schema, path)) yield* walk(inner, place, document, seen);
}

/** The schemas of the media types of a body or an answer. */
function* contents(document, holder, path) {
  for (const [type, media] of Object.entries(resolved(document, holder)?.content ?? {})) {
    if (media.schema) yield [media.schema, [...path, "content", type, "schema"], media, type];
  }
}

function* parameters(document, operation, path) {
  for (const [index, written] of (operation.parameters ?? []).entries()) {
    const parameter = resolved(document, written);
    const place = written.$ref ? written.$ref.slice(2).split("/") : [...path, "parameters", index];
    if (parameter?.schema) yield [parameter.schema, [...place, "schema"], parameter];
  }
}

function* bodies(document) {
  for (const [operation, path] of operations(document)) {
    yield* contents(document, operation.requestBody, [...path, "requestBody"]);
  }
}

function* answers(document) {
  for (const [operation, path] of operations(document)) {
    for (const [status, response] of Object.entries(operation.responses ?? {})) {
      for (const found of contents(document, response, [...path, "responses", status])) yield [...found, status];
    }
  }
}

/** Every schema that is written in the document, with the parameter that holds it, if one does. */
function* schemas(document) {
  const seen = new Set();
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
    yield* walk(schema, ["components", "schemas", name], null, seen);
  }
  for (const [operation, path] of operations(document)) {
    for (const [schema, place, parameter] of parameters(document, operation, path)) {
      for (const found of walk(schema, place, null, seen)) yield [...found, parameter];
    }
  }
  for (const [schema, path] of [...bodies(document), ...answers(document)]) yield* walk(schema, path, null, seen);
}

const RULES = {
  /** An object or a choice without a name gets a poor one from each generator, another one from each. */
  *named(document) {
    for (const [schema, path] of schemas(document)) {
      const root = path.length === 3 && path[1] === "schemas";
      // A part of a component that is merged into it.
      const part = path.length === 5 && path[1] === "schemas" && path[3] === "allOf";
      if (root || part) continue;
      if (schema.properties) yield ["an object is a component of its own", path];
      if (schema.enum?.length > 1) yield ["an enum is a component of its own", path];
      if (schema.oneOf?.length > 1 && !schema.oneOf.some((inner) => has(inner, "null"))) {
        yield ["a choice is a component of its own", path];
      }
    }
  },

  /** The method of an SDK, its class, its comment and its need of a token. */
  *operations(document, { verbs }) {
    for (const [operation, path] of operations(document)) {
      const id = operation.operationId ?? "";
      if (!/^[a-z]+(_[a-z0-9]+)*$/.test(id) || !verbs.includes(id.split("_")[0])) {
        yield [`operationId "${id}" is snake_case and begins with one of the known verbs`, [...path, "operationId"]];
      }
      if (operation.tags?.length !== 1) yield ["an operation has exactly one tag", [...path, "tags"]];
      if (!operation.description) yield ["an operation has a description", path];
      if (!Array.isArray(operation.security)) yield ["an operation says its security, if only []", path];
    }
  },

  /** What a client sends by mistake is told to it. */
  *closed(document) {
    for (const [schema, path] of bodies(document)) {
      for (const [inner, place] of walk(schema, path, document)) {
        const open = inner.additionalProperties !== false && inner.unevaluatedProperties !== false;
        if (inner.properties && open && !object(inner.additionalProperties)) {
          yield ["an object that is sent is closed: additionalProperties: false", place];
        }
      }
    }
  },

  /** What a later version adds to an answer breaks no client. */
  *open(document) {
    for (const [schema, path] of answers(document)) {
      for (const [inner, place] of walk(schema, path, document)) {
        if (inner.additionalProperties === false || inner.unevaluatedProperties === false) {
          yield ["an object that is answered is open", place];
        }
      }
    }
  },

  /** Nothing without a bound comes in, and no text without a form. */
  *bounded(document, { lenient, free }) {
    const sent = [...bodies(document)];
    for (const [operation, path] of operations(document)) sent.push(...parameters(document, operation, path));
    const seen = new Set();
    for (const [schema, path, holder] of sent) {
      if (lenient.includes(holder.name)) continue;
      for (const [inner, place] of walk(schema, path, document, seen)) {
        // In 3.0 what may be null is bounded by what it refers to.
        if (free.includes(place[2]) || inner.allOf?.some((part) => part.$ref)) continue;
        const lacks = (...keys) => !keys.some((key) => key in inner);
        const short = ["uuid", "date", "date-time"].includes(inner.format);
        if (has(inner, "string")) {
          if (lacks("maxLength", "enum", "const") && !short) yield ["a text that is sent has maxLength, enum or const", place];
          if (lacks("format", "pattern", "enum", "const")) yield ["a text that is sent has format, pattern, enum or const", place];
        }
        if (has(inner, "array") && lacks("maxItems")) yield ["an array that is sent has maxItems", place];
        if (has(inner, "integer") && (lacks("minimum", "exclusiveMinimum") || lacks("maximum", "exclusiveMaximum"))) {
          yield ["an integer that is sent has minimum and maximum", place];
        }
      }
    }
  },

  /** What can be wrong is refused: a body, or a query. */
  *refusing(document) {
    for (const [operation, path] of operations(document)) {
      const query = [...parameters(document, operation, path)].some(([, , parameter]) => parameter.in === "query");
      const refusal = operation.responses?.[400] ?? operation.responses?.[422];
      if ((operation.requestBody || query) && !refusal) yield ["what takes a body or a query answers 400 or 422", path];
    }
  },

  /** Every problem is one of RFC 9457, but for the errors whose form OAuth fixes. */
  *problems(document, { except }) {
    for (const [, path, , type, status] of answers(document)) {
      if (/^[45]/.test(status) && !except.includes(path[1]) && type !== "application/problem+json") {
        yield ["an error is application/problem+json", path.slice(0, -1)];
      }
    }
  },

  /** Without a token nothing is had but what is for everybody: that asks for nothing, or takes `{}`, nothing, too. */
  *restricted(document, { public: everybody }) {
    for (const [operation, path] of operations(document)) {
      const ways = operation.security ?? document.security ?? [];
      const free = ways.length === 0 || ways.some((way) => Object.keys(way).length === 0);
      if (free !== everybody.includes(operation.operationId)) {
        yield [free ? "an operation asks for a token" : "what is for everybody asks for no token", [...path, "security"]];
      }
    }
  },

  /** 3.1 has a type of null; `nullable` is not read any more. */
  *nullable(document) {
    for (const [schema, path] of schemas(document)) {
      if ("nullable" in schema) yield ["null is a type: [string, \"null\"]", path];
    }
  },

  /** Without it, a strict language can't tell the variants apart. */
  *discriminated(document) {
    for (const [schema, path] of schemas(document)) {
      for (const choice of ["oneOf", "anyOf"]) {
        const objects = (schema[choice] ?? []).filter((inner) => {
          const variant = resolved(document, inner);
          return variant?.properties || variant?.allOf || has(variant ?? {}, "object");
        });
        if (objects.length > 1 && !schema.discriminator) yield [`${choice} of objects has a discriminator`, path];
      }
    }
  },

  /** A reader sees by the example what the pattern means; of what may be left out a console would send it. */
  *exemplified(document) {
    const shown = (...holders) => holders.some((it) => "example" in it || "examples" in it);
    const optional = new Set();
    for (const [operation, path] of operations(document)) {
      for (const [schema, place, parameter] of parameters(document, operation, path)) {
        if (parameter.required) continue;
        optional.add(schema).add(resolved(document, schema));
        if (shown(parameter, schema, resolved(document, schema))) {
          yield ["a parameter that may be left out has no example", place];
        }
      }
    }
    for (const [schema, path, parameter] of schemas(document)) {
      if (schema.pattern && !optional.has(schema) && !shown(schema, parameter ?? {})) {
        yield ["a pattern has an example beside it", path];
      }
    }
  },

  /** Documentation shows what is really answered. */
  *answered(document) {
    for (const [, path, media, type, status] of answers(document)) {
      if (status.startsWith("2") && json(type) && !("example" in media) && !media.examples) {
        yield ["a successful answer has an example", path.slice(0, -1)];
      }
    }
  },

  /** Every list is read the same way, but for those of the product's own that are told whole. */
  *paged(document, { whole = [] }) {
    for (const [operation, path] of operations(document)) {
      if (!operation.operationId?.startsWith("list_") || whole.includes(operation.operationId)) continue;
      const names = [...parameters(document, operation, path)].map(([, , parameter]) => parameter.name);
      for (const name of ["limit", "cursor"]) {
        if (!names.includes(name)) yield [`a list takes ${name}`, path];
      }
    }
  },
};

export default function contract(document, options) {
  const places = new Set();
  const found = [];
  for (const [message, path] of RULES[options.rule](document, options)) {
    const key = message + path.join("\n");
    if (!places.has(key)) found.push({ message, path });
    places.add(key);
  }
  return found;
}
