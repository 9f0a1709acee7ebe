// Judges documents against the released ones: node judge.mjs RELEASED DOCUMENT [RELEASED DOCUMENT]…
// Optic reads the first pair; the others are renderings of it, for which the guard is enough.
import { readFileSync } from "node:fs";
import { breaks } from "./guard.mjs";
import { opticBreaks } from "./optic.mjs";

const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const files = process.argv.slice(2);
let failed = false;
for (let index = 0; index < files.length; index += 2) {
  const [before, after] = files.slice(index, index + 2).map(read);
  const own = breaks(before, after);
  const optic = index === 0 ? opticBreaks(before, after) : null;
  for (const line of own) console.log(`guard: ${line}`);
  for (const line of optic?.found ?? []) console.log(`optic: ${line}`);
  const also = optic ? `, ${optic.found.length} by optic, in ${optic.paths} paths that differ` : "";
  console.log(
    `breaking changes of ${before.openapi}: ${own.length} by the guard${also}; ${Object.keys(before.paths).length} paths released`,
  );
  failed ||= own.length + (optic?.found.length ?? 0) > 0;
}
process.exit(failed ? 1 : 0);
