/** The package as a user has it: packed, added to an empty project, compiled against, and used as the README tells. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { Glob } from "bun";
import manifest from "../package.json" with { type: "json" };
import { blocksOf, isScript } from "./helpers/markdown.ts";

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

/** All that lies in the package's own folder. */
const TOP_LEVEL = [
  "CHANGELOG.md",
  "LICENSE-APACHE",
  "LICENSE-MIT",
  "README.md",
  "index.ts",
  "package.json",
  "src",
  "types",
];

/** A class of each entry, by what a user imports. */
const CLASSES: Readonly<Record<string, string>> = {
  "nexus-async-net": "WsStream",
  "nexus-async-net/codec": "FrameReader",
  "nexus-async-net/socket": "TcpSocket",
  "nexus-async-net/ws": "WsStream",
  "nexus-async-net/http": "HttpConnection",
  "nexus-async-net/pool": "ClientPool",
  "nexus-async-net/spin": "SpinWsStream",
};

/** `bun add` leaves it in what it installs from a tarball. */
const BUN_MARK = ".bun-tag";

const root = join(import.meta.dir, "..");
const bunTypes = join(root, "node_modules", "bun-types");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const readme = await Bun.file(join(root, "README.md")).text();
let folder = "";
let user = "";
let tarball = "";
let installed: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nexus-package-"));
  const source = join(folder, "source");
  for (const name of INGREDIENTS) await cp(join(root, name), join(source, name), { recursive: true });
  await symlink(join(root, "node_modules"), join(source, "node_modules"));
  await run(source, process.execPath, "pm", "pack", "--destination", folder);

  user = join(folder, "user");
  await Bun.write(join(user, "package.json"), '{ "private": true, "type": "module" }');
  tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`);
  await run(user, process.execPath, "add", tarball);
  const files = new Glob("**/*").scan({ cwd: join(user, "node_modules", manifest.name), dot: true });
  installed = (await Array.fromAsync(files)).filter((path) => path !== BUN_MARK);
  await Bun.write(join(user, "script.ts"), SCRIPT);
  await Bun.write(join(user, "entries.ts"), entryImports());
  await Bun.write(join(user, "classes.ts"), classUses());
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

test("at its top level lies this, and nothing else", () => {
  expect([...new Set(installed.map((path) => path.split("/")[0] ?? ""))].sort()).toEqual(TOP_LEVEL);
});

test("no test, bench, example, key or certificate is in it", () => {
  expect(
    installed.filter((path) =>
      /(?:^|\/)(?:test|bench|examples|scripts|docs|temp)\/|\.(?:test\.ts|pem|key|crt)$/.test(path),
    ),
  ).toEqual([]);
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

test("each entry has a class that is looked at", () => {
  expect(Object.keys(CLASSES)).toEqual(typedEntries());
});

for (const [resolution, moduleOptions] of Object.entries({
  bundler: { module: "esnext", moduleResolution: "bundler" },
  nodenext: { module: "nodenext" },
  node16: { module: "node16", moduleResolution: "node16" },
})) {
  for (const [globals, types] of Object.entries({ "bun-types": [bunTypes], "no types beside": [] })) {
    test(`a script passes tsc --strict with ${resolution} and ${globals}`, async () => {
      const project = join(user, `tsconfig.${resolution}.${types.length}.json`);
      const compilerOptions = { ...moduleOptions, types, target: "es2022", strict: true, noEmit: true };
      await Bun.write(project, JSON.stringify({ compilerOptions, files: ["script.ts", "entries.ts", "classes.ts"] }));
      const listed = await run(user, process.execPath, tsc, "--project", project, "--listFilesOnly");
      expect(listed).toContain(`${manifest.name}/types/index.d.ts`);
      expect(listed).not.toContain(`${manifest.name}/src/`);
      await run(user, process.execPath, tsc, "--project", project);
    }, 60_000);
  }
}

test("a script passes tsc without a flag of ours", async () => {
  await run(user, process.execPath, tsc, "--noEmit", "script.ts", "entries.ts", "classes.ts");
}, 60_000);

test("a script passes tsc as `tsc --init` sets it up", async () => {
  const project = join(folder, "initial");
  await mkdir(project);
  for (const name of ["package.json", "script.ts", "entries.ts", "classes.ts"])
    await cp(join(user, name), join(project, name));
  await symlink(join(user, "node_modules"), join(project, "node_modules"));
  await run(project, process.execPath, tsc, "--init");
  await run(project, process.execPath, tsc, "--noEmit");
}, 60_000);

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

describe("the README's scripts, pasted into an empty folder to which the package was added", () => {
  const blocks = blocksOf(readme, "ts");
  let pasted = "";
  /** The exchange as each of the README's commands starts it, by the address that its scripts go to. */
  const exchanges = new Map<
    string,
    { readonly host: string; readonly process: Bun.Subprocess<"pipe", "pipe", "inherit"> }
  >();

  beforeAll(async () => {
    pasted = join(folder, "pasted");
    await mkdir(pasted);
    await run(pasted, process.execPath, "add", tarball);
    const commands = blocksOf(readme, "sh").flatMap(({ text }) => text.split("\n"));
    for (const command of commands) {
      const [, file = "", options = "", port = ""] = /^bun (examples\S+)(.*) --port (\d+)/.exec(command) ?? [];
      if (file === "") continue;
      const cmd = [process.execPath, file, ...options.split(" ").filter((word) => word !== ""), "--port", "0"];
      const child = Bun.spawn({ cmd, cwd: root, stdin: "pipe", stdout: "pipe", stderr: "inherit" });
      const { value } = await child.stdout.getReader().read();
      const { ws } = JSON.parse(new TextDecoder().decode(value)) as { ws: string };
      exchanges.set(`127.0.0.1:${port}`, { host: new URL(ws).host, process: child });
    }
    const copied = commands.map((command) => /^cp \.\.\/nexus-async-net\/(\S+) \./.exec(command)?.[1] ?? "");
    for (const path of copied.filter((path) => path !== ""))
      await cp(join(root, path), join(pasted, path.split("/").at(-1) ?? ""));
  }, 60_000);

  afterAll(async () => {
    for (const { process: child } of exchanges.values()) {
      child.stdin.end();
      await child.exited;
    }
  });

  test("the tarball has the name that the README adds", () => {
    const commands = blocksOf(readme, "sh").flatMap(({ text }) => text.split("\n"));
    expect(
      commands.filter((command) => command.startsWith(`bun add ../${manifest.name}/${basename(tarball)} `)).length,
    ).toBe(1);
  });

  test("every block is a script, and each address in one is an exchange's that the README starts", () => {
    expect(blocks.length).toBeGreaterThanOrEqual(7);
    expect(blocks.filter(({ text }) => !isScript(text))).toEqual([]);
    const addresses = blocks.flatMap(({ text }) => text.match(/127\.0\.0\.1:\d+/g) ?? []);
    expect([...new Set(addresses)].sort()).toEqual([...exchanges.keys()].sort());
  });

  test("are at least two over ws, one over wss and one without a socket", () => {
    const texts = blocks.map(({ text }) => text);
    expect(texts.filter((text) => text.includes("ws://127.0.0.1:9001/")).length).toBeGreaterThanOrEqual(2);
    expect(texts.filter((text) => text.includes("wss://127.0.0.1:9443/")).length).toBeGreaterThanOrEqual(1);
    expect(texts.filter((text) => !text.includes("://")).length).toBeGreaterThanOrEqual(1);
  });

  test.each(blocks.map(({ line, text }) => [line, text] as const))(
    "runs as it stands but for the port: line %i",
    async (line, text) => {
      let script = text;
      for (const [address, { host }] of exchanges) script = script.replaceAll(address, host);
      await Bun.write(join(pasted, `line-${line}.ts`), script);
      const child = Bun.spawn({
        cmd: [process.execPath, `line-${line}.ts`],
        cwd: pasted,
        stdout: "pipe",
        stderr: "pipe",
        timeout: 30_000,
      });
      const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      expect({ err, exitCode }).toEqual({ err: "", exitCode: 0 });
      expect(out).toMatch(/\w/);
    },
    60_000,
  );

  test("they pass tsc as `tsc --init` sets it up", async () => {
    await Bun.write(
      join(pasted, "package.json"),
      JSON.stringify({ ...(await Bun.file(join(pasted, "package.json")).json()), type: "module" }),
    );
    await run(pasted, process.execPath, tsc, "--init");
    await run(pasted, process.execPath, tsc, "--noEmit");
  }, 60_000);
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

function typedEntries(): string[] {
  const entries = Object.entries(manifest.exports).filter(([, target]) => typeof target !== "string");
  return entries.map(([entry]) => manifest.name + entry.slice(1));
}

function entryImports(): string {
  const entries = typedEntries();
  const imports = entries.map((entry, at) => `import * as entry${at} from "${entry}";\n`);
  const names = entries.map((_, at) => `Object.keys(entry${at}).length`);
  return `${imports.join("")}console.log("loaded", ${names.join(", ")});\n`;
}

/** Where a class came out as `any`, the line that expects an error has none; and the same class is one type, wherever it comes from. */
function classUses(): string {
  const uses = Object.entries(CLASSES).map(
    ([entry, name], at) =>
      `import { ${name} as Class${at} } from "${entry}";\n// @ts-expect-error A class is no number.\nexport const wrong${at}: number = Class${at};\n`,
  );
  const at = Object.keys(CLASSES).indexOf("nexus-async-net/ws");
  return `${uses.join("")}export const same: typeof Class0 = Class${at};\n`;
}

/** Runs to the end and returns what it printed; a failure is an error that holds all of its output. */
async function run(cwd: string, ...cmd: string[]): Promise<string> {
  const path = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
  const child = Bun.spawn({ cmd, cwd, env: { ...process.env, PATH: path }, stdout: "pipe", stderr: "pipe" });
  const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (exitCode !== 0) throw new Error(`${cmd.join(" ")} exited with ${exitCode}:\n${out}${err}`);
  return out;
}
