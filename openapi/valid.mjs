// Validates documents against the schema of their version of OpenAPI; all must have the same operations.
//   node valid.mjs DOCUMENT…
import { readFileSync } from "node:fs";
import parser from "@apidevtools/swagger-parser";

const operations = (document) =>
  Object.entries(document.paths)
    .flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => `${method} ${path} ${operation.operationId}`))
    .sort();

let failed = false;
let first;
for (const file of process.argv.slice(2)) {
  const document = JSON.parse(readFileSync(file, "utf8"));
  const all = operations(document);
  first ??= all;
  for (const one of all.filter((it) => !first.includes(it))) console.log(`${file}: has ${one}, the others don't`);
  for (const one of first.filter((it) => !all.includes(it))) console.log(`${file}: lacks ${one}`);
  failed ||= all.join() !== first.join();
  try {
    await parser.validate(document);
    console.log(`${file}: valid OpenAPI ${document.openapi}, ${all.length} operations`);
  } catch (error) {
    console.log(`${file}: not valid OpenAPI ${document.openapi}: ${error.message}`);
    failed = true;
  }
}
process.exit(failed ? 1 : 0);
