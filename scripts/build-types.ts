/**
 * Writes `types/`, the declarations that the package ships, and checks them as a user's compiler would: no flag of
 * ours, no `bun-types`, libraries up to ES2022. A user's `tsc` reads nothing of `src`.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { $, Glob } from "bun";

const root = join(import.meta.dir, "..");
const types = join(root, "types");

const RELATIVE_IMPORT = /(\bfrom |\bimport\(|^import )(["']\.[^"'\n]*)\.ts(["'])/gm;
const DISPOSABLE = /\b(?:Async)?Disposable(?:Stack)?\b|\bSymbol\.(?:asyncD|d)ispose\b/;

await rm(types, { recursive: true, force: true });
await compile("tsconfig.types.json");
let count = 0;
for await (const path of new Glob("**/*.d.ts").scan({ cwd: types, absolute: true })) {
  await Bun.write(path, shipped(await Bun.file(path).text()));
  count += 1;
}
await compile("tsconfig.shipped.json");
console.log(`${count} declaration files in types/`);

async function compile(project: string): Promise<void> {
  const { exitCode } = await $`${process.execPath} node_modules/typescript/bin/tsc --project ${project}`
    .cwd(root)
    .nothrow();
  if (exitCode !== 0) {
    console.error(`Cannot build the declarations: tsc --project ${project} exited with ${exitCode}`);
    process.exit(1);
  }
}

/**
 * Relative imports end in `.js`, which every module resolution finds; a file that names `Symbol.dispose` brings the
 * library that declares it, so that a user's target may be older.
 */
function shipped(declarations: string): string {
  const text = declarations.replace(RELATIVE_IMPORT, "$1$2.js$3");
  return DISPOSABLE.test(text) ? `/// <reference lib="esnext.disposable" />\n${text}` : text;
}
