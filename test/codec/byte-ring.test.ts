import { describe, expect, test } from "bun:test";
import { ByteRing, memoryOver, plainMemory, ringCapacity } from "../../src/codec/byte-ring.ts";
import { hexOf, pattern } from "../helpers/bytes.ts";
import { MEMORIES } from "../helpers/memories.ts";
import { below, seededRandom } from "../helpers/random.ts";

describe.each(MEMORIES)("a ring on $kind memory", ({ make }) => {
  test("holds what its memory holds", () => {
    const memory = make(256);
    const ring = new ByteRing(memory);
    expect(ring.bytes).toBe(memory.bytes);
    expect([ring.capacity, ring.mirrored, ring.length, ring.free]).toEqual([
      memory.capacity,
      memory.mirrored,
      0,
      memory.capacity,
    ]);
    expect(ring.bytes.length).toBe(memory.capacity * (memory.mirrored ? 2 : 1));
    expect(ring.view()).toHaveLength(0);
  });

  test("takes as much as it has room for, from any offset of the chunk", () => {
    const ring = new ByteRing(make(256));
    const chunk = pattern(ring.capacity + 10);
    expect(ring.write(chunk, 4)).toBe(ring.capacity);
    expect(hexOf(ring.view())).toBe(hexOf(chunk.subarray(4, 4 + ring.capacity)));
    expect([ring.length, ring.free]).toEqual([ring.capacity, 0]);
    expect(ring.write(chunk)).toBe(0);
    expect(ring.write(new Uint8Array(0))).toBe(0);
  });

  test("takes nothing from the chunk's end or behind it", () => {
    const ring = new ByteRing(make(256));
    expect(ring.write(pattern(5), 5)).toBe(0);
    expect(ring.write(pattern(5), 9)).toBe(0);
    expect(ring.length).toBe(0);
  });

  test("has its whole capacity again once all was consumed and settled", () => {
    const ring = new ByteRing(make(256));
    for (let round = 0; round < 5; round++) {
      expect(ring.write(pattern(ring.capacity))).toBe(ring.capacity);
      ring.consume(ring.capacity);
      ring.settle(true);
      expect([ring.head, ring.length, ring.free, ring.spare().length]).toEqual([0, 0, ring.capacity, ring.capacity]);
    }
  });

  test("is filled in place through spare and filled", () => {
    const ring = new ByteRing(make(256));
    ring.write(pattern(3));
    ring.consume(1);
    ring.spare().set(pattern(10));
    ring.filled(10);
    expect(hexOf(ring.view())).toBe(hexOf(pattern(3).subarray(1)) + hexOf(pattern(10)));
  });

  test("is a queue: any sequence of writes and consumes gives back every byte in order, contiguous", () => {
    const random = seededRandom(1);
    const ring = new ByteRing(make(256));
    const source = pattern(1 << 16);
    let written = 0;
    let consumed = 0;
    while (consumed < source.length) {
      if (random() < 0.5) {
        const chunk = source.subarray(0, Math.min(source.length, written + below(random, ring.capacity)));
        ring.settle(true);
        const taken = ring.write(chunk, written);
        expect(taken).toBe(Math.min(chunk.length - written, ring.capacity - (written - consumed)));
        written += taken;
      } else {
        const count = below(random, ring.length + 1);
        expect(Buffer.compare(ring.view(), source.subarray(consumed, written))).toBe(0);
        ring.consume(count);
        consumed += count;
      }
      expect(ring.length).toBe(written - consumed);
      // `index + origin` names a byte for good.
      expect([ring.head + ring.origin, ring.tail + ring.origin]).toEqual([consumed, written]);
      if (consumed === written && written === source.length) break;
    }
  });

  test("settles where it must, and says by how much indexes have shrunk", () => {
    const ring = new ByteRing(make(256));
    expect(ring.settle(true)).toBe(0);
    ring.write(pattern(ring.capacity));
    ring.consume(ring.capacity - 5);
    ring.settle(true);
    ring.write(pattern(20));
    ring.consume(10);
    const before = hexOf(ring.view());
    const { head, origin } = ring;
    const shift = ring.settle(true);
    expect(shift).toBe(ring.mirrored ? ring.capacity : head);
    expect([ring.head, ring.origin]).toEqual([head - shift, origin + shift]);
    expect(hexOf(ring.view())).toBe(before);
  });

  test("clear empties it, and no later byte has an earlier one's name", () => {
    const ring = new ByteRing(make(256));
    ring.write(pattern(100));
    ring.consume(30);
    const { tail } = ring;
    ring.clear();
    expect([ring.head, ring.tail, ring.free]).toEqual([0, 0, ring.capacity]);
    expect(ring.head + ring.origin).toBe(tail);
  });
});

test("what wraps on mirrored memory is contiguous, and nothing is ever moved", () => {
  for (const { kind, make } of MEMORIES) {
    if (kind !== "mirrored") continue;
    const ring = new ByteRing(make(4096));
    const { capacity, bytes } = ring;
    ring.write(pattern(capacity - 3));
    ring.consume(capacity - 3);
    ring.write(pattern(10));
    expect(hexOf(ring.view())).toBe(hexOf(pattern(10)));
    expect(hexOf(bytes.subarray(capacity - 3, capacity))).toBe(hexOf(pattern(3)));
    expect(hexOf(bytes.subarray(0, 7))).toBe(hexOf(pattern(10).subarray(3)));
  }
});

test("what is held on plain memory stays where it is while it may not be moved", () => {
  const ring = new ByteRing(plainMemory(64));
  ring.write(pattern(64));
  ring.consume(60);
  expect(ring.settle(false)).toBe(0);
  expect([ring.head, ring.write(pattern(10))]).toEqual([60, 0]);
  expect(ring.spare()).toHaveLength(0);
  expect(ring.settle(true)).toBe(60);
  expect(ring.write(pattern(100))).toBe(60);
});

test("plain memory is rounded up to a multiple of 8, and to 8", () => {
  const sizes = [0, 1, 8, 9, 255, 256, 257].map((capacity) => plainMemory(capacity).capacity);
  expect(sizes).toEqual([8, 8, 8, 16, 256, 256, 264]);
});

/** Beyond 2^31 - 8 rounding by 32-bit integers would wrap. */
const IMPOSSIBLE = [
  -1,
  2 ** 30 + 1,
  2 ** 31 - 7,
  2 ** 31,
  2 ** 32,
  2 ** 32 + 8,
  2 ** 53,
  Number.POSITIVE_INFINITY,
  Number.NaN,
];

test.each(IMPOSSIBLE)("a ring of %d bytes cannot be, and is refused with the number", (capacity) => {
  const error = expect.objectContaining({
    name: "UsageError",
    code: "OPTION_OUT_OF_RANGE",
    message: `Cannot take memory for a ring: capacity is ${capacity}, not 0 to 1073741824`,
  });
  expect(() => plainMemory(capacity)).toThrow(error);
  if (!(capacity > 0)) return;
  expect(() => memoryOver({ length: capacity, byteOffset: 0 } as Uint8Array)).toThrow(
    `Cannot use memory: it is ${capacity} bytes at offset 0`,
  );
});

test("the largest sizes are rounded as the small ones are", () => {
  expect([2 ** 30 - 9, 2 ** 30 - 7, 2 ** 30 - 1, 2 ** 30].map(ringCapacity)).toEqual([
    2 ** 30 - 8,
    2 ** 30,
    2 ** 30,
    2 ** 30,
  ]);
});

test("memory that is handed in is used as it is, from a multiple of 8 to a multiple of 8", () => {
  for (const buffer of [new ArrayBuffer(64), new SharedArrayBuffer(64)]) {
    const given = new Uint8Array(buffer, 16, 44);
    const ring = new ByteRing(memoryOver(given));
    expect([ring.capacity, ring.mirrored, ring.bytes.buffer, ring.bytes.byteOffset]).toEqual([40, false, buffer, 16]);
    expect(ring.write(pattern(100))).toBe(40);
    expect(hexOf(given)).toBe(hexOf(pattern(40)) + "00".repeat(4));
    ring.release();
    expect(hexOf(given.subarray(0, 3))).toBe(hexOf(pattern(3)));
  }
  for (const [offset, length] of [
    [4, 16],
    [1, 16],
    [8, 7],
    [0, 0],
  ] as const) {
    const code = expect.objectContaining({ code: "OPTION_OUT_OF_RANGE" });
    expect(() => memoryOver(new Uint8Array(new ArrayBuffer(64), offset, length))).toThrow(code);
  }
});

test("release empties the ring and gives the memory back", () => {
  let released = 0;
  const ring = new ByteRing({ ...plainMemory(64), release: () => void released++ });
  ring.write(pattern(10));
  ring.release();
  expect([ring.length, released]).toEqual([0, 1]);
});
