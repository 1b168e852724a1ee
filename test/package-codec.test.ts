/** The codec's bundle: what is in it, and that it does its work on Bun, on Node and in a page. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bundle, bundle } from "../scripts/bundle.ts";
import { ENTRIES } from "../scripts/extractor.ts";
import { hasChromium, openPage } from "./helpers/chromium.ts";
import { inTime } from "./helpers/wait.ts";

/** In `test/fixtures/codec`, given the codec's exports. */
const EXERCISE = join(import.meta.dir, "fixtures", "codec", "exercise.mjs");

const ANSWERS = {
  frames: ["Grüße, 世界 🌍", ["binary", 0, 127, 128, 255], ["ping", 7], 70_000, [1000, "bye"]],
  closed: [null, "WS_MASKED_FRAME", 1002],
  masked: [0x80 | 10, "masked, é"],
  request:
    "POST /api/v3/order?symbol=BTC%20USD HTTP/1.1\r\nHost: api.example.com\r\nX-API-KEY: key\r\nX-Time: 17\r\n" +
    'Content-Length: 14\r\n\r\n{"side":"buy"}',
  head: ["/feed", "a=1", "a"],
  response: [200, "café", { a: [1] }],
  fault: [null, "HTTP_CONTENT_LENGTH_CONFLICT"],
};

let codec: Bundle;
let folder = "";

beforeAll(async () => {
  codec = await bundleOf("codec");
  folder = await mkdtemp(join(tmpdir(), "nexus-codec-"));
  await copyFile(EXERCISE, join(folder, "exercise.mjs"));
  await Bun.write(join(folder, "codec.mjs"), codec.text);
  await Bun.write(
    join(folder, "main.mjs"),
    'import * as codec from "./codec.mjs";\nimport { exercise } from "./exercise.mjs";\nconsole.log(JSON.stringify(exercise(codec)));\n',
  );
}, 30_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test("it holds files of the codec alone and imports nothing", () => {
  expect(codec.layers).toEqual(["codec"]);
  expect(codec.imports).toEqual([]);
  expect(new Bun.Transpiler({ loader: "js" }).scanImports(codec.text)).toEqual([]);
  expect(codec.text).not.toMatch(/\b(?:bun:|node:|require\s*\(|import\s*\(|dlopen|inflateRaw|Bun\.)/);
});

test("the other entries hold what the codec's does not", async () => {
  const { layers, imports } = await bundleOf("ws");
  expect(layers).toEqual(["codec", "ffi", "socket", "ws"]);
  expect(imports).toContain("bun:ffi");
  expect(imports).toContain("node:zlib");
}, 30_000);

for (const [engine, program] of [
  ["Bun", process.execPath],
  ["Node", "node"],
] as const) {
  test(`it reads and writes on ${engine}`, async () => {
    const child = Bun.spawn([program, "main.mjs"], { cwd: folder, stdout: "pipe", stderr: "pipe" });
    const [out, err, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    expect({ err, exitCode }).toEqual({ err: "", exitCode: 0 });
    expect(JSON.parse(out)).toEqual(ANSWERS);
  }, 30_000);
}

if (!hasChromium) console.warn("!!! chromium is missing: the codec is not tested in a page !!!");
else {
  test("it reads and writes in a page of Chromium", async () => {
    const { promise: reported, resolve } = Promise.withResolvers<unknown>();
    const site = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        const { pathname } = new URL(request.url);
        if (pathname === "/result") resolve(await request.json());
        if (pathname.endsWith(".mjs")) {
          return new Response(Bun.file(join(folder, pathname)), { headers: { "Content-Type": "text/javascript" } });
        }
        return new Response(PAGE, { headers: { "Content-Type": "text/html; charset=utf-8" } });
      },
    });
    try {
      await using _page = await openPage(`http://127.0.0.1:${site.port}/`);
      expect(await inTime("the page to report", reported)).toEqual(ANSWERS);
    } finally {
      await site.stop(true);
    }
  }, 60_000);
}

const PAGE = `<!doctype html><script type="module">
let report;
try {
  const [codec, { exercise }] = await Promise.all([import("/codec.mjs"), import("/exercise.mjs")]);
  report = exercise(codec);
} catch (error) {
  report = String(error);
}
await fetch("/result", { method: "POST", body: JSON.stringify(report) });
</script>`;

async function bundleOf(name: string): Promise<Bundle> {
  const entry = ENTRIES.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`Cannot bundle ${name}: package.json has no such entry`);
  return bundle(entry);
}
