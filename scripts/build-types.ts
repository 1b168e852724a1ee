/**
 * Writes `types/`, the declarations that the package ships: one file that holds what the entries reach and nothing
 * else, and one for each entry that names its part of it. What the layers export for each other stays out, and with
 * it the types of Bun. The result is checked as a user's compiler would: no flag of ours, no `bun-types`, ES2022.
 */
import { rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { Extractor } from "@microsoft/api-extractor";
import { $, Glob } from "bun";
import { ENTRIES, extractorConfig, RAW_TYPES, ROOT } from "./extractor.ts";

const TYPES = join(ROOT, "types");
const RELATIVE_IMPORT = /(\bfrom |\bimport\(|^import )(["']\.[^"'\n]*)\.ts(["'])/gm;
const DISPOSABLE = /\b(?:Async)?Disposable(?:Stack)?\b|\bSymbol\.(?:asyncD|d)ispose\b/;

await rm(TYPES, { recursive: true, force: true });
await rm(RAW_TYPES, { recursive: true, force: true });
await compile("tsconfig.types.json");
for await (const path of new Glob("**/*.d.ts").scan({ cwd: RAW_TYPES, absolute: true })) {
  await Bun.write(path, (await Bun.file(path).text()).replace(RELATIVE_IMPORT, "$1$2.js$3"));
}
await rollUp();
for (const { raw, shipped } of ENTRIES) {
  await Bun.write(shipped, (await Bun.file(raw).text()).replace(/(\bfrom )["']\.[^"'\n]*["']/g, '$1"./all.js"'));
}
await compile("tsconfig.shipped.json");
console.log(`types/: ${ENTRIES.map(({ name }) => name).join(", ")}`);

/** All that the entries reach, in one file, so that a class is the same type from whichever entry it comes. */
async function rollUp(): Promise<void> {
  const all = join(RAW_TYPES, "all.d.ts");
  const rolledUp = join(TYPES, "all.d.ts");
  const imports = ENTRIES.map(
    ({ raw }) => `export * from "./${relative(RAW_TYPES, raw).replace(/\.d\.ts$/, ".js")}";\n`,
  );
  await Bun.write(all, imports.join(""));
  Extractor.invoke(extractorConfig(all, { dtsRollup: { enabled: true, untrimmedFilePath: rolledUp } }), {
    localBuild: true,
    messageCallback: (message) => Object.assign(message, { handled: true }),
  });
  const text = await Bun.file(rolledUp).text();
  // A user's target may be older than `using`.
  if (DISPOSABLE.test(text)) await Bun.write(rolledUp, `/// <reference lib="esnext.disposable" />\n${text}`);
}

async function compile(project: string): Promise<void> {
  const { exitCode } = await $`${process.execPath} node_modules/typescript/bin/tsc --project ${project}`
    .cwd(ROOT)
    .nothrow();
  if (exitCode === 0) return;
  console.error(`Cannot build the declarations: tsc --project ${project} exited with ${exitCode}`);
  process.exit(1);
}
