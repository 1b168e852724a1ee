import { describe, expect, test } from "bun:test";
import { inspect } from "node:util";
import { UsageError } from "../../../src/codec/errors.ts";
import type { Request } from "../../../src/codec/http/request.ts";
import { RequestWriter } from "../../../src/codec/http/request-writer.ts";
import { referenceRequest } from "../../helpers/reference-request.ts";

describe("a signature over the query", () => {
  const signature = "c8db56825ae71d6d79447849e617115f4a920fa2acdb2b1e1c2f1e1c1c1c1c1c";

  test("is appended to it", () => {
    const writer = new RequestWriter("h").defaultHeader("X-Key", "k");
    const request = writer.post("/order").query("symbol", "BTC").query("t", 1).header("A", "1").body("b=2").finish();
    expect(latin1(request.queryBytes())).toBe("symbol=BTC&t=1");
    expect(request.stampQuery("signature", signature)).toBe(request);
    expect(textOf(request)).toBe(
      `POST /order?symbol=BTC&t=1&signature=${signature} HTTP/1.1\r\nHost: h\r\nX-Key: k\r\nA: 1\r\nContent-Length: 3\r\n\r\nb=2`,
    );
    expect(latin1(request.queryBytes())).toBe(`symbol=BTC&t=1&signature=${signature}`);
    expect(latin1(request.targetBytes())).toBe(`/order?symbol=BTC&t=1&signature=${signature}`);
    expect(latin1(request.bodyBytes())).toBe("b=2");
  });

  test("begins a query where there is none", () => {
    const writer = new RequestWriter("h");
    for (const [path, target] of [
      ["/a", "/a?s=1"],
      ["/a?", "/a?s=1"],
      ["/a?b", "/a?b&s=1"],
    ] as const) {
      const request = writer.get(path).finish().stampQuery("s", 1);
      expect(referenceRequest(request.bytes()).target).toBe(target);
      expect(latin1(request.queryBytes())).toBe(target.slice(target.indexOf("?") + 1));
    }
  });

  test("is percent-encoded: base64 has characters that must be", () => {
    const request = new RequestWriter("h").get("/").finish().stampQuery("a b", "+/=é");
    expect(referenceRequest(request.bytes()).target).toBe("/?a%20b=%2B%2F%3D%C3%A9");
  });

  test("is gone with the next request", () => {
    const writer = new RequestWriter("h");
    writer.get("/a").query("b", "c").finish().stampQuery("s", signature);
    expect(referenceRequest(writer.get("/a").query("b", "c").finish().bytes()).target).toBe("/a?b=c");
  });
});

describe("a signature in a field", () => {
  test("goes behind the others", () => {
    const writer = new RequestWriter("h");
    const request = writer.post("/").header("A", "1").body("body").finish();
    request.stampHeader("X-Sign", "s".repeat(64)).stampHeader("X-N", 5);
    expect(textOf(request)).toBe(
      `POST / HTTP/1.1\r\nHost: h\r\nA: 1\r\nContent-Length: 4\r\nX-Sign: ${"s".repeat(64)}\r\nX-N: 5\r\n\r\nbody`,
    );
    expect(latin1(request.bodyBytes())).toBe("body");
    expect(textOf(writer.get("/").finish().stampHeader("X", "\xe4"))).toBe(
      "GET / HTTP/1.1\r\nHost: h\r\nX: \xe4\r\n\r\n",
    );
  });

  const refused: readonly (readonly [name: string, value: string, code: string])[] = [
    ["", "1", "REQUEST_HEADER_INVALID"],
    ["a:b", "1", "REQUEST_HEADER_INVALID"],
    ["X", "1\r\nY: 2", "REQUEST_HEADER_INVALID"],
    ["X", `${"1".repeat(40)}\n`, "REQUEST_HEADER_INVALID"],
    ["X", " 1", "REQUEST_HEADER_INVALID"],
    ["X", "€", "REQUEST_HEADER_INVALID"],
    ["Content-Length", "1", "REQUEST_HEADER_RESERVED"],
    ["transfer-encoding", "chunked", "REQUEST_HEADER_RESERVED"],
    ["host", "h", "REQUEST_HEADER_RESERVED"],
    ["Connection", "close", "REQUEST_HEADER_RESERVED"],
  ];
  test.each(refused)("%j: %j is refused, and leaves the request as it was", (name, value, code) => {
    const request = new RequestWriter("h").post("/").header("A", "1").body("body").finish();
    const before = textOf(request);
    expect(codeOf(() => request.stampHeader(name, value))).toBe(code);
    expect(textOf(request)).toBe(before);
    expect(latin1(request.bodyBytes())).toBe("body");
    expect(textOf(request.stampHeader("X", "y"))).toBe(before.replace("\r\n\r\n", "\r\nX: y\r\n\r\n"));
  });
});

describe("a signature in a form", () => {
  test("is appended, and the length is right around each number of digits", () => {
    const writer = new RequestWriter("h");
    for (const length of [0, 1, 5, 6, 7, 8, 92, 93, 94, 95, 992, 993, 994, 995]) {
      const request = writer.post("/").header("A", "1").body("b".repeat(length)).finish();
      request.stampHeader("X", "y").stampBody("s", "1+");
      const { body, fields } = referenceRequest(request.bytes());
      expect(body).toBe(`${"b".repeat(length)}${length === 0 ? "" : "&"}s=1%2B`);
      expect(latin1(request.bodyBytes())).toBe(body);
      expect(fields.map(([name]) => name)).toEqual(["Host", "A", "Content-Length", "X"]);
    }
  });

  test("begins a body where the length said there is none", () => {
    const request = new RequestWriter("h").post("/").finish().stampBody("s", 1);
    expect(textOf(request)).toBe("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\ns=1");
  });

  test("needs a body", () => {
    const writer = new RequestWriter("h");
    for (const begin of [
      () => writer.get("/"),
      () => writer.post("/").bodyStream(3),
      () => writer.post("/").bodyStream(null),
    ]) {
      const request = begin().finish();
      const before = textOf(request);
      expect(codeOf(() => request.stampBody("s", "1"))).toBe("REQUEST_BODY_MISSING");
      expect(textOf(request)).toBe(before);
    }
  });
});

test("stamps in any order make the same request", () => {
  const writer = new RequestWriter("h");
  const stamps: readonly ((request: Request) => unknown)[] = [
    (request) => request.stampQuery("q", "1"),
    (request) => request.stampHeader("H", "2"),
    (request) => request.stampBody("b", "3"),
  ];
  for (const order of ["012", "021", "102", "120", "201", "210"]) {
    const request = writer.post("/a").body("x=y123").finish();
    for (const index of order) stamps[Number(index)]?.(request);
    expect(textOf(request)).toBe("POST /a?q=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nH: 2\r\n\r\nx=y123&b=3");
  }
});

test("a stamp that does not fit is refused and leaves the request as it was", () => {
  const stamps: readonly ((request: Request, value: string) => unknown)[] = [
    (request, value) => request.stampQuery("q", value),
    (request, value) => request.stampHeader("H", value),
    (request, value) => request.stampBody("b", value),
  ];
  for (const stamp of stamps) {
    let refusals = 0;
    for (let length = 80; length < 200; length++) {
      const writer = new RequestWriter("h", { capacity: 256 });
      const request = writer.post("/").body("b".repeat(60)).finish();
      const before = textOf(request);
      const code = codeOf(() => stamp(request, "v".repeat(length)));
      if (code === "done") expect(referenceRequest(request.bytes()).method).toBe("POST");
      else expect([code, textOf(request)]).toEqual(["REQUEST_TOO_LARGE", before]);
      if (code !== "done") refusals++;
      expect(request.length).toBeLessThanOrEqual(256);
    }
    expect(refusals).toBeGreaterThan(20);
    expect(refusals).toBeLessThan(119);
  }
});

test("a number that has no digits is refused", () => {
  const request = new RequestWriter("h").post("/").finish();
  expect(codeOf(() => request.stampQuery("a", Number.NaN))).toBe("REQUEST_NUMBER_INVALID");
  expect(codeOf(() => request.stampHeader("a", Number.NaN))).toBe("REQUEST_NUMBER_INVALID");
  expect(codeOf(() => request.stampBody("a", Number.NaN))).toBe("REQUEST_NUMBER_INVALID");
});

test("console.log shows nothing of what a request holds", () => {
  const writer = new RequestWriter("h");
  writer.defaultHeader("X-API-KEY", "secret");
  const request = writer.post("/order").query("signature", "secret").body("secret").finish();
  for (const shown of [Bun.inspect(request), inspect(request, { depth: 9, maxArrayLength: null })]) {
    expect(shown).toBe(`Request { POST, ${request.length} bytes }`);
  }
  for (const shown of [Bun.inspect(writer), inspect(writer, { depth: 9, maxArrayLength: null })]) {
    expect(shown).not.toContain("secret");
    expect(shown.replaceAll(/\s+/g, "")).not.toContain([...Buffer.from("secret")].join());
  }
});

/** Latin-1. */
function textOf(request: Request): string {
  return latin1(request.bytes());
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof UsageError) return error.code;
    throw error;
  }
  return "done";
}
