import { describe, expect, test } from "bun:test";
import { UsageError } from "../../../src/codec/errors.ts";
import type { RequestHead } from "../../../src/codec/http/request-head.ts";
import { RequestReader, type RequestReaderOptions } from "../../../src/codec/http/request-reader.ts";
import { joined } from "../../helpers/bytes.ts";
import { splitsOf } from "../../helpers/splits.ts";
import { GOOD_FIELDS, GOOD_LINE, headOf, MALFORMED } from "./upgrade-vectors.ts";

interface Reading {
  readonly request: Pick<RequestHead, "method" | "target" | "version" | "headers"> | null;
  readonly failure: string | null;
  /** Bytes of the last chunk, and those behind it, that are not the head's. */
  readonly rest: string;
}

describe("a head", () => {
  test("is read with its fields in order and case", () => {
    const reading = readAllWays(headOf(GOOD_LINE, ["Host: a", "x-B:  1 ", "X-b:\t2\t", "Empty:", "host: \xe9"]));
    expect(reading).toEqual({
      request: {
        method: "GET",
        target: "/chat?room=1",
        version: "1.1",
        headers: [
          ["Host", "a"],
          ["x-B", "1"],
          ["X-b", "2"],
          ["Empty", ""],
          ["host", "\xe9"],
        ],
      },
      failure: null,
      rest: "",
    });
  });

  test.each([
    ["POST /a HTTP/1.0", { method: "POST", target: "/a", version: "1.0" }],
    ["OPTIONS * HTTP/1.1", { method: "OPTIONS", target: "*" }],
    ["M-SEARCH http://a/b?c HTTP/1.1", { method: "M-SEARCH", target: "http://a/b?c" }],
    ['GET /?a={"b":[1|2]}^`\\ HTTP/1.1', { target: '/?a={"b":[1|2]}^`\\' }],
  ])("of %p", (line, parts) => {
    expect(readAllWays(headOf(line, [])).request).toMatchObject(parts);
  });

  test("leaves what follows it, to the byte", () => {
    expect(readAllWays(`${headOf()}\x81\x85frames`)).toMatchObject({ failure: null, rest: "\x81\x85frames" });
    expect(readAllWays(`${headOf()}${headOf()}`).rest).toBe(headOf());
  });

  test("of exactly the limits is taken", () => {
    const head = headOf(GOOD_LINE, ["A: b", "C: d"]);
    expect(readAllWays(head, { maxHeadSize: head.length, maxHeaders: 2 }).failure).toBeNull();
    expect(readAllWays(head, { maxHeadSize: head.length - 1 }).failure).toBe("HTTP_HEAD_TOO_LARGE");
    expect(readAllWays(head, { maxHeaders: 1 }).failure).toBe("HTTP_TOO_MANY_HEADERS");
  });
});

describe("a reader", () => {
  test("reads one head after another, once each was taken", () => {
    const reader = new RequestReader();
    const bytes = latin1(`${headOf("GET /1 HTTP/1.1")}${headOf("GET /2 HTTP/1.1", [])}`);
    const taken = reader.read(bytes);
    expect(reader.read(bytes, taken)).toBe(0);
    expect(reader.next()?.target).toBe("/1");
    expect(reader.next()).toBeNull();
    expect(reader.read(bytes, taken)).toBe(bytes.length - taken);
    expect(reader.next()?.target).toBe("/2");
  });

  test("that failed drops what comes, until it is reset", () => {
    const reader = new RequestReader();
    reader.read(latin1("nonsense\r\n"));
    expect(reader.failure?.code).toBe("HTTP_REQUEST_LINE");
    expect([reader.read(latin1("more")), reader.next()]).toEqual([4, null]);
    reader.reset();
    reader.read(latin1(headOf()));
    expect([reader.failure, reader.next()?.method]).toEqual([null, "GET"]);
  });

  test("judges the request line before the blank line comes", () => {
    const reader = new RequestReader();
    reader.read(latin1("GET / HTTP/3.0\r"));
    expect(reader.failure).toBeNull();
    reader.read(latin1("\n"));
    expect(reader.failure?.code).toBe("HTTP_VERSION");
  });

  test("counts what has come of a head, and keeps no more than its limit", () => {
    const reader = new RequestReader({ maxHeadSize: 100 });
    reader.read(latin1("GET / HTTP/1.1\r\nA: "));
    expect(reader.length).toBe(19);
    reader.read(new Uint8Array(1 << 20).fill(0x61));
    expect([reader.failure?.code, reader.length]).toEqual(["HTTP_HEAD_TOO_LARGE", 100]);
  });

  test.each<[string, RequestReaderOptions]>([
    ["maxHeadSize", { maxHeadSize: 31 }],
    ["maxHeadSize", { maxHeadSize: 1.5 }],
    ["maxHeaders", { maxHeaders: 0 }],
    ["maxHeaders", { maxHeaders: 65_537 }],
  ])("is not made with a bad %s", (name, options) => {
    const make = (): RequestReader => new RequestReader(options);
    expect(make).toThrow(UsageError);
    expect(make).toThrow(name);
  });
});

describe("refused", () => {
  test.each(MALFORMED)("$why", ({ head, code }) => {
    expect(readAllWays(head)).toMatchObject({ request: null, failure: code });
  });

  test("the vectors differ from a good head", () => {
    expect(readAllWays(headOf(GOOD_LINE, GOOD_FIELDS)).failure).toBeNull();
  });
});

/** Reads it in every way that must not matter, and returns what all of them give. */
function readAllWays(head: string, options?: RequestReaderOptions): Reading {
  const bytes = latin1(head);
  let first: Reading | null = null;
  for (const chunks of splitsOf(bytes)) {
    const reading = read(chunks, options);
    first ??= reading;
    if (!Bun.deepEquals(reading, first)) {
      expect({ cuts: chunks.map(({ length }) => length), ...reading }).toEqual({ cuts: [], ...first });
    }
  }
  if (first === null) throw new Error("nothing to read");
  return first;
}

function read(chunks: readonly Uint8Array[], options: RequestReaderOptions = {}): Reading {
  const reader = new RequestReader(options);
  const rest: Uint8Array[] = [];
  let whole = false;
  for (const chunk of chunks) {
    const taken: number = whole ? 0 : reader.read(chunk);
    whole ||= taken < chunk.length;
    if (taken < chunk.length) rest.push(chunk.subarray(taken));
  }
  const { failure } = reader;
  const request = reader.next();
  const parts = request && {
    method: request.method,
    target: request.target,
    version: request.version,
    headers: request.headers,
  };
  return { request: parts, failure: failure?.code ?? null, rest: Buffer.from(joined(rest)).toString("latin1") };
}

function latin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}
