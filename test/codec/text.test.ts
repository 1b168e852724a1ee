import { describe, expect, test } from "bun:test";
import * as native from "../../src/codec/text.ts";
import { hex, hexOf, utf8 } from "../helpers/bytes.ts";

/** The module as a page has it, which knows no `Buffer`. */
const page = await withoutBuffer();
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

describe.each([
  { kind: "with Buffer", text: native },
  { kind: "in a page", text: page },
])("$kind", ({ text }) => {
  test("Latin-1: each byte is the character of its number", () => {
    const decoded = text.decodeLatin1(EVERY_BYTE, 0, 256);
    expect(Array.from(decoded, (char) => char.charCodeAt(0))).toEqual([...EVERY_BYTE]);
  });

  test("Latin-1: long ranges", () => {
    const bytes = Uint8Array.from({ length: 10_000 }, (_, at) => at & 0xff);
    const expected = Array.from(bytes.subarray(3), (byte) => String.fromCharCode(byte)).join("");
    expect(text.decodeLatin1(bytes, 3, bytes.length)).toBe(expected);
  });

  test("ranges are half open, and may be empty", () => {
    const bytes = utf8("<ä€>");
    expect(text.decodeUtf8(bytes, 1, 6)).toBe("ä€");
    expect(text.decodeLatin1(bytes, 0, 1)).toBe("<");
    for (const at of [0, 3, bytes.length]) {
      expect(text.decodeUtf8(bytes, at, at)).toBe("");
      expect(text.decodeLatin1(bytes, at, at)).toBe("");
    }
  });

  test("views that begin within their memory", () => {
    const view = utf8("--abä--").subarray(2, 6);
    expect(text.decodeUtf8(view, 0, 4)).toBe("abä");
    expect(text.decodeLatin1(view, 0, 2)).toBe("ab");
    expect(text.encodeUtf8(view, "é", 1)).toBe(2);
    expect(hexOf(view)).toBe("61c3a9a4");
  });

  test("a byte order mark is text", () => {
    expect(text.decodeUtf8(hex("efbbbf 61"), 0, 4)).toBe("\ufeffa");
  });

  test("bytes that are not UTF-8 become U+FFFD", () => {
    expect(text.decodeUtf8(hex("61 ff 62"), 0, 3)).toBe("a\ufffdb");
  });

  test("long strings, ASCII and not", () => {
    for (const value of ["x".repeat(100_000), "x€".repeat(50_000), "\u{1f600}".repeat(10_000)]) {
      const bytes = new Uint8Array(value.length * 3 + 1);
      const written = text.encodeUtf8(bytes, value, 1);
      expect(written).toBe(utf8(value).length);
      expect(text.decodeUtf8(bytes, 1, 1 + written)).toBe(value);
    }
  });

  test("a lone surrogate is written as U+FFFD, a pair as one character", () => {
    const bytes = new Uint8Array(32);
    expect(text.encodeUtf8(bytes, "a\ud800b\udc00", 2)).toBe(8);
    expect(hexOf(bytes.subarray(0, 11))).toBe("0000" + "61efbfbd62efbfbd" + "00");
    expect(text.encodeUtf8(bytes, "\ud83d\ude00", 0)).toBe(4);
  });

  test("nothing is written for an empty string, also at the end", () => {
    const bytes = new Uint8Array(4);
    expect(text.encodeUtf8(bytes, "", 0)).toBe(0);
    expect(text.encodeUtf8(bytes, "", 4)).toBe(0);
  });
});

test("the page's module is another one", () => {
  expect(page.decodeUtf8).not.toBe(native.decodeUtf8);
});

async function withoutBuffer(): Promise<typeof native> {
  const kept = Object.getOwnPropertyDescriptor(globalThis, "Buffer") ?? {};
  const path = "../../src/codec/text.ts?page";
  Reflect.deleteProperty(globalThis, "Buffer");
  try {
    return (await import(path)) as typeof native;
  } finally {
    Object.defineProperty(globalThis, "Buffer", kept);
  }
}
