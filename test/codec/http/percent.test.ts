import { expect, test } from "bun:test";
import fc from "fast-check";
import { MOST_PER_UNIT, percentLength, writePercent } from "../../../src/codec/http/percent.ts";
import { fuzz } from "../../helpers/fuzz.ts";

test("each character is encoded as encodeURIComponent does it", () => {
  for (let code = 0; code <= 0xffff; code++) expectSame(String.fromCharCode(code));
  for (const text of ["\u{10000}", "\u{1f600}", "\u{10ffff}", "a\u{1f600}b"]) expectSame(text);
});

test("texts of every length on both sides of where they are written at once", () => {
  for (let length = 0; length < 80; length++) {
    for (const last of ["a", "/", "é", "\u{1f600}", "\ud800", ""]) {
      expectSame("x".repeat(length) + last);
      expectSame(last + "x".repeat(length));
    }
  }
});

test("any text", () => {
  fuzz("percent", 0.1, fc.string({ unit: "binary", maxLength: 60 }), expectSame);
});

/** Between bytes that must stay. */
function expectSame(text: string): void {
  const expected = encodeURIComponent(text.toWellFormed());
  const size = percentLength(text);
  const bytes = new Uint8Array(size + 200).fill(0x7c);
  const end = writePercent(bytes, 1, text);
  const written = Buffer.from(bytes).toString("latin1");
  const around = `|${expected}${"|".repeat(199)}`;
  if (written === around && end === size + 1 && size <= MOST_PER_UNIT * text.length) return;
  expect({ size, end, written }).toEqual({ size: expected.length, end: expected.length + 1, written: around });
}
