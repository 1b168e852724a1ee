import { expect, test } from "bun:test";
import { wordsOf } from "../../../src/codec/ascii.ts";
import { maskBytes } from "../../../src/codec/ws/mask.ts";
import { hex, hexOf, pattern } from "../../helpers/bytes.ts";
import { MEMORIES } from "../../helpers/memories.ts";
import { below, seededRandom } from "../../helpers/random.ts";

const LONGEST = 40;
const KEYS = ["00000000", "ffffffff", "01020304", "37fa213d", "80000001", "7fffffff"] as const;

test("the example of RFC 6455 section 5.7", () => {
  expect(hexOf(masked(hex("48656c6c6f"), 0, 5, "37fa213d", 0))).toBe("7f9f4d5158");
});

test("every length, alignment and offset into the payload, against a byte loop", () => {
  for (const key of KEYS) {
    for (let start = 0; start < 8; start++) {
      for (let length = 0; length <= LONGEST; length++) {
        for (let offset = 0; offset < 5; offset++) {
          const bytes = pattern(64);
          const expected = byteLoop(bytes, start, start + length, key, offset);
          const seen = masked(bytes, start, start + length, key, offset);
          if (Buffer.compare(seen, expected) === 0) continue;
          expect([start, length, offset, hexOf(seen)]).toEqual([start, length, offset, hexOf(expected)]);
        }
      }
    }
  }
});

test("to the end of memory that is no whole number of words", () => {
  for (let size = 1; size <= 23; size++) {
    for (let start = 0; start <= size; start++) {
      const seen = masked(pattern(size), start, size, "37fa213d", 1);
      expect(hexOf(seen)).toBe(hexOf(byteLoop(pattern(size), start, size, "37fa213d", 1)));
    }
  }
});

test("twice is not at all", () => {
  const bytes = masked(masked(pattern(61), 3, 60, "37fa213d", 2), 3, 60, "37fa213d", 2);
  expect(hexOf(bytes)).toBe(hexOf(pattern(61)));
});

test("in pieces it is the same as at once, wherever the payload is cut", () => {
  const random = seededRandom(3);
  for (let round = 0; round < 500; round++) {
    const start = below(random, 8);
    const bytes = pattern(100);
    const words = wordsOf(bytes);
    for (let pos = start; pos < 100; ) {
      const end = Math.min(100, pos + below(random, 20));
      maskBytes(bytes, words, pos, end, wordOf("a1b2c3d4"), pos - start);
      pos = end;
    }
    expect(hexOf(bytes)).toBe(hexOf(byteLoop(pattern(100), start, 100, "a1b2c3d4", 0)));
  }
});

test("an offset of a large frame", () => {
  for (const offset of [65535, 65536, 2 ** 30 - 1]) {
    expect(hexOf(masked(pattern(9), 0, 9, "01020304", offset))).toBe(
      hexOf(byteLoop(pattern(9), 0, 9, "01020304", offset)),
    );
  }
});

test("a key as an unsigned word is the same key", () => {
  const key = wordOf("010203f4");
  const signed = pattern(11);
  const unsigned = pattern(11);
  maskBytes(signed, wordsOf(signed), 1, 11, key, 3);
  maskBytes(unsigned, wordsOf(unsigned), 1, 11, key >>> 0, 3);
  expect(key).toBeLessThan(0);
  expect(hexOf(unsigned)).toBe(hexOf(signed));
});

test("across the middle of mirrored memory", () => {
  for (const { kind, make } of MEMORIES) {
    if (kind !== "mirrored") continue;
    const { bytes, capacity } = make(4096);
    const start = capacity - 13;
    bytes.set(pattern(50), start);
    maskBytes(bytes, wordsOf(bytes), start, start + 50, wordOf("37fa213d"), 0);
    expect(hexOf(bytes.subarray(start, start + 50))).toBe(hexOf(byteLoop(pattern(50), 0, 50, "37fa213d", 0)));
    expect(hexOf(bytes.subarray(0, 37))).toBe(hexOf(bytes.subarray(capacity, capacity + 37)));
  }
});

function masked(bytes: Uint8Array, start: number, end: number, key: string, offset: number): Uint8Array {
  // The words cover what the array's length leaves of them.
  const padded = new Uint8Array((bytes.length + 3) & ~3);
  padded.set(bytes);
  maskBytes(padded, wordsOf(padded), start, end, wordOf(key), offset);
  return padded.subarray(0, bytes.length);
}

function byteLoop(bytes: Uint8Array, start: number, end: number, key: string, offset: number): Uint8Array {
  const four = hex(key);
  return bytes.map((byte, at) => (at < start || at >= end ? byte : byte ^ four[(at - start + offset) % 4]!));
}

function wordOf(key: string): number {
  return new DataView(hex(key).buffer).getInt32(0, true);
}
