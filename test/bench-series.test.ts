import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { JSON_CONTENDERS, type Program, SERIES_CONTENDERS } from "../bench/contenders.ts";
import { frameBlock, SeededRandom } from "../bench/corpus.ts";
import { JSON_SIZES, marketPayload, updateSum } from "../bench/market.ts";
import type { Report } from "../bench/report.ts";
import { takesPart } from "../bench/series.ts";

async function runBenches(filter: string): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  try {
    const json = join(folder, "result.json");
    const program = fileURLToPath(new URL("../bench/run.ts", import.meta.url));
    const command = [process.execPath, program, filter, "--quick", "--no-pin", "--messages", "3000", "--json", json];
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
    const [errors, status] = await Promise.all([child.stderr.text(), child.exited]);
    expect([errors, status]).toEqual(["", 0]);
    return await Bun.file(json).json();
  } finally {
    await rm(folder, { recursive: true });
  }
}

function installed(programs: readonly Program[]): string[] {
  return programs.filter(({ runtime }) => Bun.which(runtime) !== null).map(({ name }) => name);
}

test.each(Object.entries(JSON_SIZES))("a %s is JSON of exactly %i bytes, and no two are alike", (_, size) => {
  const random = new SeededRandom(7);
  const texts = new Set<string>();
  for (let i = 0; i < 1_000; i++) {
    const payload = marketPayload(random, size);
    expect(payload.length).toBe(size);
    const text = new TextDecoder().decode(payload);
    const { u } = JSON.parse(text) as { u: number };
    expect(Number.isInteger(u) && u > 0 && u < 2 ** 30).toBe(true);
    texts.add(text);
  }
  expect(texts.size).toBe(1_000);
});

test("market data has no other size", () => {
  expect(() => marketPayload(new SeededRandom(1), 78)).toThrow("Cannot make market data of 78 bytes");
});

test("the sum over messages is that of payloads repeated", () => {
  const { payloads } = frameBlock("json", JSON_SIZES.quote, 400, false);
  const updates = payloads.map((payload) => JSON.parse(new TextDecoder().decode(payload)).u as number);
  const once = updates.reduce((sum, u) => (sum + u) | 0, 0);
  expect(updateSum(payloads, payloads.length)).toBe(once);
  expect(updateSum(payloads, payloads.length * 2 + 1)).toBe((once + once + (updates[0] ?? 0)) | 0);
});

test("every contender of json/quote parses every message and has a figure", async () => {
  const { figures } = await runBenches("json/quote");
  for (const metric of ["ns/message", "CPU ns/message"]) {
    expect(figures.filter((one) => one.metric === metric).map(({ contender }) => contender)).toEqual(
      installed(JSON_CONTENDERS),
    );
  }
  for (const { median } of figures) expect(median).toBeGreaterThan(0);
}, 60_000);

for (const [group, metrics] of [
  ["series/size/1048576", ["ns/message"]],
  ["series/connections/10/", ["ns/message", "CPU ns/message", "MB"]],
  ["series/count/100000/", ["ns/message", "CPU ns/message", "MB"]],
] as const) {
  test(`every contender of ${group} reads every message and has a figure`, async () => {
    const { figures } = await runBenches(group);
    expect([...new Set(figures.map(({ metric }) => metric))]).toEqual([...metrics]);
    for (const metric of metrics) {
      expect(figures.filter((one) => one.metric === metric).map(({ contender }) => contender)).toEqual(
        installed(SERIES_CONTENDERS),
      );
    }
    for (const { median } of figures) expect(median).toBeGreaterThan(0);
  }, 60_000);
}

test("a hundred million messages are not asked of what is slow", () => {
  expect(takesPart("limit", 100_000_000)).toBe(true);
  expect(takesPart("handler", 100_000_000)).toBe(true);
  expect(takesPart("bun-websocket", 10_000_000)).toBe(true);
  expect(takesPart("bun-websocket", 100_000_000)).toBe(false);
});
