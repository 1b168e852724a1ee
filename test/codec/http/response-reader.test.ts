import { describe, expect, test } from "bun:test";
import { UsageError } from "../../../src/codec/errors.ts";
import type { ContentDecoders } from "../../../src/codec/http/content-coding.ts";
import type { ResponseReaderOptions } from "../../../src/codec/http/response-options.ts";
import { ResponseReader } from "../../../src/codec/http/response-reader.ts";
import { feedResponseAllWays } from "../../helpers/feed-response-all-ways.ts";
import { MEMORIES } from "../../helpers/memories.ts";
import { BODIES, CHUNKS, INTERIMS, PERSISTENCE, REFUSALS, SMUGGLING } from "./response-vectors.ts";

describe("how a body ends (RFC 9112 section 6.3)", () => {
  test.each(BODIES)("%s", (_why, each) => feedResponseAllWays(each));
});

describe("chunks (RFC 9112 section 7.1)", () => {
  test.each(CHUNKS)("%s", (_why, each) => feedResponseAllWays(each));
});

describe("interim responses and upgrades (RFC 9110 sections 15.2, 7.8, 9.3.6)", () => {
  test.each(INTERIMS)("%s", (_why, each) => feedResponseAllWays(each));
});

describe("whether the connection lives on (RFC 9112 section 9.3)", () => {
  test.each(PERSISTENCE)("%s", (_why, each) => feedResponseAllWays(each));
});

describe("what is refused", () => {
  test.each(REFUSALS)("%s", (_why, each) => feedResponseAllWays(each));
});

describe("what another parser might see otherwise", () => {
  test.each(SMUGGLING)("%s", (_why, each) => feedResponseAllWays(each));
});

describe("expect", () => {
  test("a response must be read to its end before the next is expected", () => {
    const reader = new ResponseReader();
    reader.expect("GET");
    expect(() => reader.expect("GET")).toThrow(expect.objectContaining({ code: "RESPONSE_UNDER_WAY" }));
    feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh");
    expect(reader.next()).toBeNull();
    expect(() => reader.expect("GET")).toThrow(UsageError);
    feed(reader, "i");
    expect(() => reader.expect("GET")).toThrow(UsageError);
    expect(reader.next()?.bodyText()).toBe("hi");
    reader.expect("GET");
    feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!");
    expect(reader.next()?.bodyText()).toBe("!");
  });

  test("nothing more is expected of a connection that is another protocol's", () => {
    const reader = new ResponseReader();
    reader.expect("CONNECT");
    feed(reader, "HTTP/1.1 200 OK\r\n\r\n");
    expect(reader.next()?.upgraded).toBe(true);
    expect(() => reader.expect("GET")).toThrow(UsageError);
  });

  test("bytes that come while nothing is expected are a failure at once", () => {
    for (const first of [false, true]) {
      const reader = new ResponseReader();
      if (first) {
        reader.expect("GET");
        feed(reader, "HTTP/1.1 204 \r\n\r\n");
        expect(reader.next()?.status).toBe(204);
      }
      expect(reader.read(new Uint8Array(0))).toBe(0);
      expect(reader.failure).toBeNull();
      feed(reader, "H");
      expect(reader.failure).toMatchObject({ code: "HTTP_RESPONSE_UNEXPECTED", fault: "peer", closeCode: 0 });
      reader.expect("GET");
      expect(reader.next()).toBeNull();
    }
  });

  test("bytes behind a response can be seen at once, and are a failure", () => {
    const reader = new ResponseReader();
    reader.expect("GET");
    feed(reader, "HTTP/1.1 204 \r\n\r\nHTTP/1.1 200 OK\r\n");
    const response = reader.next();
    expect({ pending: reader.pending, failure: reader.failure }).toEqual({ pending: 17, failure: null });
    reader.expect("GET");
    expect(reader.failure?.code).toBe("HTTP_RESPONSE_UNEXPECTED");
    expect(response?.status).toBe(204);
  });

  test("what is known of the response under way", () => {
    const reader = new ResponseReader();
    const seen = (): unknown[] => [reader.started, reader.continued, reader.bodyComplete];
    expect(seen()).toEqual([false, false, false]);
    reader.expect("POST");
    expect(seen()).toEqual([false, false, false]);
    feed(reader, "H");
    expect(seen()).toEqual([true, false, false]);
    feed(reader, "TTP/1.1 100 Continue\r\n\r\n");
    expect(reader.next()).toBeNull();
    expect(seen()).toEqual([true, true, false]);
    feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
    expect(reader.next()).toBeNull();
    expect(seen()).toEqual([true, true, false]);
    feed(reader, "a");
    expect(reader.next()?.bodyText()).toBe("a");
    expect(seen()).toEqual([true, true, true]);
    reader.expect("POST");
    expect(seen()).toEqual([false, false, false]);
  });

  test("a reader that was reset has forgotten everything", () => {
    const reader = new ResponseReader({ capacity: 256 });
    for (const text of ["HTTP/2.0 200 OK\r\n", `HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n${"x".repeat(100)}`]) {
      reader.expect("GET");
      feed(reader, text);
      expect(reader.next()).toBeNull();
      reader.eof();
      reader.reset();
      expect({ failure: reader.failure, pending: reader.pending, held: reader.ring.length }).toEqual({
        failure: null,
        pending: 0,
        held: 0,
      });
    }
    reader.expect("GET");
    feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
    expect(reader.next()?.bodyText()).toBe("a");
  });

  test("a failure says what was there", () => {
    const reader = new ResponseReader({ maxBodySize: 10 });
    const cases: readonly (readonly [text: string, message: string])[] = [
      ["HTTP/2.0 200 OK\r\n", 'Cannot read: the version is neither HTTP/1.0 nor HTTP/1.1: "HTTP/2.0 200 OK"'],
      [
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        'Cannot read: the Content-Length is not a number below 2^53: "1x"',
      ],
      [
        "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n",
        "Cannot read: the body is over maxBodySize: it is 11 bytes where 10 are allowed",
      ],
    ];
    for (const [text, message] of cases) {
      reader.reset();
      reader.expect("GET");
      feed(reader, text);
      expect(reader.next()).toBeNull();
      expect(reader.failure?.message).toBe(message);
    }
    reader.reset();
    reader.expect("GET");
    feed(reader, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    reader.eof();
    expect(reader.next()).toBeNull();
    expect(reader.failure?.message).toBe(
      "Cannot read: the connection ended before the response was whole: 3 of 9 body bytes came",
    );
  });

  test("a handler of interim responses that throws does not lose the place", () => {
    const informational = (): void => {
      throw new Error("mine");
    };
    const reader = new ResponseReader({ informational });
    reader.expect("GET");
    feed(reader, "HTTP/1.1 103 E\r\n\r\nHTTP/1.1 204 \r\n\r\n");
    expect(() => reader.next()).toThrow("mine");
    expect(reader.next()?.status).toBe(204);
  });

  test("memory grows with what arrives, not with what is announced", () => {
    const reader = new ResponseReader({ capacity: 1024, maxBodySize: 1 << 30 });
    reader.expect("GET");
    feed(reader, `HTTP/1.1 200 OK\r\nContent-Length: ${1 << 30}\r\n\r\n`);
    expect(reader.next()).toBeNull();
    feed(reader, "x".repeat(500));
    expect(reader.next()).toBeNull();
    expect(reader["store"]["assembly"].bytes.length).toBeLessThanOrEqual(4096);
  });
});

describe("a streamed body", () => {
  test("comes in pieces that are views of the ring", () => {
    const reader = new ResponseReader({ capacity: 256 });
    reader.expect("GET", { stream: true });
    feed(reader, "HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nd");
    const response = reader.next();
    expect(response).toMatchObject({ status: 200, streamed: true, bodyLength: 0 });
    expect(reader.next()).toBeNull();
    expect(() => response?.bodyText()).toThrow(expect.objectContaining({ code: "RESPONSE_STREAMED" }));
    expect(() => response?.toOwned()).toThrow(UsageError);
    const piece = reader.nextPiece();
    expect(piece?.buffer).toBe(reader.ring.bytes.buffer);
    expect(Buffer.from(piece ?? []).toString()).toBe("abc");
    expect(Buffer.from(reader.nextPiece() ?? []).toString()).toBe("d");
    expect(reader.nextPiece()).toBeNull();
    expect(() => reader.expect("GET")).toThrow(UsageError);
    feed(reader, "e\r\n0\r\nSum: 5\r\n\r\n");
    expect(Buffer.from(reader.nextPiece() ?? []).toString()).toBe("e");
    expect(reader.bodyComplete).toBe(true);
    expect(reader.nextPiece()).toBeNull();
    expect(response?.header("x")).toBe("y");
    expect(response?.trailer("sum")).toBe("5");
    reader.expect("GET");
    feed(reader, "HTTP/1.1 204 \r\n\r\n");
    expect(reader.next()).toMatchObject({ status: 204, streamed: false });
  });

  test("that is not taken leaves no room", () => {
    for (const { make } of MEMORIES) {
      const reader = new ResponseReader({ memory: make(4096) });
      const total = 20_000;
      const whole = Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`),
        Uint8Array.from({ length: total }, (_, at) => at * 7),
      ]);
      reader.expect("GET", { stream: true });
      let offset = reader.read(whole);
      expect(offset).toBe(reader.ring.capacity);
      expect(reader.next()?.streamed).toBe(true);
      offset += reader.read(whole, offset);
      expect(reader.read(whole, offset)).toBe(0);
      const pieces: Uint8Array[] = [];
      for (let piece = reader.nextPiece(); piece !== null; piece = reader.nextPiece()) {
        const kept = piece.slice();
        const taken = reader.read(whole, offset);
        offset += taken;
        // A piece that is lent is not written over.
        expect(Buffer.compare(piece, kept)).toBe(0);
        pieces.push(kept);
        if (offset < whole.length && taken === 0) expect(reader.ring.free === 0 || !reader.ring.mirrored).toBe(true);
      }
      while (offset < whole.length) {
        offset += reader.read(whole, offset);
        for (let piece = reader.nextPiece(); piece !== null; piece = reader.nextPiece()) pieces.push(piece.slice());
      }
      expect(Buffer.concat(pieces).equals(whole.subarray(whole.length - total))).toBe(true);
      expect(reader.bodyComplete).toBe(true);
    }
  });

  test("that is empty comes with the response", () => {
    const reader = new ResponseReader();
    for (const text of ["HTTP/1.1 204 \r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]) {
      reader.expect("GET", { stream: true });
      feed(reader, text);
      expect(reader.next()).toMatchObject({ streamed: false, bodyLength: 0 });
      expect({ complete: reader.bodyComplete, piece: reader.nextPiece() }).toEqual({ complete: true, piece: null });
    }
  });
});

describe("content codings", () => {
  const decoders: ContentDecoders = {
    gzip: (bytes, max) => inflated(Bun.gunzipSync(Uint8Array.from(bytes)), max),
    deflate: (bytes, max) => inflated(Bun.inflateSync(Uint8Array.from(bytes)), max),
  };
  const text = "ab".repeat(400);
  const gzipped = Buffer.from(Bun.gzipSync(text)).toString("latin1");

  test("are undone where there is a decoder", () => {
    for (const coding of ["gzip", "GZIP", "x-gzip", "identity, gzip"]) {
      expect(bodyOf(coded(coding, gzipped), { decoders })).toBe(text);
    }
    const twice = Bun.gzipSync(new Uint8Array(Bun.deflateSync("hello")));
    expect(bodyOf(coded("deflate, gzip", Buffer.from(twice).toString("latin1")), { decoders })).toBe("hello");
  });

  test("are left where there are no decoders, and nothing is undone of nothing", () => {
    expect(bodyOf(coded("br", "xyz"), {})).toBe("xyz");
    expect(bodyOf(coded("br", ""), { decoders })).toBe("");
    expect(bodyOf(coded("identity", "xyz"), { decoders })).toBe("xyz");
  });

  const failures: readonly (readonly [why: string, coding: string, body: string, code: string])[] = [
    ["a coding without a decoder", "br", "xyz", "HTTP_CONTENT_CODING"],
    ["a coding that is a property of every object", "constructor", "xyz", "HTTP_CONTENT_CODING"],
    ["a body that is not in its coding", "gzip", "xyz", "HTTP_CONTENT_CODING"],
    ["too many codings", "gzip, gzip, gzip, gzip", "xyz", "HTTP_CONTENT_CODING"],
    ["a body that inflates over maxBodySize", "gzip", gzipped, "HTTP_BODY_TOO_LARGE"],
  ];
  test.each(failures)("%s", (_why, coding, body, code) => {
    const reader = new ResponseReader({ decoders, maxBodySize: 799 });
    reader.expect("GET");
    feed(reader, coded(coding, body));
    expect(reader.next()).toBeNull();
    expect(reader.failure?.code).toBe(code as never);
  });

  test("what a decoder threw is kept", () => {
    const reader = new ResponseReader({ decoders });
    reader.expect("GET");
    feed(reader, coded("gzip", "xyz"));
    expect(reader.next()).toBeNull();
    expect(reader.failure?.cause).toBeInstanceOf(Error);
  });
});

describe("options", () => {
  const wrong: readonly (readonly [options: ResponseReaderOptions, message: string])[] = [
    [{ capacity: 255 }, "capacity is 255, not an integer from 256 to 1073741824"],
    [{ capacity: 1.5 }, "capacity is 1.5"],
    [{ maxBodySize: -1 }, "maxBodySize is -1"],
    [{ maxBodySize: Number.NaN }, "maxBodySize is NaN"],
    [{ maxHeaders: -1 }, "maxHeaders is -1"],
    [{ maxHeadSize: 15 }, "maxHeadSize is 15"],
    [{ capacity: 1024, maxHeadSize: 1025 }, "maxHeadSize is 1025, not an integer from 16 to 1024"],
  ];
  test.each(wrong)("%p", (options, message) => {
    expect(() => new ResponseReader(options)).toThrow(message);
    expect(() => new ResponseReader(options)).toThrow(expect.objectContaining({ code: "OPTION_OUT_OF_RANGE" }));
  });

  test("a head may fill the ring", () => {
    const head = `HTTP/1.1 204 \r\nA: ${"x".repeat(256 - 22)}\r\n\r\n`;
    expect(head.length).toBe(256);
    const reader = new ResponseReader({ capacity: 256 });
    reader.expect("GET");
    feed(reader, head);
    expect(reader.next()?.status).toBe(204);
  });
});

function feed(reader: ResponseReader, text: string): void {
  const bytes = Buffer.from(text, "latin1");
  expect(reader.read(bytes)).toBe(bytes.length);
}

function coded(coding: string, body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function bodyOf(text: string, options: ResponseReaderOptions): string | undefined {
  const reader = new ResponseReader(options);
  reader.expect("GET");
  feed(reader, text);
  return reader.next()?.bodyText();
}

function inflated(bytes: Uint8Array, max: number): Uint8Array | null {
  return bytes.length > max ? null : bytes;
}
