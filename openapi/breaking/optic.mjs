// Runs optic on two documents: nothing is sent anywhere, no git or account of its own is asked.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OPTIC = join(dirname(fileURLToPath(import.meta.url)), "../node_modules/.bin/optic");
const SILENT = { OPTIC_TELEMETRY_LEVEL: "off", DO_NOT_TRACK: "1", CI: "true", NO_COLOR: "1", FORCE_COLOR: "0" };

// What optic takes for a break though it is none, each with the reason.
const FALSE_ALARMS = [
  // The guide: enums of answers are open, and a client has a branch for a value that it does not know. A value added to
  // what is sent is no alarm of optic's.
  /cannot add enum option.*from '.*' property/,
  // It alarms at each required field within an object that is new as a whole: of an optional field or a media type that
  // was added. The guard watches the required fields of objects that were there before.
  /cannot add a required request property/,
];

// Texts and examples break nobody.
const TEXTS = new Set(["description", "summary", "title", "example", "examples", "links", "externalDocs", "tags"]);
// What has names of our own as its keys.
const NAMES = new Set(["properties", "schemas", "paths", "responses", "headers", "parameters", "securitySchemes", "scopes"]);

function bare(node, named = false) {
  if (Array.isArray(node)) return node.map((inner) => bare(inner));
  if (node === null || typeof node !== "object") return node;
  // optic takes null beside a reference for a variant of its own, and alarms when null is no more answered. The guard
  // watches nulls.
  const real = node.oneOf?.filter((variant) => variant.type !== "null");
  if (real?.length === 1) return bare(real[0]);
  const kept = Object.entries(node).filter(([key]) => named || !(TEXTS.has(key) || key.startsWith("x-")));
  return Object.fromEntries(kept.map(([key, value]) => [key, bare(value, !named && NAMES.has(key))]));
}

/** The components that a node refers to, by way of others too. */
function reached(document, node, names = new Set()) {
  for (const [, pointer] of JSON.stringify(node).matchAll(/"\$ref":"#\/components\/([^"]+)"/g)) {
    if (names.has(pointer)) continue;
    names.add(pointer);
    const [kind, name] = pointer.split("/");
    reached(document, document.components[kind][name], names);
  }
  return names;
}

/** An operation with all that it is made of, as one text. */
const whole = (document, item) =>
  JSON.stringify([item, [...reached(document, item)].sort().map((it) => [it, it.split("/").reduce((at, key) => at[key], document.components)])]);

/** The two documents without the paths that are the same in both: optic is slow. */
function differing(before, after) {
  const [old, now] = [bare(before), bare(after)];
  for (const path of Object.keys(old.paths)) {
    if (now.paths[path] && whole(old, old.paths[path]) === whole(now, now.paths[path])) {
      delete old.paths[path];
      delete now.paths[path];
    }
  }
  for (const document of [old, now]) {
    const names = reached(document, document.paths);
    for (const kind of ["schemas", "responses", "parameters", "headers", "examples", "requestBodies"]) {
      for (const name of Object.keys(document.components[kind] ?? {})) {
        if (!names.has(`${kind}/${name}`)) delete document.components[kind][name];
      }
    }
    // What the form of a document asks for, and the texts are gone.
    document.info = { title: "document", version: "1" };
    for (const item of Object.values(document.paths)) {
      for (const operation of Object.values(item)) {
        for (const response of Object.values(operation.responses ?? {})) if (!response.$ref) response.description = "";
      }
    }
  }
  return [old, now];
}

/** Each break that optic finds, as one line. */
export function opticBreaks(before, after) {
  const [old, now] = differing(before, after);
  const paths = new Set([...Object.keys(old.paths), ...Object.keys(now.paths)]).size;
  if (paths === 0) return { paths, found: [] };
  const folder = mkdtempSync(join(tmpdir(), "mamori-optic."));
  try {
    const files = ["released.json", "document.json"].map((name) => join(folder, name));
    writeFileSync(files[0], JSON.stringify(old, null, 1));
    writeFileSync(files[1], JSON.stringify(now, null, 1));
    const run = spawnSync(OPTIC, ["diff", ...files, "--check"], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, ...SILENT, HOME: folder },
      maxBuffer: 2 ** 28,
    });
    const output = `${run.stdout}${run.stderr}`.replaceAll(/\u001b\[[0-9;]*m/g, "");
    const alarms = [...new Set([...output.matchAll(/^\s*x (\[.*)$/gm)].map(([, line]) => line.trim()))];
    // Any other end than 'no breaks' and 'breaks' is a failure of the run.
    if (run.status !== 0 && !(run.status === 1 && alarms.length > 0)) throw new Error(`optic failed:\n${output}`);
    return { paths, found: alarms.filter((line) => !FALSE_ALARMS.some((alarm) => alarm.test(line))) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
