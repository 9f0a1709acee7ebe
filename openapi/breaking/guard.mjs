// What of a document breaks the clients of an earlier one: a guard beside optic, which passes over much of it (nulls,
// limits, media types, variants, security). The policy is that of the guide: v1 only grows; enums of answers are open.

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
// What is counted has at least 0 by itself.
const COUNTS = ["maxLength", "maxItems", "maxProperties", "minLength", "minItems", "minProperties"];

const target = (document, pointer) => pointer.slice(2).split("/").reduce((node, key) => node[key], document);
const resolved = (document, node) => (node?.$ref ? resolved(document, target(document, node.$ref)) : node);
const list = (value) => (value === undefined ? [] : [value].flat());
const lost = (before, after) => before.filter((value) => !after.includes(value));

/** A schema without references, null as a type and the parts of an allOf merged, for comparing. */
function flat(document, written) {
  const schema = { ...resolved(document, written) };
  for (const part of schema.allOf ?? []) {
    const { properties, required, ...rest } = flat(document, part);
    Object.assign(schema, rest, {
      properties: { ...schema.properties, ...properties },
      required: [...list(schema.required), ...list(required)],
    });
  }
  const variants = schema.oneOf ?? schema.anyOf ?? [];
  const real = variants.filter((variant) => variant.type !== "null");
  let nullable = real.length < variants.length;
  if (real.length === 1) Object.assign(schema, flat(document, real[0]));
  nullable ||= list(schema.type).includes("null") || schema.nullable === true;
  const values = schema.enum ?? ("const" in schema ? [schema.const] : undefined);
  return {
    ...schema,
    nullable,
    types: list(schema.type).filter((type) => type !== "null"),
    values: values?.filter((value) => value !== null),
    variants: real.length === 1 ? (schema.variants ?? []) : real,
  };
}

/** What a variant of a choice is known by: its name, else the value of its discriminator, else its type. */
function label(document, variant, property) {
  const kind = flat(document, flat(document, variant).properties?.[property] ?? {}).values;
  return kind?.join() ?? variant.$ref ?? JSON.stringify(variant.type ?? variant);
}

/**
 * The number that a value may just reach, in whatever way it is said: 3.1 has a number in `exclusiveMaximum`, 3.0 a
 * boolean beside `maximum`. What is excluded is a hair nearer, which also orders numbers that are not whole.
 */
function bound(schema, limit, sign) {
  const exclusive = schema[`exclusive${limit[0].toUpperCase()}${limit.slice(1)}`];
  const hair = sign * 1e-6;
  const bounds = [];
  if (limit in schema) bounds.push(schema[limit] - (exclusive === true ? hair : 0));
  if (typeof exclusive === "number") bounds.push(exclusive - hair);
  return bounds.length > 0 ? sign * Math.min(...bounds.map((one) => sign * one)) : undefined;
}

class Guard {
  constructor(before, after) {
    this.documents = [before, after];
    this.found = new Set();
    this.seen = new Set();
  }

  report(place, what) {
    this.found.add(`${place}: ${what}`);
  }

  schemas(before, after, sent, place) {
    if (before === undefined || after === undefined) return;
    // A pair of named schemas is compared once each way, which also ends a circle.
    const pair = before.$ref && after.$ref ? `${before.$ref} ${after.$ref} ${sent}` : undefined;
    if (pair && this.seen.has(pair)) return;
    if (pair) this.seen.add(pair);
    if (before.$ref) place = `${sent ? "sent" : "answered"} ${before.$ref.split("/").pop()}`;
    const [old, now] = [flat(this.documents[0], before), flat(this.documents[1], after)];
    const report = (what) => this.report(place, what);

    if (sent && old.nullable && !now.nullable) report("null is refused");
    if (!sent && !old.nullable && now.nullable) report("null is answered");
    const [wide, narrow] = sent ? [now.types, old.types] : [old.types, now.types];
    const holds = (type) => wide.includes(type) || (type === "integer" && wide.includes("number"));
    if (wide.length > 0 && (narrow.length === 0 || !narrow.every(holds))) report(`type ${old.types} became ${now.types}`);
    if (old.format !== now.format && (sent ? now.format : old.format)) report(`format ${old.format} became ${now.format}`);
    if (old.values && now.values && lost(old.values, now.values).length > 0) {
      report(`values removed: ${lost(old.values, now.values)}`);
    }
    if (sent && now.values && !old.values) report("limited to an enum");
    if (sent) this.limits(old, now, report);

    this.properties(old, now, sent, place);
    this.schemas(old.items, now.items, sent, `${place}[]`);
    if (typeof old.additionalProperties === "object" && typeof now.additionalProperties === "object") {
      this.schemas(old.additionalProperties, now.additionalProperties, sent, `${place}{}`);
    }
    const [property, another] = [old, now].map((schema) => schema.discriminator?.propertyName);
    if (property !== another && property) report(`discriminator ${property} became ${another}`);
    const labels = new Map(now.variants.map((variant) => [label(this.documents[1], variant, property), variant]));
    for (const variant of old.variants) {
      const name = label(this.documents[0], variant, property);
      if (labels.has(name)) this.schemas(variant, labels.get(name), sent, `${place}(${name})`);
      else report(`variant ${name} removed`);
    }
  }

  limits(old, now, report) {
    const tighter = (limit, sign, was, is) => {
      if (is !== undefined && (was === undefined || sign * is < sign * was)) report(`${limit} ${was} became ${is}`);
    };
    for (const limit of COUNTS) {
      const least = limit.startsWith("min");
      const [was, is] = [old, now].map((schema) => schema[limit] ?? (least ? 0 : undefined));
      tighter(limit, least ? -1 : 1, was, is);
    }
    tighter("maximum", 1, bound(old, "maximum", 1), bound(now, "maximum", 1));
    tighter("minimum", -1, bound(old, "minimum", -1), bound(now, "minimum", -1));
    if (now.pattern && now.pattern !== old.pattern) report(`pattern ${old.pattern} became ${now.pattern}`);
    if (now.uniqueItems && !old.uniqueItems) report("uniqueItems");
    const closed = (schema) => schema.additionalProperties === false || schema.unevaluatedProperties === false;
    if (closed(now) && !closed(old)) report("unknown fields are refused");
  }

  properties(old, now, sent, place) {
    const closed = now.additionalProperties === false || now.unevaluatedProperties === false;
    for (const [name, schema] of Object.entries(old.properties ?? {})) {
      const kept = now.properties?.[name];
      if (kept) this.schemas(schema, kept, sent, `${place}.${name}`);
      else if (!sent || closed) this.report(place, `property ${name} removed`);
    }
    const [required, before] = [list(now.required), list(old.required)];
    for (const name of sent ? lost(required, before) : lost(before, required)) {
      if (sent || now.properties?.[name]) this.report(place, `${name} is ${sent ? "now" : "no longer"} required`);
    }
  }

  contents(before, after, sent, place) {
    for (const [type, media] of Object.entries(before ?? {})) {
      if (after?.[type]) this.schemas(media.schema, after[type].schema, sent, `${place} ${type}`);
      else this.report(place, `media type ${type} removed`);
    }
  }

  parameters(before, after, place) {
    const key = (parameter) => `${parameter.in} ${parameter.name}`;
    const [old, now] = [before, after].map((all) => new Map(all.map((parameter) => [key(parameter), parameter])));
    for (const [name, parameter] of old) {
      if (now.has(name)) this.schemas(parameter.schema, now.get(name).schema, true, `${place} ${name}`);
      else if (parameter.in !== "path") this.report(place, `${name} removed`);
    }
    for (const [name, parameter] of now) {
      if (parameter.in !== "path" && parameter.required && !old.get(name)?.required) this.report(place, `${name} is needed`);
    }
  }

  /** Each way in that there was must still be enough: the same scheme, with no more scopes. */
  security(before, after, place) {
    const enough = (way, old) => Object.entries(way).every(([name, scopes]) => old[name] && lost(scopes, old[name]).length === 0);
    const [old, now] = [before, after].map((ways) => (ways?.length ? ways : [{}]));
    for (const way of old) {
      if (!now.some((other) => enough(other, way))) this.report(place, `security ${JSON.stringify(way)} is no longer enough`);
    }
  }

  operation(before, after, place) {
    const of = (index, node) => resolved(this.documents[index], node);
    if (before.operationId !== after.operationId) this.report(place, `operationId ${before.operationId} became ${after.operationId}`);
    this.parameters(before.parameters.map((it) => of(0, it)), after.parameters.map((it) => of(1, it)), place);
    const [body, newBody] = [of(0, before.requestBody), of(1, after.requestBody)];
    if (newBody?.required && !body?.required) this.report(place, "a body is needed");
    if (body && !newBody) this.report(place, "takes no body");
    if (body && newBody) this.contents(body.content, newBody.content, true, `${place} request`);
    for (const [status, written] of Object.entries(before.responses)) {
      const [response, kept] = [of(0, written), of(1, after.responses[status])];
      // A refusal that does not come any more breaks nobody.
      if (!kept && /^[23]/.test(status)) this.report(place, `status ${status} removed`);
      if (!kept) continue;
      this.contents(response.content, kept.content, false, `${place} ${status}`);
      for (const name of lost(Object.keys(response.headers ?? {}), Object.keys(kept.headers ?? {}))) {
        this.report(`${place} ${status}`, `header ${name} removed`);
      }
    }
    this.security(before.security ?? this.documents[0].security, after.security ?? this.documents[1].security, place);
  }
}

/** Where clients get their tokens: scheme and flow, each with its address. */
function* tokenUrls(document) {
  for (const [name, scheme] of Object.entries(document.components?.securitySchemes ?? {})) {
    for (const [flow, { tokenUrl }] of Object.entries(scheme.flows ?? {})) yield [`${name} ${flow}`, tokenUrl];
  }
}

/** Each break as one line. */
export function breaks(before, after) {
  const guard = new Guard(before, after);
  const urls = new Map(tokenUrls(after));
  for (const [flow, url] of tokenUrls(before)) {
    if (urls.get(flow) !== url) guard.report(flow, `tokenUrl ${url} became ${urls.get(flow)}`);
  }
  // A document without servers is that of the place it was got from.
  const [servers, now] = [before, after].map((document) => (document.servers ?? [{ url: "/" }]).map(({ url }) => url));
  if (lost(servers, now).length > 0) guard.report("servers", `removed: ${lost(servers, now)}`);
  for (const [path, item] of Object.entries(before.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const place = `${method.toUpperCase()} ${path}`;
      const now = after.paths[path]?.[method];
      const whole = (operation, shared) => ({ ...operation, parameters: [...list(shared), ...list(operation.parameters)] });
      if (now) guard.operation(whole(item[method], item.parameters), whole(now, after.paths[path].parameters), place);
      else guard.report(place, "removed");
    }
  }
  return [...guard.found];
}
