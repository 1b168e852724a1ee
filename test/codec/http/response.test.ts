import { afterEach, describe, expect, test } from "bun:test";
import { UsageError } from "../../../src/codec/errors.ts";
import type { Response } from "../../../src/codec/http/response.ts";
import type { ResponseReaderOptions } from "../../../src/codec/http/response-options.ts";
import { ResponseReader } from "../../../src/codec/http/response-reader.ts";

describe("a head", () => {
  test("is a status, a reason and a version", () => {
    const { response } = read("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    expect(response).toMatchObject({ status: 404, reason: "Not Found", version: "1.1", headerCount: 1 });
    expect(read("HTTP/1.0 200 \r\nContent-Length: 0\r\n\r\n").response).toMatchObject({ reason: "", version: "1.0" });
    expect(read("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").response).toMatchObject({ reason: "", status: 200 });
    expect(read("HTTP/1.1 200 \xfcber\r\nContent-Length: 0\r\n\r\n").response.reason).toBe("\xfcber");
  });

  test("has fields that are found by name, whatever its case", () => {
    const { response } = read(
      "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nX-Used-Weight: 12\r\nset-cookie: b=\xe4\r\nContent-Length: 0\r\n\r\n",
    );
    for (const name of ["x-used-weight", "X-USED-WEIGHT", "X-Used-Weight"]) expect(response.header(name)).toBe("12");
    expect(response.header("set-cookie")).toBe("a=1");
    expect(response.headers("SET-cookie")).toEqual(["a=1", "b=\xe4"]);
    expect(response.header("x-used")).toBeNull();
    expect(response.headers("x-used")).toEqual([]);
    expect([...response]).toEqual([
      ["Set-Cookie", "a=1"],
      ["X-Used-Weight", "12"],
      ["set-cookie", "b=\xe4"],
      ["Content-Length", "0"],
    ]);
  });

  test("says the length that the body has or would have", () => {
    expect(read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").response.contentLength).toBe(2);
    expect(read("HTTP/1.1 304 NM\r\nContent-Length: 77\r\n\r\n").response.contentLength).toBe(77);
    expect(read("HTTP/1.1 204 NC\r\n\r\n").response.contentLength).toBeNull();
    expect(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").response.contentLength).toBeNull();
  });

  const timeouts: readonly (readonly [field: string, seconds: number | null])[] = [
    ["Keep-Alive: timeout=5", 5],
    ["keep-alive: max=100, TIMEOUT=30 ", 30],
    ["Keep-Alive: timeout=0", 0],
    ["Keep-Alive: max=100", null],
    ["Keep-Alive: timeout", null],
    ["Keep-Alive: timeout=", null],
    ["Keep-Alive: timeout=-5", null],
    ["Keep-Alive: timeout=5s", null],
    ["Keep-Alive: xtimeout=5", null],
    ["Keep-Alive: timeout=99999999999999999999", null],
    ["X: timeout=5", null],
  ];
  test.each(timeouts)("%s is a timeout of %p", (field, seconds) => {
    const { response } = read(`HTTP/1.1 200 OK\r\n${field}\r\nContent-Length: 0\r\n\r\n`);
    expect(response.keepAliveTimeout).toBe(seconds);
  });
});

describe("a body", () => {
  test("is lent out of the ring without a copy", () => {
    const { response, reader } = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    expect(response.buffer).toBe(reader.ring.bytes);
    expect(response.bodyBytes().buffer).toBe(reader.ring.bytes.buffer);
    expect(Buffer.from(response.buffer.subarray(response.start, response.end)).toString()).toBe("hello");
    expect(response.bodyLength).toBe(5);
  });

  test("in chunks is lent out of the ring as well", () => {
    const { response, reader } = read(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    );
    expect(response.buffer).toBe(reader.ring.bytes);
    expect(response.bodyText()).toBe("hello");
  });

  test("is UTF-8 text", () => {
    expect(read(sized(Buffer.from("aé€\u{1f600}").toString("latin1"))).response.bodyText()).toBe("aé€\u{1f600}");
    expect(read(sized("a\xffb")).response.bodyText()).toBe("a\ufffdb");
    expect(read(sized("")).response.bodyText()).toBe("");
  });

  test("is JSON", () => {
    expect(read(sized('{"a":[1,null]}')).response.bodyJson()).toEqual({ a: [1, null] });
    expect(() => read(sized('{"a":')).response.bodyJson()).toThrow(SyntaxError);
    expect(() => read(sized("")).response.bodyJson()).toThrow(SyntaxError);
  });

  test("has trailers behind its chunks", () => {
    const { response } = read(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 7\r\nx-sum: 8\r\n\r\n",
    );
    expect(response.trailer("X-SUM")).toBe("7");
    expect(response.trailer("sum")).toBeNull();
    expect(response.trailers()).toEqual([
      ["X-Sum", "7"],
      ["x-sum", "8"],
    ]);
    expect(response.header("x-sum")).toBeNull();
  });

  test("trailers are not those of the response before", () => {
    const { reader } = read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n");
    const response = next(reader, sized("hi"));
    expect(response.trailers()).toEqual([]);
    expect(response.trailer("x-sum")).toBeNull();
  });
});

test("a copy owns its data", () => {
  const { response, reader } = read(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
  );
  const owned = response.toOwned();
  next(reader, sized("x".repeat(200)));
  expect(owned).toEqual({
    status: 200,
    reason: "OK",
    version: "1.1",
    headers: [["Transfer-Encoding", "chunked"]],
    trailers: [["A", "b"]],
    body: new Uint8Array(Buffer.from("hello")),
  });
});

describe("in debug mode", () => {
  const inherited = process.env["NEXUS_DEBUG"];
  afterEach(() => {
    if (inherited === undefined) delete process.env["NEXUS_DEBUG"];
    else process.env["NEXUS_DEBUG"] = inherited;
  });

  test("a response that expired cannot be read", () => {
    const { response, reader } = read(sized("hi"), { debug: true });
    expect(response.bodyText()).toBe("hi");
    expect(reader.next()).toBeNull();
    expect(response.status).toBe(200);
    reader.expect("GET");
    const reads: (() => unknown)[] = [
      () => response.status,
      () => response.header("a"),
      () => response.bodyText(),
      () => response.start,
      () => [...response],
    ];
    for (const one of reads) expect(one).toThrow(UsageError);
    expect(reads[0]).toThrow(expect.objectContaining({ code: "RESPONSE_EXPIRED" }));
  });

  test("it expires with a reset too, and a new one does not", () => {
    const { response, reader } = read(sized("hi"), { debug: true });
    reader.reset();
    const later = next(reader, sized("ho"));
    expect(() => response.status).toThrow("it was borrowed until the next request");
    expect(later.bodyText()).toBe("ho");
  });

  test("an interim response expires when its handler returns", () => {
    let kept: Response | null = null;
    const informational = (response: Response): void => {
      kept = response;
      expect(response.header("link")).toBe("</a>");
    };
    const { response } = read(`HTTP/1.1 103 E\r\nLink: </a>\r\n\r\n${sized("hi")}`, { debug: true, informational });
    expect(() => (kept as Response | null)?.status).toThrow("it was borrowed");
    expect(response.bodyText()).toBe("hi");
  });

  test("NEXUS_DEBUG=1 turns it on", () => {
    process.env["NEXUS_DEBUG"] = "1";
    const { response, reader } = read(sized("hi"));
    reader.expect("GET");
    expect(() => response.status).toThrow("it was borrowed");
    delete process.env["NEXUS_DEBUG"];
    const other = read(sized("hi"));
    other.reader.expect("GET");
    expect(other.response.status).toBe(200);
  });
});

function sized(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function read(text: string, options: ResponseReaderOptions = {}): { reader: ResponseReader; response: Response } {
  const reader = new ResponseReader({ capacity: 4096, ...options });
  return { reader, response: next(reader, text) };
}

function next(reader: ResponseReader, text: string): Response {
  reader.expect("GET");
  const bytes = Buffer.from(text, "latin1");
  expect(reader.read(bytes)).toBe(bytes.length);
  const response = reader.next();
  if (response === null) throw reader.failure ?? new Error("no response");
  return response;
}
