import { describe, expect, test } from "bun:test";
import { wordsOf } from "../../src/codec/ascii.ts";
import { UTF8_ACCEPT, UTF8_REJECT, Utf8Check, utf8Step } from "../../src/codec/utf8.ts";
import { utf8 } from "../helpers/bytes.ts";
import { naiveUtf8, type Verdict } from "../helpers/naive-utf8.ts";
import { below, seededRandom } from "../helpers/random.ts";

describe("the table against arithmetic", () => {
  test("every sequence of one and two bytes", () => {
    for (let first = 0; first < 256; first++) {
      expectAlike([first]);
      for (let second = 0; second < 256; second++) expectAlike([first, second]);
    }
  });

  test("every sequence of three bytes", () => {
    const bytes = new Uint8Array(3);
    for (let two = 0; two < 1 << 16; two++) {
      bytes[0] = two >> 8;
      bytes[1] = two & 0xff;
      const state = utf8Step(bytes, 0, 2, UTF8_ACCEPT);
      // No continuation mends what was rejected, for the table and by the definition of its twin: one of 256 says it for all.
      const last = state === UTF8_REJECT ? 1 : 256;
      for (let third = 0; third < last; third++) {
        bytes[2] = third;
        if (verdictOf(utf8Step(bytes, 2, 3, state)) !== naiveUtf8(bytes)) expectAlike(bytes);
      }
    }
  });

  test("four bytes: every lead and second byte, with the others at and between their bounds", () => {
    const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    const bytes = new Uint8Array(4);
    for (let lead = 0xe0; lead < 256; lead++) {
      for (let second = 0; second < 256; second++) {
        for (const third of edges) {
          for (const fourth of edges) {
            bytes.set([lead, second, third, fourth]);
            if (verdictOf(utf8Step(bytes, 0, 4, UTF8_ACCEPT)) !== naiveUtf8(bytes)) expectAlike(bytes);
          }
        }
      }
    }
  });

  test("100,000 random sequences of four to nine bytes, made of those that begin, continue and end characters", () => {
    const random = seededRandom(6455);
    const likely = [
      0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1,
      0xf3, 0xf4, 0xf5,
    ];
    for (let round = 0; round < 100_000; round++) {
      const bytes = Uint8Array.from({ length: 4 + below(random, 6) }, () => likely[below(random, likely.length)]!);
      if (verdictOf(utf8Step(bytes, 0, bytes.length, UTF8_ACCEPT)) !== naiveUtf8(bytes)) expectAlike(bytes);
    }
  });

  test("every code point", () => {
    const bytes = new Uint8Array(4);
    const encoder = new TextEncoder();
    for (let point = 0; point <= 0x10ffff; point++) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const { written } = encoder.encodeInto(String.fromCodePoint(point), bytes);
      if (utf8Step(bytes, 0, written, UTF8_ACCEPT) !== UTF8_ACCEPT)
        throw new Error(`U+${point.toString(16)} is refused`);
      if (written > 1 && verdictOf(utf8Step(bytes, 0, written - 1, UTF8_ACCEPT)) !== "incomplete") {
        throw new Error(`U+${point.toString(16)} is complete without its last byte`);
      }
    }
  });
});

test("the state passes from piece to piece, wherever the text is cut", () => {
  const bytes = utf8("a\u00e4\u20ac\u{1f600}\u{10ffff}z");
  for (let cut = 0; cut <= bytes.length; cut++) {
    const state = utf8Step(bytes, 0, cut, UTF8_ACCEPT);
    expect(state).not.toBe(UTF8_REJECT);
    expect(utf8Step(bytes, cut, bytes.length, state)).toBe(UTF8_ACCEPT);
  }
});

test("rejection is final", () => {
  const rejected = utf8Step(Uint8Array.of(0xff), 0, 1, UTF8_ACCEPT);
  expect(rejected).toBe(UTF8_REJECT);
  for (let byte = 0; byte < 256; byte++) expect(utf8Step(Uint8Array.of(byte), 0, 1, rejected)).toBe(UTF8_REJECT);
});

describe("Utf8Check", () => {
  test("knows whether all was ASCII, valid so far, and complete", () => {
    const check = new Utf8Check();
    const steps: readonly (readonly [bytes: number[], valid: boolean, ascii: boolean, complete: boolean])[] = [
      [[], true, true, true],
      [[0x61, 0x62], true, true, true],
      [[0xe2], true, false, false],
      [[0x82], true, false, false],
      [[], true, false, false],
      [[0xac], true, false, true],
      [[0x63, 0x64, 0x65], true, false, true],
      [[0x80], false, false, false],
      [[0x61], false, false, false],
    ];
    for (const [bytes, valid, ascii, complete] of steps) {
      const fed = feed(check, Uint8Array.from(bytes));
      expect([fed, check.ascii, check.complete]).toEqual([valid, ascii, complete]);
    }
  });

  test("ASCII within a character that is cut is not taken for ASCII", () => {
    const check = new Utf8Check();
    expect(feed(check, Uint8Array.of(0xc3))).toBe(true);
    expect(feed(check, Uint8Array.of(0x61))).toBe(false);
  });

  test("begins anew, also after a rejection", () => {
    const check = new Utf8Check();
    expect(feed(check, Uint8Array.of(0xff))).toBe(false);
    check.begin();
    expect(feed(check, utf8("a"))).toBe(true);
    expect([check.ascii, check.complete]).toEqual([true, true]);
  });

  test("looks at nothing outside its range", () => {
    const check = new Utf8Check();
    const bytes = Uint8Array.of(0xff, 0xff, 0x61, 0xc3, 0xa4, 0xff, 0xff, 0xff);
    expect(check.feed(bytes, wordsOf(bytes), 2, 5)).toBe(true);
    expect(check.complete).toBe(true);
  });
});

function feed(check: Utf8Check, bytes: Uint8Array): boolean {
  return check.feed(bytes, wordsOf(bytes), 0, bytes.length);
}

function verdictOf(state: number): Verdict {
  if (state === UTF8_ACCEPT) return "valid";
  return state === UTF8_REJECT ? "invalid" : "incomplete";
}

function expectAlike(bytes: ArrayLike<number>): void {
  const copy = Uint8Array.from(bytes);
  expect([[...copy], verdictOf(utf8Step(copy, 0, copy.length, UTF8_ACCEPT))]).toEqual([[...copy], naiveUtf8(copy)]);
}
