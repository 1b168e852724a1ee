import { expect, test } from "bun:test";
import { isAscii, wordsOf } from "../../src/codec/ascii.ts";
import { MEMORIES } from "../helpers/memories.ts";

const LONGEST = 70;

test("every length, alignment and place of the one byte that is not ASCII", () => {
  const bytes = new Uint8Array(96);
  const words = wordsOf(bytes);
  for (let start = 0; start < 8; start++) {
    for (let length = 0; length <= LONGEST; length++) {
      const end = start + length;
      bytes.fill(0x7f);
      if (!isAscii(bytes, words, start, end)) throw new Error(`false for ASCII in [${start}, ${end})`);
      for (let at = start; at < end; at++) {
        for (const byte of [0x80, 0xff]) {
          bytes[at] = byte;
          if (isAscii(bytes, words, start, end))
            throw new Error(`true for 0x${byte.toString(16)} at ${at} in [${start}, ${end})`);
        }
        bytes[at] = 0x7f;
      }
      // What lies around the range does not matter.
      bytes.fill(0xff, 0, start).fill(0xff, end);
      if (!isAscii(bytes, words, start, end)) throw new Error(`a byte outside [${start}, ${end}) was looked at`);
    }
  }
});

test("every byte value, where words and where single bytes are taken", () => {
  const bytes = new Uint8Array(32);
  const words = wordsOf(bytes);
  for (let byte = 0; byte < 256; byte++) {
    for (const at of [5, 8, 9, 22]) {
      bytes.fill(0);
      bytes[at] = byte;
      expect(isAscii(bytes, words, 5, 23)).toBe(byte < 0x80);
    }
  }
});

test("a range that crosses the middle of mirrored memory", () => {
  for (const { kind, make } of MEMORIES) {
    const { bytes, capacity } = make(4096);
    if (kind !== "mirrored") continue;
    const words = wordsOf(bytes);
    expect(isAscii(bytes, words, capacity - 9, capacity + 9)).toBe(true);
    bytes[6] = 0xc3;
    expect(isAscii(bytes, words, capacity - 9, capacity + 7)).toBe(false);
    expect(isAscii(bytes, words, capacity - 9, capacity + 6)).toBe(true);
  }
});

test("wordsOf is the same memory, without the last bytes that are no word", () => {
  const bytes = new Uint8Array(new ArrayBuffer(32), 8, 11);
  const words = wordsOf(bytes);
  words[1] = 0x04030201;
  expect([...bytes]).toEqual([0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0]);
  expect(words).toHaveLength(2);
});
