import { expect, test } from "bun:test";
import { SpinRing } from "../../src/ws/spin-ring.ts";
import { below, type Random, seededRandom } from "../helpers/random.ts";

const pair = (capacity: number): [writer: SpinRing, reader: SpinRing] => {
  const memory = SpinRing.allocate(capacity);
  return [new SpinRing(memory), new SpinRing(memory)];
};
const bytesOf = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (at * 7 + seed) & 255);
const taken = (ring: SpinRing): string => `${ring.kind} ${ring.bytes.slice(ring.start, ring.end).join()}`;

test("records come out as they went in, once the reader was told", () => {
  const [writer, reader] = pair(256);
  expect(writer.push(3, bytesOf(20, 0), 2, 7)).toBe(true);
  expect(writer.push(4, bytesOf(0, 0), 0, 0)).toBe(true);
  expect(reader.take()).toBe(false);
  writer.flush();
  writer.flush();
  expect([reader.take(), taken(reader)]).toEqual([true, "3 14,21,28,35,42"]);
  expect([reader.take(), taken(reader)]).toEqual([true, "4 "]);
  expect([reader.take(), reader.take()]).toEqual([false, false]);
});

test("a ring that is full takes no more, and what is lent is not written over", () => {
  const [writer, reader] = pair(64);
  const payload = bytesOf(24, 1);
  expect([writer.push(1, payload, 0, 24), writer.push(2, payload, 0, 24), writer.push(3, payload, 0, 1)]).toEqual([
    true,
    true,
    false,
  ]);
  writer.flush();
  reader.take();
  expect([writer.push(3, payload, 0, 24), taken(reader)]).toEqual([false, `1 ${payload.join()}`]);
  reader.take();
  reader.take();
  expect(writer.push(3, payload, 0, 24)).toBe(true);
});

test("the largest record fits wherever an empty ring stands, also where positions pass 2^31 and 2^32", () => {
  for (const start of [0, 2 ** 31 - 1024, 2 ** 32 - 1024]) {
    const memory = SpinRing.allocate(64);
    // Both positions: what was read and what was written.
    const control = new Int32Array(memory);
    control[0] = start;
    control[16] = start;
    const writer = new SpinRing(memory);
    const reader = new SpinRing(memory);
    for (let turn = 0; turn < 200; turn++) {
      const payload = bytesOf(turn % 2 === 0 ? writer.most : 3, turn);
      expect(writer.push(1, payload, 0, payload.length)).toBe(true);
      writer.flush();
      expect([reader.take(), taken(reader)]).toEqual([true, `1 ${payload.join()}`]);
      expect(reader.take()).toBe(false);
    }
  }
});

test("random records, batches and reads: order and bytes are kept", () => {
  const random: Random = seededRandom(7);
  const [writer, reader] = pair(1024);
  const expected: string[] = [];
  for (let turn = 0; turn < 20_000; turn++) {
    const payload = bytesOf(below(random, below(random, 2) === 0 ? 30 : writer.most), turn & 255);
    if (below(random, 2) === 0 && writer.push(turn & 15, payload, 0, payload.length)) {
      expected.push(`${turn & 15} ${payload.join()}`);
    }
    if (below(random, 3) === 0) writer.flush();
    if (below(random, 2) === 0 && reader.take() && taken(reader) !== expected.shift()) expect.unreachable();
  }
  writer.flush();
  while (reader.take()) expect(taken(reader)).toBe(expected.shift() ?? "");
  expect(expected).toEqual([]);
});

test("a reader that sleeps is woken by a batch, and by a wake without one", async () => {
  const [writer, reader] = pair(64);
  const woken = reader.more();
  writer.push(1, bytesOf(1, 0), 0, 1);
  writer.flush();
  await woken;
  expect(reader.take()).toBe(true);
  expect(reader.take()).toBe(false);
  const again = reader.more();
  writer.wake();
  await again;
  expect(reader.take()).toBe(false);
  reader.mark = 7;
  expect(writer.mark).toBe(7);
});

test("a capacity that is no power of two is refused", () => {
  for (const capacity of [0, 32, 100, 2 ** 31, Number.NaN])
    expect(() => SpinRing.allocate(capacity)).toThrow("Cannot make ring");
});
