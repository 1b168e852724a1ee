import { expect, test } from "bun:test";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };

const root = join(import.meta.dir, "../..");
const entries = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === "string" ? [] : [{ name, source: target.default }],
);

/** The sources that a bundle of all that an entry exports is made of; the bundler heads each file's part with its path. */
async function sourcesOf(source: string): Promise<string[]> {
  const { outputs } = await Bun.build({ entrypoints: [join(root, source)], target: "bun" });
  const text = (await outputs[0]?.text()) ?? "";
  return Array.from(text.matchAll(/^\/\/ (?:.*\/)?(src\/\S+\.ts)$/gm), ([, path]) => path ?? "");
}

test.each(entries.filter(({ name }) => name !== "./spin"))(
  "$name carries no code of the spin backend",
  async (entry) => {
    const sources = await sourcesOf(entry.source);
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter((path) => /spin|openssl/.test(path))).toEqual([]);
  },
);

test("./spin carries its own, and no stream of the event backend", async () => {
  const sources = await sourcesOf(entries.find(({ name }) => name === "./spin")?.source ?? "");
  expect(sources).toContain("src/ws/spin-stream.ts");
  expect(sources).toContain("src/ffi/openssl.ts");
  const streams = ["src/ws/stream.ts", "src/ws/connection.ts", "src/ws/session.ts", "src/http/connection.ts"];
  expect(sources.filter((path) => streams.includes(path) || path.startsWith("src/pool/"))).toEqual([]);
});
