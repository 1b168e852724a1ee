import { describe, expect, test } from "bun:test";
import { wordsOf } from "../../../src/codec/ascii.ts";
import { HeadReader } from "../../../src/codec/http/head.ts";
import { HeadTemplate } from "../../../src/codec/http/head-template.ts";
import { ResponseFraming } from "../../../src/codec/http/response-framing.ts";
import { ResponseReader } from "../../../src/codec/http/response-reader.ts";

const HEAD =
  "HTTP/1.1 200 OK\r\nDate: Tue, 15 Nov 2025\r\nConnection: keep-alive\r\nX: \r\nContent-Length: 12\r\nE:  ab \r\n\r\n";

test("the same head matches, whatever stands behind it", () => {
  expect(matches(HEAD)).toBe(true);
  expect(matches(HEAD, "body")).toBe(true);
  expect(matches(HEAD, "\r\n\x00\xff")).toBe(true);
});

test("a head that is not all there does not", () => {
  for (let length = 0; length < HEAD.length; length++) expect(matches(HEAD.slice(0, length))).toBe(false);
});

test("a change matches where a head reader would read the same layout, and nothing that framing rests on changed", () => {
  const values = new Set<number>();
  for (const value of ["Tue, 15 Nov 2025", "12", "ab"]) {
    for (let at = HEAD.indexOf(value); at < HEAD.indexOf(value) + value.length; at++) values.add(at);
  }
  const layout = layoutOf(HEAD);
  for (let at = 0; at < HEAD.length; at++) {
    for (let byte = 0; byte < 256; byte++) {
      const changed = HEAD.slice(0, at) + String.fromCharCode(byte) + HEAD.slice(at + 1);
      if (!matches(changed)) continue;
      const allowed = changed === HEAD || (values.has(at) && byte >= 0x20 && byte <= 0x7e);
      if (!allowed || layoutOf(changed) !== layout) expect({ at, byte, changed }).toBeNull();
    }
  }
});

test("heads that matched before make no difference to what matches", () => {
  const used = templateOf(HEAD);
  // Every word of a value is known to differ, and then some are as they were.
  const days = ["Wed, 26 Dec 1999", "Xxx, xx Xxx xxxx", "Tue, 15 Nov 2025", "Mon, 15 Nov 2025"];
  for (const [turn, day] of [...days, ...days].entries()) {
    const length = String(turn + 10);
    const head = HEAD.replace("Tue, 15 Nov 2025", day)
      .replace(": 12", `: ${length}`)
      .replace("ab", turn % 2 ? "ab" : "cd");
    const { bytes, tail } = memoryOf(head);
    expect(used.matches(wordsOf(bytes), tail)).toBe(true);
    for (let at = 0; at < head.length; at++) {
      for (const byte of [0, 9, 10, 13, 32, 33, 58, 65, 126, 127, 128, 255]) {
        const changed = memoryOf(head.slice(0, at) + String.fromCharCode(byte) + head.slice(at + 1));
        const expected = templateOf(head).matches(wordsOf(changed.bytes), tail);
        expect([turn, at, byte, used.matches(wordsOf(changed.bytes), tail)]).toEqual([turn, at, byte, expected]);
      }
    }
  }
});

test("more words that differ than are noted", () => {
  const head = (fill: string): string => `HTTP/1.1 200 OK\r\nA: ${fill.repeat(1000)}\r\nContent-Length: 0\r\n\r\n`;
  const used = templateOf(head("x"));
  for (const fill of ["y", "x", "z", "z", "y"]) {
    const { bytes, tail } = memoryOf(head(fill));
    expect(used.matches(wordsOf(bytes), tail)).toBe(true);
    bytes[700] = 0x0d;
    expect(used.matches(wordsOf(bytes), tail)).toBe(false);
  }
});

test("every visible character within a value matches", () => {
  const at = HEAD.indexOf("15 Nov");
  for (let byte = 0x20; byte <= 0x7e; byte++) {
    expect(matches(HEAD.slice(0, at) + String.fromCharCode(byte) + HEAD.slice(at + 1))).toBe(true);
  }
});

test("white space at the edge of a value would not belong to it", () => {
  expect(matches(HEAD.replace("Tue", " ue"))).toBe(false);
  expect(matches(HEAD.replace("2025", "202 "))).toBe(false);
  expect(matches(HEAD.replace("15 Nov", "15  ov"))).toBe(true);
});

test("a head over 2 KiB is not learned", () => {
  const long = `HTTP/1.1 200 OK\r\nA: ${"x".repeat(2100)}\r\n\r\n`;
  expect(templateOf(long).size).toBe(0);
});

describe("a reader that goes by the layout of heads before", () => {
  test("reads values, lengths and bodies anew", () => {
    const reader = new ResponseReader();
    for (const [day, body] of [
      ["01", "a".repeat(10)],
      ["02", "b".repeat(12)],
      ["03", "c".repeat(99)],
      ["04", "d".repeat(10)],
    ] as const) {
      const response = next(reader, `HTTP/1.1 200 OK\r\nDay: ${day}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      expect([response.header("day"), response.contentLength, response.bodyText()]).toEqual([day, body.length, body]);
    }
    expect(template(reader).size).toBeGreaterThan(0);
  });

  test("answers each method by its own rule", () => {
    const reader = new ResponseReader();
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    for (let round = 0; round < 3; round++) expect(next(reader, `${head}hi`).bodyText()).toBe("hi");
    expect(next(reader, head, "HEAD").bodyLength).toBe(0);
    expect(next(reader, head, "CONNECT").upgraded).toBe(true);
    reader.reset();
    expect(next(reader, `${head}ho`).bodyText()).toBe("ho");
  });

  test("answers each method by its own rule, whichever came before and whichever was learned from", () => {
    const head = "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 2\r\n\r\n";
    const methods = ["GET", "HEAD", "CONNECT", "POST"] as const;
    for (const learned of methods) {
      for (const before of methods) {
        for (const method of methods) {
          const reader = new ResponseReader();
          for (const one of [learned, learned, learned, before, method, method]) {
            reader.reset();
            const response = next(reader, `${head}${one === "GET" || one === "POST" ? "hi" : ""}`, one);
            const facts = [response.bodyText(), response.upgraded, response.keepAlive];
            const expected = one === "CONNECT" ? ["", true, false] : [one === "HEAD" ? "" : "hi", false, true];
            expect([learned, before, one, ...facts]).toEqual([learned, before, one, ...expected]);
          }
        }
      }
    }
  });

  test("a long head between two that are known", () => {
    const reader = new ResponseReader();
    const long = `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: ${"y".repeat(2100)}\r\n\r\nhi`;
    const short = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    for (let round = 0; round < 3; round++) expect(next(reader, `${short}hi`, "GET").bodyText()).toBe("hi");
    for (let round = 0; round < 3; round++) expect(next(reader, long.slice(0, -2), "HEAD").bodyText()).toBe("");
    expect(next(reader, short, "HEAD").bodyText()).toBe("");
    expect(next(reader, `${short}hi`, "GET").bodyText()).toBe("hi");
  });

  test("refuses a length that is none", () => {
    const reader = new ResponseReader();
    for (let round = 0; round < 3; round++) next(reader, "HTTP/1.1 200 OK\r\nContent-Length: 02\r\n\r\nhi");
    for (const value of ["x2", "2x", "-2", "+2", ",2"]) {
      expect(() => next(reader, `HTTP/1.1 200 OK\r\nContent-Length: ${value}\r\n\r\nhi`)).toThrow("Content-Length");
      reader.reset();
    }
    expect(next(reader, "HTTP/1.1 200 OK\r\nContent-Length: 03\r\n\r\nabc").bodyText()).toBe("abc");
  });

  test("sees that a length given twice says two things", () => {
    const reader = new ResponseReader();
    const text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi";
    for (let round = 0; round < 3; round++) expect(next(reader, text).bodyText()).toBe("hi");
    expect(() => next(reader, text.replace("Length: 2\r\n\r\n", "Length: 1\r\n\r\n"))).toThrow("different values");
  });

  test("sees that the connection is to be closed", () => {
    const reader = new ResponseReader();
    const text = (option: string): string => `HTTP/1.1 200 OK\r\nConnection: ${option}\r\nContent-Length: 0\r\n\r\n`;
    for (let round = 0; round < 3; round++) expect(next(reader, text("x-xxx")).keepAlive).toBe(true);
    expect(next(reader, text("close")).keepAlive).toBe(false);
    expect(next(reader, text("x-xxx")).keepAlive).toBe(true);
  });

  test("takes other layouts between", () => {
    const reader = new ResponseReader();
    const texts = ["A: 1\r\nContent-Length: 1\r\n", "Content-Length: 1\r\nB: 2\r\n", "Transfer-Encoding: chunked\r\n"];
    for (const index of [0, 0, 0, 1, 0, 1, 1, 1, 2, 2, 2, 1, 0, 0, 2, 1]) {
      const fields = texts[index] ?? "";
      const body = index === 2 ? "1\r\nx\r\n0\r\n\r\n" : "x";
      const response = next(reader, `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`);
      expect([...response].map(([name, value]) => `${name}: ${value}\r\n`).join("")).toBe(fields);
      expect(response.bodyText()).toBe("x");
    }
  });
});

function matches(head: string, behind = ""): boolean {
  const learned = templateOf(HEAD);
  const { bytes, tail } = memoryOf(head + behind);
  return learned.matches(wordsOf(bytes), tail);
}

function templateOf(text: string): HeadTemplate {
  const { bytes } = memoryOf(text);
  const head = new HeadReader({ maxHeadSize: 4096, maxHeaders: 8 });
  const framing = new ResponseFraming();
  expect(head.read(bytes, 0, text.length, wordsOf(bytes))).toBe(true);
  framing.scan(head, bytes, 0);
  framing.conclude(1, false, false);
  const made = new HeadTemplate(8);
  made.learn(bytes, head, framing, 200);
  return made;
}

/** Where everything is, as one comparable text; what a head reader refuses has none. */
function layoutOf(text: string): string {
  const { bytes, tail } = memoryOf(text);
  const head = new HeadReader({ maxHeadSize: 4096, maxHeaders: 8 });
  if (!head.read(bytes, 0, tail)) return `${head.fault}`;
  const at = [head.size, head.startLineLength];
  for (let index = 0; index < head.count; index++) {
    at.push(head.nameStart(index), head.nameEnd(index), head.valueStart(index), head.valueEnd(index));
  }
  return at.join();
}

function memoryOf(text: string): { bytes: Uint8Array; tail: number } {
  const bytes = new Uint8Array(4096).fill(0x0a);
  bytes.set(Buffer.from(text, "latin1"));
  return { bytes, tail: text.length };
}

function next(reader: ResponseReader, text: string, method = "GET"): NonNullable<ReturnType<ResponseReader["next"]>> {
  reader.expect(method);
  reader.read(Buffer.from(text, "latin1"));
  const response = reader.next();
  if (response === null) throw reader.failure ?? new Error("no response");
  return response;
}

function template(reader: ResponseReader): HeadTemplate {
  return reader["head"]["template"];
}
