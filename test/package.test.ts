import { afterAll, beforeAll, expect, test } from "bun:test";
import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { Glob } from "bun";
import manifest from "../package.json" with { type: "json" };

/** What `bun pm pack` and its `prepack` read. Nothing else of the checkout is there when the package is made. */
const INGREDIENTS = [
  ...manifest.files.filter((name) => name !== "types"),
  "README.md",
  "package.json",
  "tsconfig.json",
  "tsconfig.types.json",
  "tsconfig.shipped.json",
  "scripts",
];
const SHIPPED =
  /^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE-(?:MIT|APACHE)|index\.ts|src\/.+\.ts|types\/.+\.d\.ts)$/;

/** `bun add` leaves it in what it installs from a tarball. */
const BUN_MARK = ".bun-tag";

const root = join(import.meta.dir, "..");
const bunTypes = join(root, "node_modules", "bun-types");
let folder = "";
let user = "";
let installed: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nexus-package-"));
  const source = join(folder, "source");
  for (const name of INGREDIENTS) await cp(join(root, name), join(source, name), { recursive: true });
  await symlink(join(root, "node_modules"), join(source, "node_modules"));
  await run(source, process.execPath, "pm", "pack", "--destination", folder);

  user = join(folder, "user");
  await Bun.write(join(user, "package.json"), '{ "private": true, "type": "module" }');
  await run(user, process.execPath, "add", join(folder, `${manifest.name}-${manifest.version}.tgz`));
  const files = new Glob("**/*").scan({ cwd: join(user, "node_modules", manifest.name), dot: true });
  installed = (await Array.fromAsync(files)).filter((path) => path !== BUN_MARK);
  await Bun.write(join(user, "script.ts"), SCRIPT);
  await Bun.write(join(user, "entries.ts"), entryImports());
}, 60_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test("the package holds its sources, their declarations and its papers, and nothing else", () => {
  expect(installed.filter((path) => !SHIPPED.test(path))).toEqual([]);
  for (const name of INGREDIENTS.slice(0, INGREDIENTS.indexOf("package.json") + 1)) {
    expect(
      installed.some((path) => path === name || path.startsWith(`${name}/`)),
      name,
    ).toBe(true);
  }
});

test("each entry leads to files that are there", () => {
  const targets = Object.values(manifest.exports).flatMap((target) =>
    typeof target === "string" ? [target] : Object.values(target),
  );
  expect(targets.filter((target) => !installed.includes(target.slice("./".length)))).toEqual([]);
});

test("it needs no other package", async () => {
  const beside = await Array.fromAsync(new Glob("*").scan({ cwd: join(user, "node_modules"), onlyFiles: false }));
  expect(beside).toEqual([manifest.name]);
});

for (const [resolution, moduleOptions] of Object.entries({
  bundler: { module: "esnext", moduleResolution: "bundler" },
  nodenext: { module: "nodenext" },
})) {
  for (const [globals, types] of Object.entries({ "bun-types": [bunTypes], "no types beside": [] })) {
    test(`a script passes tsc --strict with ${resolution} and ${globals}`, async () => {
      const project = join(user, `tsconfig.${resolution}.${types.length}.json`);
      const compilerOptions = { ...moduleOptions, types, target: "es2022", strict: true, noEmit: true };
      await Bun.write(project, JSON.stringify({ compilerOptions, files: ["script.ts", "entries.ts"] }));
      const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
      const listed = await run(user, process.execPath, tsc, "--project", project, "--listFilesOnly");
      expect(listed).toContain(`${manifest.name}/types/index.d.ts`);
      expect(listed).not.toContain(`${manifest.name}/src/`);
      await run(user, process.execPath, tsc, "--project", project);
    }, 60_000);
  }
}

test("the script runs", async () => {
  expect(await run(user, process.execPath, "script.ts")).toBe("text 7\nUsageError true\n");
});

test("each entry loads", async () => {
  expect(await run(user, process.execPath, "entries.ts")).toContain("loaded");
});

test("a bundle that wants the codec carries no other layer", async () => {
  for (const entry of [manifest.name, `${manifest.name}/codec`]) {
    expect(await bundledLayers(`import { FrameReader } from "${entry}"; console.log(FrameReader.name);`)).toEqual([
      "codec",
    ]);
  }
  expect(await bundledLayers(`import * as all from "${manifest.name}"; console.log(all);`)).toContain("socket");
});

/** The layers whose files the bundler kept; it heads each file's part with the path. */
async function bundledLayers(script: string): Promise<string[]> {
  const entry = join(user, "bundled.ts");
  await Bun.write(entry, script);
  const { outputs } = await Bun.build({ entrypoints: [entry], target: "bun" });
  const text = (await outputs[0]?.text()) ?? "";
  return [...new Set(Array.from(text.matchAll(/^\/\/ .*\/src\/(\w+)\/.*\.ts$/gm), ([, layer]) => layer ?? ""))].sort();
}

/** A user's script, without network. Where our types came out as `any`, the line that expects an error has none. */
const SCRIPT = `import { FrameReader, NexusError, UsageError } from "nexus-async-net";

const reader = new FrameReader({ role: "client", bufferCapacity: 4096 });
const taken: number = reader.read(new Uint8Array([0x81, 5, 104, 101, 108, 108, 111]));
for (let message = reader.next(); message !== null; message = reader.next()) console.log(message.kind, taken);
const error: NexusError = new UsageError("EXAMPLE", "an example");
console.log(error.name, reader.failure === null);
// @ts-expect-error A code is a string.
export const wrong: number = error.code;
`;

function entryImports(): string {
  const entries = Object.entries(manifest.exports).filter(([, target]) => typeof target !== "string");
  const imports = entries.map(([entry], at) => `import * as entry${at} from "${manifest.name}${entry.slice(1)}";\n`);
  const names = entries.map((_, at) => `Object.keys(entry${at}).length`);
  return `${imports.join("")}console.log("loaded", ${names.join(", ")});\n`;
}

/** Runs to the end and returns what it printed; a failure is an error that holds all of its output. */
async function run(cwd: string, ...cmd: string[]): Promise<string> {
  const path = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
  const child = Bun.spawn({ cmd, cwd, env: { ...process.env, PATH: path }, stdout: "pipe", stderr: "pipe" });
  const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (exitCode !== 0) throw new Error(`${cmd.join(" ")} exited with ${exitCode}:\n${out}${err}`);
  return out;
}
