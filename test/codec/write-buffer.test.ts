import { afterEach, describe, expect, mock, spyOn, test } from "bun:test";
import { WriteBuffer } from "../../src/codec/write-buffer.ts";
import { hexOf, pattern } from "../helpers/bytes.ts";
import { below, seededRandom } from "../helpers/random.ts";

afterEach(() => mock.restore());

test("starts empty with its capacity, rounded up to a multiple of 8", () => {
  for (const [asked, capacity] of [
    [0, 8],
    [1, 8],
    [64, 64],
    [65, 72],
  ] as const) {
    const out = new WriteBuffer(asked);
    expect([out.capacity, out.bytes.length, out.length, out.head, out.tail]).toEqual([capacity, capacity, 0, 0, 0]);
  }
});

test("made lazily, has no memory before the first bytes, and then as any other", () => {
  for (const count of [0, 1, 16, 17, 100]) {
    const out = new WriteBuffer(16, true);
    expect([out.capacity, out.bytes.length, out.words.length, out.length]).toEqual([16, 0, 0, 0]);
    out.clear();
    out.append(pattern(count));
    expect([waiting(out), out.head, out.tail]).toEqual([hexOf(pattern(count)), 0, count]);
    out.append(pattern(9));
    expect(waiting(out)).toBe(hexOf(pattern(count)) + hexOf(pattern(9)));
    out.consume(count + 9);
    expect([out.bytes.length, out.words.length]).toEqual([16, 4]);
  }
});

test("a capacity out of range is refused", () => {
  for (const capacity of [-1, 2 ** 30 + 1, Number.NaN]) {
    expect(() => new WriteBuffer(capacity)).toThrow(
      expect.objectContaining({
        code: "OPTION_OUT_OF_RANGE",
        message: expect.stringContaining(`capacity is ${capacity}`),
      }),
    );
  }
});

test("reserve, write, commit", () => {
  const out = new WriteBuffer(16);
  const at = out.reserve(5);
  out.bytes.set(pattern(5), at);
  out.commit(at + 3);
  expect(waiting(out)).toBe(hexOf(pattern(3)));
  expect(out.reserve(1)).toBe(3);
  expect(out.length).toBe(3);
});

test("what was reserved and not committed does not wait", () => {
  const out = new WriteBuffer(16);
  out.reserve(1000);
  expect(out.length).toBe(0);
  out.append(pattern(2));
  expect(waiting(out)).toBe(hexOf(pattern(2)));
});

describe("room", () => {
  test("grows to what waits and is asked for, and keeps what waits", () => {
    const out = new WriteBuffer(16);
    out.append(pattern(10));
    out.consume(3);
    out.append(pattern(100));
    expect(waiting(out)).toBe(hexOf(pattern(10).subarray(3)) + hexOf(pattern(100)));
    expect(out.bytes.length).toBeGreaterThanOrEqual(107);
  });

  test("is found without growing where half of it was taken", () => {
    const out = new WriteBuffer(64);
    const { bytes } = out;
    out.append(pattern(60));
    out.consume(40);
    out.append(pattern(30));
    expect(out.bytes).toBe(bytes);
    expect(waiting(out)).toBe(hexOf(pattern(60).subarray(40)) + hexOf(pattern(30)));
    expect(out.head).toBe(0);
  });

  test("moving costs at most one byte for each that was taken, however little the transport takes", () => {
    const moved = spyOn(Uint8Array.prototype, "copyWithin");
    for (const waits of [1, 500, 900, 1000]) {
      const out = new WriteBuffer(1 << 10);
      out.append(pattern(waits));
      for (let round = 0; round < 1_000; round++) {
        out.append(pattern(60));
        out.consume(60);
      }
      const bytes = moved.mock.calls.reduce((sum, [, start, end = 0]) => sum + end - (start ?? 0), 0);
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThanOrEqual(60_000);
      moved.mockClear();
    }
  });

  test("goes back to the capacity once everything was taken", () => {
    const out = new WriteBuffer(16);
    const { bytes, words } = out;
    out.append(pattern(1000));
    expect(out.bytes).not.toBe(bytes);
    out.consume(999);
    expect(out.length).toBe(1);
    out.consume(1);
    expect(out.bytes).toBe(bytes);
    expect(out.words).toBe(words);
    expect([out.head, out.tail]).toEqual([0, 0]);
  });

  test("clear drops what waits, and the memory that was grown", () => {
    const out = new WriteBuffer(16);
    out.append(pattern(1000));
    out.consume(1);
    out.clear();
    expect([out.length, out.head, out.tail, out.bytes.length]).toEqual([0, 0, 0, 16]);
  });

  test("has an end: more than an index can name is refused, and what waits stays", () => {
    const out = new WriteBuffer(16);
    out.append(pattern(3));
    for (const count of [2 ** 30 - 2, 2 ** 31, 2 ** 40, Number.POSITIVE_INFINITY]) {
      expect(() => out.reserve(count)).toThrow(
        expect.objectContaining({ name: "UsageError", code: "WRITE_TOO_LARGE" }),
      );
    }
    expect(() => out.reserve(2 ** 31)).toThrow(
      "Cannot write: 2147483651 bytes would wait where 1073741824 are the most",
    );
    expect(waiting(out)).toBe(hexOf(pattern(3)));
  });
});

test("words are the bytes, also after growing", () => {
  const out = new WriteBuffer(16);
  for (let round = 0; round < 4; round++) {
    expect(out.words.buffer).toBe(out.bytes.buffer);
    expect(out.words.length).toBe(out.bytes.length / 4);
    expect(out.bytes.length % 8).toBe(0);
    out.append(pattern(out.bytes.length + 1));
  }
});

test("is a queue: any sequence of appends and takes gives back every byte in order", () => {
  const random = seededRandom(2);
  const out = new WriteBuffer(64);
  const source = pattern(1 << 16);
  let appended = 0;
  let taken = 0;
  while (taken < source.length) {
    if (random() < 0.5) {
      const count = Math.min(below(random, 90), source.length - appended);
      if (random() < 0.5) out.append(source.subarray(appended, appended + count));
      else {
        const at = out.reserve(count + below(random, 20));
        out.bytes.set(source.subarray(appended, appended + count), at);
        out.commit(at + count);
      }
      appended += count;
    } else {
      const count = below(random, out.length + 1);
      const head = out.bytes.subarray(out.head, out.head + count);
      if (Buffer.compare(head, source.subarray(taken, taken + count)) !== 0) throw new Error(`wrong bytes at ${taken}`);
      out.consume(count);
      taken += count;
    }
    expect(out.length).toBe(appended - taken);
    if (out.length === 0) expect(out.head).toBe(0);
  }
});

function waiting(out: WriteBuffer): string {
  return hexOf(out.bytes.subarray(out.head, out.tail));
}
