/**
 * `bun run ok`: everything that must hold before a commit, in order, stopping at the first step that fails. Each step
 * is a script of `package.json` and can be run alone: `bun run lint`.
 * `bun run ok lint types` runs only the steps named, `bun run ok --skip test` all but those named after it.
 */
import { join } from "node:path";

const STEPS = ["format:check", "lint", "types", "types:build", "unused", "package", "sizes:check", "api:check", "test"];

const args = process.argv.slice(2);
const skips = args[0] === "--skip";
const named = skips ? args.slice(1) : args;
const unknown = named.find((name) => !STEPS.includes(name));
if (unknown !== undefined) {
  console.error(`Cannot run ${unknown}: the steps are ${STEPS.join(", ")}`);
  process.exit(2);
}

for (const step of STEPS.filter((name) => named.length === 0 || named.includes(name) !== skips)) {
  const started = performance.now();
  const { exitCode } = Bun.spawnSync({
    cmd: [process.execPath, "run", step],
    cwd: join(import.meta.dir, ".."),
    stdio: ["ignore", "inherit", "inherit"],
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (exitCode !== 0) {
    console.error(`\nNot ok: ${step} failed after ${seconds} s (exit code ${exitCode})`);
    process.exit(1);
  }
  console.log(`${step}: ok, ${seconds} s\n`);
}
console.log("ok");
