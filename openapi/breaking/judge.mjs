// Judges a document against the last released one: node judge.mjs RELEASED DOCUMENT
import { readFileSync } from "node:fs";
import { breaks } from "./guard.mjs";
import { opticBreaks } from "./optic.mjs";

const [before, after] = process.argv.slice(2, 4).map((file) => JSON.parse(readFileSync(file, "utf8")));
const own = breaks(before, after);
const optic = opticBreaks(before, after);
for (const line of own) console.log(`guard: ${line}`);
for (const line of optic.found) console.log(`optic: ${line}`);
console.log(
  `breaking changes: ${own.length} by the guard, ${optic.found.length} by optic, ` +
    `in ${optic.paths} paths that differ of ${Object.keys(before.paths).length} released`,
);
process.exit(own.length + optic.found.length > 0 ? 1 : 0);
