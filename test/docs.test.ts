/**
 * Holds README.md and docs/ to the code. A ```ts block with an import is a whole script; one without is an excerpt, which
 * may use what {@link EXCERPT} declares. The scripts of the README are also run, by `package.test.ts`.
 */
import { describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { Glob } from "bun";
import manifest from "../package.json" with { type: "json" };
import { PROTOCOL_FAULTS } from "../src/codec/errors.ts";
import { anchorsOf, blocksOf, isScript, relativeLinks } from "./helpers/markdown.ts";

/** Names in upper snake case that stand in `src` as strings and are no error codes. */
const NO_CODES = ["ERR_BUFFER_TOO_LARGE", "ERR_SSL", "NEXUS_DEBUG", "TCP_INFO"];

/** On one line, in front of an excerpt. */
const EXCERPT = [
  'import { type ClientPool, type HttpConnection, type OwnedMessage, type RequestWriter } from "nexus-async-net";',
  'import { type ResponseReader, TcpSocket, type WsStream } from "nexus-async-net";',
  "declare const ws: WsStream;",
  "declare const conn: HttpConnection;",
  "declare const writer: RequestWriter;",
  "declare const reader: ResponseReader;",
  "declare const pool: ClientPool;",
  "declare const lines: Iterable<string>;",
  "declare function decode(bytes: Uint8Array, start: number, end: number): void;",
  "declare function nextId(): number;",
].join(" ");

/** On one line, in front of an example in `src`: what it takes for granted, names of its own or of ours. */
const DOCSTRING = [
  'import * as nexus from "nexus-async-net"; import type { HeartbeatOptions } from "nexus-async-net"; import * as spin from "nexus-async-net/spin";',
  "const { AtomicClientPool, ClientPool, FrameReader, FrameWriter, HttpConnection, LifoPool, memoryOver, memoryPair } = nexus;",
  "const { RequestReader, RequestWriter, ResponseReader, ResponseWindow, SharedSlot, TcpListener, WriteBuffer } = nexus;",
  "const { WsConnection, WsStream } = nexus; const { SpinFeed, SpinHttpConnection, SpinLoop, SpinWsStream } = spin;",
  "declare const key: string, now: number, json: string, order: object, shared: SharedArrayBuffer, places: Int32Array;",
  "declare const worker: Worker & { threadId: number }, pool: nexus.LifoPool<Uint8Array>, response: nexus.Response;",
  "declare const orders: spin.SpinWsStream, prices: spin.SpinWsStream, book: { apply(update: unknown): void };",
  "declare const self: { onmessage: (event: { data: nexus.SharedHandle }) => void };",
  "declare function hand(places: Int32Array): void; declare function encode(bytes: Uint8Array): void;",
  "declare function handle(...message: unknown[]): void; declare function serve(tcp: nexus.TcpSocket): Promise<void>;",
].join(" ");

/** What the fenced blocks of the pages are. */
const LANGUAGES = ["nginx", "sh", "text", "ts"];

const TWO_COMMANDS = ["npx -y bun@1.4.5 run demo", "npx -y bun@1.4.5 run test"];

const root = join(import.meta.dir, "..");
const readme = await readText("README.md");
const errors = await readText("docs/errors.md");
const pages = ["*.md", "docs/*.md", "examples/**/*.md"].flatMap(filesLike).sort();
const sources = filesLike("src/**/*.ts").sort();
/** Those that speak to a user. */
const guides = pages.filter((path) => path === "README.md" || path.startsWith("docs/"));

test("the pages are found", () => {
  expect(guides).toEqual([
    "README.md",
    "docs/bundle-size.md",
    "docs/coming-from.md",
    "docs/design.md",
    "docs/errors.md",
    "docs/http.md",
    "docs/patterns.md",
    "docs/performance.md",
    "docs/pools.md",
    "docs/proxies.md",
    "docs/spin.md",
    "docs/tls.md",
    "docs/tuning.md",
    "docs/websocket.md",
  ]);
});

describe("errors.md", () => {
  const headings = [...errors.matchAll(/^### (.*)$/gm)].map(([, text = ""]) => text);

  test("has a heading for each code, and no other", async () => {
    const codes = new Set(Object.keys(PROTOCOL_FAULTS));
    for (const code of await codesOfSource()) codes.add(code);
    expect(headings.toSorted()).toEqual(Array.from(codes, (code) => `\`${code}\``).sort());
  });

  test.each(Object.entries(PROTOCOL_FAULTS).filter(([code]) => code.startsWith("WS_")))(
    "%s has its close code",
    (code, { closeCode }) => {
      expect(errors).toContain(`### \`${code}\`\n\nClose code ${closeCode}. `);
    },
  );

  test("has the HTTP faults as the table words them (UPDATE_DOCS=1 writes them)", async () => {
    const updated = errors.replace(
      /(<!-- HTTP faults: begin\b.* -->\n)[\s\S]*(<!-- HTTP faults: end -->)/,
      (_, begin: string, end: string) => `${begin}\n${httpFaults()}\n${end}`,
    );
    if (process.env["UPDATE_DOCS"] === "1") await Bun.write(join(root, "docs/errors.md"), updated);
    else expect(errors).toBe(updated);
  });

  test("knows its exceptions: each stands in the sources", async () => {
    expect([...(await namesOfSource())].filter((name) => NO_CODES.includes(name)).sort()).toEqual(NO_CODES);
  });
});

describe("links", () => {
  test.each(pages)("of %s lead somewhere", async (path) => {
    const broken: string[] = [];
    for (const target of relativeLinks(await readText(path))) {
      const [file = "", anchor] = target.split("#");
      const aim = file === "" ? path : relative(root, join(root, dirname(path), file));
      const isThere = await Bun.file(join(root, aim)).exists();
      if (!isThere || (anchor !== undefined && !anchorsOf(await readText(aim)).has(anchor))) broken.push(target);
    }
    expect(broken).toEqual([]);
  });

  test("of the README lead to every guide", () => {
    expect(guides.filter((path) => path !== "README.md" && !relativeLinks(readme).includes(path))).toEqual([]);
  });

  test("are found in each form", () => {
    const text =
      '[a](b.md#c) ![d](e.svg "f") <img alt="g" src="h.svg"> [i](https://j.example) `[k](l)`\n[m]: n.md\n```sh\n[o](p)\n```';
    expect(relativeLinks(text)).toEqual(["b.md#c", "e.svg", "n.md", "h.svg"]);
  });

  test("an anchor is what GitHub makes of a heading", () => {
    const text = "# A `B_C`, d\n## One\n```sh\n# no heading\n```\n## One\n### [Two](x.md) & 3";
    expect([...anchorsOf(text)]).toEqual(["a-b_c-d", "one", "one-1", "two--3"]);
  });
});

describe("commands", () => {
  test("the two commands stand in the README as they are", () => {
    const lines = blocksOf(readme, "sh").flatMap(({ text }) => text.split("\n"));
    for (const command of TWO_COMMANDS) expect(lines).toContain(command);
  });

  test("every script that a page runs is one of package.json", async () => {
    for (const path of pages) {
      for (const [, name = ""] of (await readText(path)).matchAll(/\bbun(?:@[\d.]+)? run ([\w:-]+)/g)) {
        expect(Object.keys(manifest.scripts), `${path}: bun run ${name}`).toContain(name);
      }
    }
  });

  test("every file that a page starts is there", async () => {
    for (const path of pages) {
      for (const [, file = ""] of (await readText(path)).matchAll(/\bbun (?:test )?((?:examples|test)\/\S+\.ts)\b/g)) {
        expect(await Bun.file(join(root, file)).exists(), `${path}: ${file}`).toBe(true);
      }
    }
  });
});

test("every block says what it is, so that none is passed over", async () => {
  for (const path of pages) {
    const page = await readText(path);
    const fences = page.match(/^\s*(?:```|~~~)/gm) ?? [];
    const named = LANGUAGES.flatMap((language) => blocksOf(page, language));
    expect([path, fences.length]).toEqual([path, 2 * named.length]);
  }
});

test("every ts block of a page, and of a docstring, passes the compiler", async () => {
  const folder = join(root, "temp", "docs");
  await rm(folder, { recursive: true, force: true });
  for (const path of [...guides, ...sources]) {
    const page = path.endsWith(".ts") ? docstringsOf(await readText(path)) : await readText(path);
    for (const { line, text } of blocksOf(page, "ts")) {
      // As many lines in front as in the page, so that the compiler's line is the page's.
      // A block of its own may call its things as the example around it does.
      const code = path.endsWith(".ts")
        ? `${DOCSTRING} {${"\n".repeat(line)}${text}}`
        : EXCERPT + "\n".repeat(line) + text;
      const script = isScript(text) ? "\n".repeat(line) + text : code;
      await Bun.write(join(folder, `${path.replaceAll("/", "-")}.${line}.ts`), script);
    }
  }
  const compilerOptions = {
    noUnusedLocals: false,
    noUnusedParameters: false,
    isolatedDeclarations: false,
    declaration: false,
    paths: { [manifest.name]: ["../../index.ts"], [`${manifest.name}/*`]: ["../../src/*/mod.ts"] },
  };
  await Bun.write(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"] }),
  );
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { out } = await run(folder, [process.execPath, tsc, "--project", "tsconfig.json"]);
  expect(out).toBe("");
  await rm(folder, { recursive: true, force: true });
}, 60_000);

function filesLike(pattern: string): string[] {
  return [...new Glob(pattern).scanSync({ cwd: root })];
}

function readText(path: string): Promise<string> {
  return Bun.file(join(root, path)).text();
}

/** The text of the docstrings, line by line where it stands; other lines are empty. */
function docstringsOf(source: string): string {
  return source.replace(/^.*$/gm, (line) => /^\s*\* ?(.*)$/.exec(line)?.[1] ?? "");
}

/** The string literals of `src` that look like codes, exceptions left out. */
async function codesOfSource(): Promise<string[]> {
  return [...(await namesOfSource())].filter((name) => !NO_CODES.includes(name));
}

/** Upper snake case with at least one underscore; of a single word where it is plainly a code. */
async function namesOfSource(): Promise<Set<string>> {
  const pattern = /"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"|\b(?:code: |super\()"([A-Z][A-Z0-9]*)"/g;
  const names = new Set<string>();
  for (const path of filesLike("src/**/*.ts")) {
    for (const [, long, short] of (await readText(path)).matchAll(pattern)) names.add(long ?? short ?? "");
  }
  return names;
}

function httpFaults(): string {
  const faults = Object.entries(PROTOCOL_FAULTS).filter(([code]) => code.startsWith("HTTP_"));
  return faults.map(([code, { sentence }]) => `### \`${code}\`\n\n${capitalised(sentence)}.\n`).join("\n");
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

async function run(cwd: string, cmd: string[]): Promise<{ out: string; err: string; exitCode: number }> {
  const child = Bun.spawn({ cmd, cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: 50_000 });
  const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, exitCode };
}
