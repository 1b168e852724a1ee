import { describe, expect, test } from "bun:test";
import {
  decimalLength,
  FIELD_TEXT,
  lowerCase,
  sameName,
  TARGET_TEXT,
  TOKEN,
  UNRESERVED,
  writeDecimal,
} from "../../../src/codec/http/characters.ts";

describe("classes of bytes, by the patterns of their grammars", () => {
  const classes: readonly (readonly [name: string, table: Uint8Array, pattern: RegExp])[] = [
    ["token (RFC 9110 section 5.6.2)", TOKEN, /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/],
    ["field text (RFC 9110 section 5.5)", FIELD_TEXT, /^[\t\x20-\x7e\x80-\xff]$/],
    ["target (RFC 9112 section 3.2)", TARGET_TEXT, /^[!$-;=?-Z_a-z~[\]]$/],
    ["unreserved, as encodeURIComponent has it", UNRESERVED, /^[A-Za-z0-9\-_.!~*'()]$/],
  ];
  test.each(classes)("%s", (_name, table, pattern) => {
    expect(table.length).toBe(256);
    for (let byte = 0; byte < 256; byte++) {
      expect(`${byte} ${table[byte]}`).toBe(`${byte} ${pattern.test(String.fromCharCode(byte)) ? 1 : 0}`);
    }
  });
});

test("names are the same whatever the case of their letters, and only of these", () => {
  for (let one = 0; one < 256; one++) {
    for (let other = 0; other < 128; other++) {
      const [left, right] = [String.fromCharCode(one), String.fromCharCode(other)];
      const same = one === other || (/^[A-Za-z]$/.test(right) && left.toLowerCase() === right.toLowerCase());
      if (sameName(Uint8Array.of(0, one), 1, 2, right) !== same)
        expect({ one, other, same: !same }).toEqual({ one, other, same });
    }
  }
  expect(sameName(Buffer.from("content"), 0, 7, "content-length")).toBe(false);
  expect(sameName(Buffer.from(""), 0, 0, "")).toBe(true);
});

test("the case of a letter can be taken off", () => {
  for (let byte = 0; byte < 128; byte++) {
    expect(String.fromCharCode(lowerCase(byte))).toBe(String.fromCharCode(byte).toLowerCase());
  }
});

test("numbers in decimal", () => {
  const bytes = new Uint8Array(40);
  const values = [0, 1, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 1_700_000_000_000, Number.MAX_SAFE_INTEGER];
  for (let power = 1; power < 1e15; power *= 10) values.push(power - 1, power, power + 1, power * 3 + 7);
  for (const value of values) {
    bytes.fill(0x78);
    const end = writeDecimal(bytes, 3, value);
    expect(end - 3).toBe(decimalLength(value));
    expect(Buffer.from(bytes).toString("latin1", 2, end + 1)).toBe(`x${value}x`);
  }
});
