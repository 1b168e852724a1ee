import { describe, expect, test } from "bun:test";
import { dirname, join } from "node:path/posix";
import { Glob } from "bun";

/** What each layer may import beside itself. `builtin` stands for `bun` and `node:`; `bun:ffi` has to be named. */
const LAYERS: Record<string, readonly string[]> = {
  ffi: ["bun:ffi"],
  codec: [],
  socket: ["ffi", "codec", "builtin"],
  ws: ["codec", "socket", "builtin"],
  http: ["codec", "socket", "builtin"],
  pool: ["codec", "http", "builtin"],
  spin: ["socket", "ws", "http"],
};
const MOST_LINES = 300;

const root = join(import.meta.dir, "..");
const sources = await read("index.ts", "src/**/*.ts");

test("every source file lies in a layer", () => {
  expect(Object.keys(sources)).toContain("index.ts");
  const astray = Object.keys(sources).filter((path) => path !== "index.ts" && layerOf(path) === null);
  expect(astray).toEqual([]);
});

test("no layer imports upward", () => {
  expect(Object.entries(sources).flatMap(([path, text]) => upwardImports(path, text))).toEqual([]);
});

test("the imports read from the text hold all that the transpiler sees", () => {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  for (const [path, text] of Object.entries(sources)) {
    const seen = importsOf(text).map((found) => found.from);
    for (const { path: from } of transpiler.scanImports(text)) expect(seen, path).toContain(from);
  }
});

test("no file imports itself through others", () => {
  expect(cycles(sources)).toEqual([]);
});

test("only mod.ts of a layer and index.ts re-export", () => {
  expect(Object.entries(sources).flatMap(([path, text]) => reExports(path, text))).toEqual([]);
});

test("nothing is called utils", () => {
  expect(Object.keys(sources).filter((path) => /\b(?:utils?|helpers?|misc|common)\b/.test(path))).toEqual([]);
});

test(`no file is over ${MOST_LINES} lines`, () => {
  const long = Object.entries(sources).filter(([, text]) => lineCount(text) > MOST_LINES);
  expect(long.map(([path, text]) => `${path}: ${lineCount(text)}`)).toEqual([]);
});

test("the examples need no package", async () => {
  const examples = await read("examples/**/*.ts");
  const packages = Object.entries(examples).flatMap(([path, text]) =>
    importsOf(text)
      .filter((found) => !/^\.|^bun$|^bun:|^node:/.test(found.from) && !found.from.startsWith("nexus-async-net"))
      .map((found) => `${path}: ${found.from}`),
  );
  expect(packages).toEqual([]);
});

describe("the checks bite", () => {
  test("on each kind of import", () => {
    const forms = [
      'import "../ws/connection.ts";',
      "import { a } from '../ws/connection.ts';",
      'import a, { type B } from "../ws/connection.ts";',
      'import * as a from "../ws/connection.ts";',
      'import type { A } from "../ws/connection.ts";',
      'import {\n  a,\n  b,\n} from "../ws/connection.ts";',
      'export { a } from "../ws/connection.ts";',
      'export type { A } from "../ws/connection.ts";',
      'export * from "../ws/connection.ts";',
      'export * as a from "../ws/connection.ts";',
      'const a = await import("../ws/connection.ts");',
      'const a = await import(\n  /* lazily */ "../ws/connection.ts"\n);',
      'let a: import("../ws/connection.ts").A;',
      'const a = require("../ws/connection.ts");',
      'const quote = /["\']/; import "../ws/connection.ts";',
      'const path = "/*"; import "../ws/connection.ts";',
    ];
    for (const form of forms) {
      expect(upwardImports("src/codec/reader.ts", form), form).toEqual([
        "src/codec/reader.ts: codec may not import ws (../ws/connection.ts)",
      ]);
    }
  });

  test("on each layer", () => {
    const refused: [path: string, from: string][] = [
      ["src/ffi/libc.ts", "node:fs"],
      ["src/ffi/libc.ts", "bun"],
      ["src/ffi/libc.ts", "../codec/errors.ts"],
      ["src/codec/ascii.ts", "bun"],
      ["src/codec/ascii.ts", "node:buffer"],
      ["src/codec/ascii.ts", "../socket/transport.ts"],
      ["src/codec/ws/frame-reader.ts", "../../ws/connection.ts"],
      ["src/codec/ascii.ts", "../../index.ts"],
      ["src/codec/ascii.ts", "tweetnacl"],
      ["src/socket/dial.ts", "bun:ffi"],
      ["src/socket/dial.ts", "../ws/connection.ts"],
      ["src/socket/dial.ts", "../../test/fixtures.ts"],
      ["src/ws/connection.ts", "../ffi/libc.ts"],
      ["src/ws/connection.ts", "../http/connection.ts"],
      ["src/http/connection.ts", "../ws/connection.ts"],
      ["src/pool/slot.ts", "../socket/dial.ts"],
      ["src/pool/slot.ts", "nexus-async-net"],
      ["src/spin/mod.ts", "../ffi/libc.ts"],
      ["src/spin/mod.ts", "../pool/mod.ts"],
      ["src/ws/spin-stream.ts", "../spin/mod.ts"],
    ];
    for (const [path, from] of refused) {
      expect(upwardImports(path, `import type { A } from "${from}";`), `${path} ${from}`).toHaveLength(1);
    }
  });

  test("and not on what is allowed", () => {
    const allowed: [path: string, from: string][] = [
      ["src/ffi/libc.ts", "bun:ffi"],
      ["src/ffi/libc.ts", "./constants.ts"],
      ["src/codec/ws/frame-reader.ts", "../byte-ring.ts"],
      ["src/codec/ws/frame-reader.ts", "./opcode.ts"],
      ["src/socket/dial.ts", "../ffi/libc.ts"],
      ["src/socket/dial.ts", "../codec/ws/opcode.ts"],
      ["src/socket/dial.ts", "node:dns"],
      ["src/ws/connection.ts", "../socket/transport.ts"],
      ["src/http/connection.ts", "bun"],
      ["src/pool/slot.ts", "../http/connection.ts"],
      ["index.ts", "./src/pool/mod.ts"],
    ];
    for (const [path, from] of allowed) {
      expect(upwardImports(path, `import { a } from "${from}";`), `${path} ${from}`).toEqual([]);
    }
  });

  test("and not on comments", () => {
    const text = '/**\n * import { a } from "../ws/a.ts";\n */\n// import "../ws/b.ts";\nexport const a = 1;';
    expect(importsOf(text)).toEqual([]);
  });

  test("on cycles, but not on those of types alone", () => {
    const ring = {
      "src/codec/a.ts": 'import { b } from "./b.ts";',
      "src/codec/b.ts": 'export { c } from "./ws/c.ts";',
      "src/codec/ws/c.ts": 'import { a } from "../a.ts";',
    };
    expect(cycles(ring)).toEqual(["src/codec/a.ts > src/codec/b.ts > src/codec/ws/c.ts > src/codec/a.ts"]);
    expect(cycles({ ...ring, "src/codec/ws/c.ts": 'import type { A } from "../a.ts";' })).toEqual([]);
    expect(cycles({ ...ring, "src/codec/ws/c.ts": 'import { type A, type B } from "../a.ts";' })).toEqual([]);
  });

  test("on re-exports", () => {
    expect(reExports("src/ws/stream.ts", 'export * from "./connection.ts";')).toHaveLength(1);
    expect(reExports("src/codec/ws/mod.ts", 'export { a } from "./frame.ts";')).toHaveLength(1);
    expect(reExports("src/ws/mod.ts", 'export { a } from "./connection.ts";')).toEqual([]);
    expect(reExports("src/ws/stream.ts", 'import { a } from "./b.ts";\nexport { a };')).toHaveLength(1);
    expect(reExports("src/ws/stream.ts", 'import { a } from "./b.ts";\nexport const c = a;')).toEqual([]);
  });
});

interface Import {
  readonly from: string;
  /** It is gone once the types are: `import type`, or all names marked `type`. */
  readonly typeOnly: boolean;
  readonly reExport: boolean;
}

async function read(...patterns: string[]): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  const paths = patterns.flatMap((pattern) => [...new Glob(pattern).scanSync({ cwd: root })]);
  for (const path of paths.sort()) texts[path] = await Bun.file(join(root, path)).text();
  return texts;
}

function importsOf(source: string): Import[] {
  const text = withoutComments(source);
  const found: Import[] = [];
  for (const [, verb = "", clause = "", from = ""] of text.matchAll(STATEMENT)) {
    found.push({ from, typeOnly: isTypeOnly(clause), reExport: verb === "export" });
  }
  for (const [, from = ""] of text.matchAll(BARE)) found.push({ from, typeOnly: false, reExport: false });
  for (const [, from = ""] of text.matchAll(CALL)) found.push({ from, typeOnly: false, reExport: false });
  return found;
}

function isTypeOnly(clause: string): boolean {
  if (/^type\b/.test(clause)) return true;
  const names = /^\{([^}]*)\}$/.exec(clause.trim())?.[1]?.split(",") ?? [""];
  return names.filter((name) => name.trim() !== "").every((name) => /^\s*type\s/.test(name)) && names.length > 0;
}

function upwardImports(path: string, text: string): string[] {
  if (path === "index.ts") return [];
  const layer = layerOf(path) ?? "";
  const allowed = LAYERS[layer] ?? [];
  return importsOf(text)
    .map(({ from }) => ({ from, to: targetOf(path, from) }))
    .filter(({ to }) => to !== layer && !allowed.includes(to))
    .map(({ from, to }) => `${path}: ${layer} may not import ${to} (${from})`);
}

/** The layer that an import reaches, `builtin`, or what it names where it is neither. */
function targetOf(path: string, from: string): string {
  if (from === "bun" || from.startsWith("node:")) return "builtin";
  if (!from.startsWith(".")) return from;
  const target = join(dirname(path), from);
  return layerOf(target) ?? target;
}

function layerOf(path: string): string | null {
  const layer = /^src\/([^/]+)\/./.exec(path)?.[1] ?? "";
  return layer in LAYERS ? layer : null;
}

function cycles(texts: Record<string, string>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push([...trail.slice(at), path].join(" > "));
    if (at >= 0 || done.has(path)) return;
    for (const { from, typeOnly } of importsOf(texts[path] ?? "")) {
      if (from.startsWith(".") && !typeOnly) visit(join(dirname(path), from), [...trail, path]);
    }
    done.add(path);
  };
  for (const path of Object.keys(texts)) visit(path, []);
  return found;
}

function reExports(path: string, source: string): string[] {
  if (path === "index.ts" || /^src\/[^/]+\/mod\.ts$/.test(path)) return [];
  const text = withoutComments(source);
  const passed = importsOf(source).filter((found) => found.reExport);
  const lists = [...text.matchAll(/\bexport\s+(?:type\s+)?\{[^}]*\}(?!\s*from\b)/g)];
  return [...passed.map((found) => `${path}: ${found.from}`), ...lists.map(([list]) => `${path}: ${list}`)];
}

/** The text with every comment gone and every string kept: a string ends on its line or it is none (a quote in a regular expression). */
function withoutComments(source: string): string {
  return source.replace(COMMENT_OR_STRING, (match) => (match.startsWith("/*") || match.startsWith("//") ? " " : match));
}

function lineCount(text: string): number {
  return text.trimEnd().split("\n").length;
}

const STATEMENT = /\b(import|export)\s+([^;"'`()=]*?)\bfrom\s*["']([^"'\n]+)["']/g;
const BARE = /\bimport\s*["']([^"'\n]+)["']/g;
const CALL = /\b(?:import|require)\s*\(\s*["'`]([^"'`\n]+)["'`]/g;
const COMMENT_OR_STRING = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
