import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { path } from "./processes.ts";

/**
 * `bun run bench:profile CASE [options]`: one round of a case, each of its processes under Bun's profiler, for the folder `profiles`:
 * `.cpuprofile` for a viewer, `.md` to read.
 */
const [name, ...options] = process.argv.slice(2);
if (name === undefined) {
  console.error('bun run bench:profile CASE [options of the bench]   for one: "receive/tcp/40/handler"');
  process.exit(2);
}
const folder = join(resolve("profiles"), `${name.replaceAll(/[^\w.]+/g, "-")}-${Date.now()}`);
await mkdir(folder, { recursive: true });
const command = [process.execPath, path("run.ts"), name, "--rounds", "1", ...options];
// The processes that are measured inherit it; the one that starts them says nothing worth knowing.
const profiler = `--cpu-prof --cpu-prof-md --cpu-prof-interval 200 --cpu-prof-dir ${folder}`;
const child = Bun.spawn(command, {
  stdio: ["ignore", "inherit", "inherit"],
  env: { ...process.env, BUN_OPTIONS: profiler },
});
const status = await child.exited;
console.log(`\nprofiles are in ${folder}`);
process.exit(status);
