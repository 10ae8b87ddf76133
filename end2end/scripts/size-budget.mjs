// Sums what a first visit downloads (js, wasm and css under target/site/pkg) as brotli and compares it with the budget.
// What is loaded on demand is shown, and not counted.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const BUDGET_KB = 300;
const COUNTED = new Set([".js", ".mjs", ".wasm", ".css"]);
const KB = 1024;

const here = dirname(fileURLToPath(import.meta.url));
const site = resolve(process.argv[2] ?? join(here, "../../target/site"));

function files(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => COUNTED.has(extname(path)) && statSync(path).isFile());
}

function compressed(path) {
  const bytes = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params }).length;
}

let measured;
try {
  measured = files(site).map((path) => {
    const name = relative(site, path);
    return { name, raw: statSync(path).size, brotli: compressed(path), counts: name.startsWith(`pkg${sep}`) };
  });
} catch (error) {
  console.error(`size budget: ${site} can't be read (${error.code}); build the release first`);
  process.exit(2);
}
const first = measured.filter((file) => file.counts);
if (!first.some((file) => file.name.endsWith(".wasm")) || !first.some((file) => file.name.endsWith(".css"))) {
  console.error(`size budget: no wasm or no css under ${join(site, "pkg")}; build the release first`);
  process.exit(2);
}

const kb = (bytes) => (bytes / KB).toFixed(1).padStart(9);
console.log(`${"file".padEnd(52)} ${"raw KB".padStart(9)} ${"brotli KB".padStart(9)}`);
for (const file of measured.sort((a, b) => Number(b.counts) - Number(a.counts) || b.brotli - a.brotli)) {
  console.log(`${file.name.padEnd(52)} ${kb(file.raw)} ${kb(file.brotli)}${file.counts ? "" : "  on demand, not counted"}`);
}
const total = first.reduce((sum, file) => sum + file.brotli, 0);
const over = total > BUDGET_KB * KB;
console.log(`size budget: ${Math.ceil(total / KB)} KB of ${BUDGET_KB} KB${over ? ": over" : ""}`);
process.exit(over ? 1 : 0);
