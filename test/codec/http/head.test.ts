import { describe, expect, test } from "bun:test";
import { wordsOf } from "../../../src/codec/ascii.ts";
import { HeadReader, isFieldValue, isToken } from "../../../src/codec/http/head.ts";
import { utf8 } from "../../helpers/bytes.ts";
import { type HeadReading, referenceHead } from "../../helpers/reference-head.ts";
import { splitsOf } from "../../helpers/splits.ts";

const LIMITS = { maxHeadSize: 1024, maxHeaders: 8 };

interface Case {
  readonly why: string;
  /** Latin-1. */
  readonly text: string;
  readonly fault?: string;
  readonly detail?: string;
  readonly fields?: readonly (readonly [string, string])[];
}

describe("a head that keeps the rules (RFC 9112 sections 2 to 5)", () => {
  const cases: readonly Case[] = [
    { why: "a status line alone", text: "HTTP/1.1 200 OK\r\n\r\n", fields: [] },
    { why: "a request line alone", text: "GET / HTTP/1.1\r\n\r\n", fields: [] },
    { why: "an empty start line: for its reader to judge", text: "\r\n\r\n", fields: [] },
    { why: "a field", text: "S\r\nHost: example.com\r\n\r\n", fields: [["Host", "example.com"]] },
    { why: "no white space before the value", text: "S\r\nA:b\r\n\r\n", fields: [["A", "b"]] },
    { why: "white space around the value", text: "S\r\nA: \t b c\t \r\n\r\n", fields: [["A", "b c"]] },
    { why: "an empty value", text: "S\r\nA:\r\n\r\n", fields: [["A", ""]] },
    {
      why: "a value of white space",
      text: "S\r\nA:  \t \r\nB: 1\r\n\r\n",
      fields: [
        ["A", ""],
        ["B", "1"],
      ],
    },
    { why: "a colon in the value", text: "S\r\nA: b:c:\r\n\r\n", fields: [["A", "b:c:"]] },
    {
      why: "each character of a token",
      text: "S\r\n!#$%&'*+-.^_`|~09azAZ: 1\r\n\r\n",
      fields: [["!#$%&'*+-.^_`|~09azAZ", "1"]],
    },
    { why: "bytes over 0x7F, as Latin-1", text: "S\r\nA: \x80\xe4\xff\r\n\r\n", fields: [["A", "\x80\xe4\xff"]] },
    { why: "each visible character in a value", text: `S\r\nA: ${visible()}\r\n\r\n`, fields: [["A", visible()]] },
    {
      why: "repeated fields, in order and case",
      text: "S\r\na: 1\r\nA: 2\r\na: 3\r\n\r\n",
      fields: [
        ["a", "1"],
        ["A", "2"],
        ["a", "3"],
      ],
    },
    {
      why: "as many fields as are allowed",
      text: `S\r\n${"A: 1\r\n".repeat(8)}\r\n`,
      fields: Array.from({ length: 8 }, () => ["A", "1"] as const),
    },
    { why: "a value of 900 bytes", text: `S\r\nA: ${"v".repeat(900)}\r\n\r\n`, fields: [["A", "v".repeat(900)]] },
  ];
  test.each(cases)("$why", (each) => {
    const reading = readAll(each.text);
    expect(reading).toMatchObject({ done: true, fault: null, size: each.text.length, fields: each.fields });
    expect(reading.startLine).toBe(each.text.slice(0, each.text.indexOf("\r")));
  });
});

describe("a head that breaks one", () => {
  const cases: readonly Case[] = [
    {
      why: "a start line that ends in LF",
      text: "HTTP/1.1 200 OK\nA: 1\r\n\r\n",
      fault: "HTTP_BARE_LF",
      detail: "at byte 15",
    },
    { why: "a field that ends in LF", text: "S\r\nA: 1\nB: 2\r\n\r\n", fault: "HTTP_BARE_LF", detail: "at byte 7" },
    { why: "a name that ends in LF", text: "S\r\nA\n\r\n", fault: "HTTP_BARE_LF", detail: "at byte 4" },
    { why: "a blank line that is LF", text: "S\r\nA: 1\r\n\n", fault: "HTTP_BARE_LF", detail: "at byte 9" },
    {
      why: "CR within the start line",
      text: "HTTP/1.1\r200 OK\r\n\r\n",
      fault: "HTTP_BARE_CR",
      detail: "0xd at byte 8",
    },
    { why: "CR within a value", text: "S\r\nA: 1\rB: 2\r\n\r\n", fault: "HTTP_BARE_CR", detail: "0xd at byte 7" },
    { why: "CR twice before LF", text: "S\r\nA: 1\r\r\n\r\n", fault: "HTTP_BARE_CR", detail: "0xd at byte 7" },
    {
      why: "CR at the blank line",
      text: "S\r\nA: 1\r\n\rB: 2\r\n\r\n",
      fault: "HTTP_BARE_CR",
      detail: "0xd at byte 9",
    },
    { why: "NUL in a value", text: "S\r\nA: 1\x002\r\n\r\n", fault: "HTTP_CONTROL_CHARACTER", detail: "0x0 at byte 7" },
    { why: "NUL in the start line", text: "S\x00\r\n\r\n", fault: "HTTP_CONTROL_CHARACTER", detail: "0x0 at byte 1" },
    { why: "DEL in a value", text: "S\r\nA: \x7f\r\n\r\n", fault: "HTTP_CONTROL_CHARACTER", detail: "0x7f at byte 6" },
    {
      why: "ESC in a long value",
      text: `S\r\nA: ${"v".repeat(33)}\x1b\r\n\r\n`,
      fault: "HTTP_CONTROL_CHARACTER",
      detail: "0x1b at byte 39",
    },
    {
      why: "a line folded with a space",
      text: "S\r\nA: 1\r\n 2\r\n\r\n",
      fault: "HTTP_OBSOLETE_FOLD",
      detail: "at byte 9",
    },
    {
      why: "a line folded with a tab",
      text: "S\r\nA: 1\r\n\t2\r\n\r\n",
      fault: "HTTP_OBSOLETE_FOLD",
      detail: "at byte 9",
    },
    {
      why: "white space before the first name",
      text: "S\r\n A: 1\r\n\r\n",
      fault: "HTTP_OBSOLETE_FOLD",
      detail: "at byte 3",
    },
    { why: "white space before the colon", text: "S\r\nA : 1\r\n\r\n", fault: "HTTP_HEADER_NAME", detail: "at byte 4" },
    { why: "a name without a colon", text: "S\r\nABC\r\n\r\n", fault: "HTTP_HEADER_NAME", detail: "at byte 6" },
    { why: "no name", text: "S\r\n: 1\r\n\r\n", fault: "HTTP_HEADER_NAME", detail: "at byte 3" },
    {
      why: "a name with a byte over 0x7F",
      text: "S\r\nA\xe4: 1\r\n\r\n",
      fault: "HTTP_HEADER_NAME",
      detail: "at byte 4",
    },
    { why: "a name with a slash", text: "S\r\nA/B: 1\r\n\r\n", fault: "HTTP_HEADER_NAME", detail: "at byte 4" },
    {
      why: "one field too many",
      text: `S\r\n${"A: 1\r\n".repeat(9)}\r\n`,
      fault: "HTTP_TOO_MANY_HEADERS",
      detail: "over 8",
    },
    {
      why: "a value without an end",
      text: `S\r\nA: ${"v".repeat(1100)}`,
      fault: "HTTP_HEAD_TOO_LARGE",
      detail: "it is over 1024 bytes",
    },
    {
      why: "a start line without an end",
      text: "S".repeat(1100),
      fault: "HTTP_HEAD_TOO_LARGE",
      detail: "it is over 1024 bytes",
    },
    {
      why: "one byte over the limit",
      text: `S\r\nA: ${"v".repeat(1015)}\r\n\r\n`,
      fault: "HTTP_HEAD_TOO_LARGE",
      detail: "it is over 1024 bytes",
    },
  ];
  test.each(cases)("$why", ({ text, fault, detail }) => {
    expect(readAll(text)).toMatchObject({ done: false, fault, detail });
  });

  test("a head of exactly maxHeadSize is none of them", () => {
    const text = `S\r\nA: ${"v".repeat(1014)}\r\n\r\n`;
    expect(text).toHaveLength(1024);
    expect(readAll(text)).toMatchObject({ done: true, size: 1024 });
  });

  test("each control character, in the start line, a name and a value", () => {
    for (let code = 0; code < 0x21; code++) {
      if (code === 0x09 || code === 0x0a || code === 0x0d || code === 0x20) continue;
      const char = String.fromCharCode(code);
      expect(readAll(`S${char}\r\n\r\n`).fault).toBe("HTTP_CONTROL_CHARACTER");
      expect(readAll(`S\r\nA${char}: 1\r\n\r\n`).fault).toBe("HTTP_HEADER_NAME");
      expect(readAll(`S\r\nA: 1234${char}567\r\n\r\n`).fault).toBe("HTTP_CONTROL_CHARACTER");
    }
  });

  test("it is known with the byte that makes it one", () => {
    const bytes = utf8("S\r\nA: 1\x00 and so on");
    const reader = new HeadReader(LIMITS);
    for (let end = 1; end <= 7; end++) expect([reader.read(bytes, 0, end), reader.fault]).toEqual([false, null]);
    expect([reader.read(bytes, 0, 8), reader.fault]).toEqual([false, "HTTP_CONTROL_CHARACTER"]);
  });

  test("it stays until clear", () => {
    const reader = new HeadReader(LIMITS);
    const bad = utf8("S\n");
    expect(reader.read(bad, 0, bad.length)).toBe(false);
    const good = utf8("S\r\n\r\n");
    expect([reader.read(good, 0, good.length), reader.fault]).toEqual([false, "HTTP_BARE_LF"]);
    reader.clear();
    expect([reader.read(good, 0, good.length), reader.fault, reader.detail]).toEqual([true, null, ""]);
  });
});

describe("fields", () => {
  const bytes = utf8("....HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nset-cookie: 1\r\nX: \r\nSet-Cookie: 2\r\n\r\nbody");
  const reader = new HeadReader(LIMITS);
  const done = reader.read(bytes, 4, bytes.length);

  test("are found from where the head begins, and nothing behind it is", () => {
    expect(done).toBe(true);
    expect(reader.count).toBe(4);
    expect(reader.size).toBe(bytes.length - 8);
    expect([0, 1, 2, 3].map((index) => [reader.name(bytes, 4, index), reader.value(bytes, 4, index)])).toEqual([
      ["Content-Type", "a/b"],
      ["set-cookie", "1"],
      ["X", ""],
      ["Set-Cookie", "2"],
    ]);
  });

  test("are found by name without regard to case, one after another", () => {
    expect(reader.find(bytes, 4, "content-type")).toBe(0);
    expect(reader.find(bytes, 4, "set-cookie")).toBe(1);
    expect(reader.find(bytes, 4, "set-cookie", 2)).toBe(3);
    expect(reader.find(bytes, 4, "set-cookie", 4)).toBe(-1);
    expect(reader.find(bytes, 4, "x")).toBe(2);
    for (const other of ["content-typ", "content-typee", "ontent-type", "", "y"])
      expect(reader.find(bytes, 4, other)).toBe(-1);
  });

  test("are the same where the bytes have moved", () => {
    const moved = bytes.slice(4);
    expect(reader.value(moved, 0, reader.find(moved, 0, "content-type"))).toBe("a/b");
  });

  test("characters that differ by the case bit and are no letters are not the same", () => {
    const odd = utf8("S\r\n^a: 1\r\n@b: 2\r\n\r\n".replace("@", "`"));
    const other = new HeadReader(LIMITS);
    expect(other.read(odd, 0, odd.length)).toBe(true);
    expect(other.find(odd, 0, "~a")).toBe(-1);
    expect(other.find(odd, 0, "@b")).toBe(-1);
    expect(other.find(odd, 0, "^a")).toBe(0);
  });
});

describe("isToken", () => {
  test("of each character alone", () => {
    const tokens = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code))
      .filter(isToken)
      .join("");
    expect(tokens).toBe("!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");
  });

  test("of strings", () => {
    expect(["", "a b", "a\n", "chat", "\u0141a", "v1.json"].map(isToken)).toEqual([
      false,
      false,
      false,
      true,
      false,
      true,
    ]);
  });
});

describe("isFieldValue", () => {
  test("of each character within", () => {
    const allowed = Array.from({ length: 0x180 }, (_, code) => code).filter((code) =>
      isFieldValue(`a${String.fromCharCode(code)}b`),
    );
    const expected = Array.from({ length: 0x100 }, (_, code) => code).filter(
      (code) => code === 9 || (code >= 0x20 && code !== 0x7f),
    );
    expect(allowed).toEqual(expected);
  });

  test("of white space around, and of nothing", () => {
    expect(["", "a", " a", "a ", "\ta", "a\t", " ", "\t"].map(isFieldValue)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

function visible(): string {
  return Array.from({ length: 0x7f - 0x21 }, (_, at) => String.fromCharCode(0x21 + at)).join("");
}

/** What a reader says of `text`, which must be the same for every split, at every alignment, by words and without, and what the reference says. */
function readAll(text: string): HeadReading & { readonly detail: string | null } {
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  const reference = referenceHead(bytes, LIMITS.maxHeadSize, LIMITS.maxHeaders);
  let detail: string | null = null;
  let way = 0;
  for (const chunks of splitsOf(bytes)) {
    const start = way++ % 5;
    const memory = new Uint8Array(((start + bytes.length + 3) >> 2) << 2).fill(0xff);
    const reader = new HeadReader(LIMITS);
    let done = false;
    let end = start;
    for (const chunk of chunks) {
      memory.set(chunk, end);
      end += chunk.length;
      if (!done)
        done = way % 2 === 0 ? reader.read(memory, start, end, wordsOf(memory)) : reader.read(memory, start, end);
    }
    const seen: HeadReading = {
      done,
      fault: reader.fault,
      size: done ? reader.size : 0,
      startLine: reader.startLineLength < 0 ? null : text.slice(0, reader.startLineLength),
      fields: Array.from(
        { length: reader.count },
        (_, at) => [reader.name(memory, start, at), reader.value(memory, start, at)] as const,
      ),
    };
    detail ??= reader.detail;
    if (Bun.deepEquals(seen, reference) && reader.detail === detail) continue;
    const lengths = chunks.map((chunk) => chunk.length);
    expect({ lengths, ...seen, detail: reader.detail }).toEqual({ lengths, ...reference, detail });
  }
  return { ...reference, detail };
}
