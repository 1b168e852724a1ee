import { describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import type { ProtocolError } from "../../src/codec/errors.ts";
import { TimeoutError, UsageError } from "../../src/codec/errors.ts";
import { contentDecoders } from "../../src/http/decoders.ts";
import { CompleteResponse, type RequestInit, request } from "../../src/http/request.ts";
import { AbortedError, ConnectError } from "../../src/socket/errors.ts";
import { testTls } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import { rejection } from "../socket/support.ts";
import { type Answer, failureOf, ok, RawServer, type SeenRequest } from "./support.ts";

/** Makes a request and says what the server saw of it. */
async function seen(path: string, init: RequestInit = {}, login = ""): Promise<SeenRequest> {
  using server = new RawServer();
  const url = `${server.url.replace("//", `//${login}`)}${path}`;
  expect((await request(url, init)).status).toBe(200);
  expect(server.requests.length).toBe(1);
  const [only] = server.requests;
  if (only === undefined) throw new Error("no request came");
  await until(() => server.peers.every(({ gone }) => gone));
  return only;
}

describe("what is sent", () => {
  test("a GET that asks for compressed bodies and an end of the connection", async () => {
    using server = new RawServer();
    await request(`${server.url}/path/to?q=1&r=a%20b#fragment`);
    const [only] = server.requests;
    expect(only?.line).toBe("GET /path/to?q=1&r=a%20b HTTP/1.1");
    expect(only?.fields).toEqual([
      ["Host", `127.0.0.1:${server.port}`],
      ["Connection", "close"],
      ["Accept-Encoding", "gzip, deflate, br"],
    ]);
  });

  test("the path of a bare origin is /", async () => {
    expect((await seen("")).target).toBe("/");
  });

  test("Host has brackets and port of an IPv6 address", async () => {
    using server = new RawServer({ hostname: "::1" });
    await request(server.url);
    expect(server.requests[0]?.field("host")).toBe(`[::1]:${server.port}`);
  });

  test("what a URL leaves bare and a request must not have is encoded", async () => {
    const only = await seen("/a|b^c`d{e}?x={\"a\":[1|2]}&y='z'\\");
    expect(only.target).toMatch(/^\/a(?:\||%7C)b(?:\^|%5E)c%60d%7Be%7D\?x=%7B%22a%22:\[1%7C2\]%7D&y=%27z%27%5C$/);
  });

  test("a body is posted, text and bytes", async () => {
    const text = await seen("/", { body: "é=1" });
    expect([text.method, text.field("content-length"), text.body.toString()]).toEqual(["POST", "4", "é=1"]);
    expect(text.field("content-type")).toBeNull();
    const bytes = await seen("/", { body: Uint8Array.of(0, 255), method: "PUT" });
    expect([bytes.method, [...bytes.body]]).toEqual(["PUT", [0, 255]]);
    const large = await seen("/", { body: "€".repeat(100_000) });
    expect(large.body.length).toBe(300_000);
    const empty = await seen("/", { body: "" });
    expect([empty.method, empty.field("content-length")]).toEqual(["POST", "0"]);
  });

  test("json brings its type, unless another was given", async () => {
    const only = await seen("/", { json: { price: "1.5", list: [1, null] } });
    expect([only.method, only.field("content-type"), only.body.toString()]).toEqual([
      "POST",
      "application/json",
      '{"price":"1.5","list":[1,null]}',
    ]);
    const typed = await seen("/", { json: null, method: "PATCH", headers: { "content-TYPE": "application/x+json" } });
    expect([typed.method, typed.body.toString()]).toEqual(["PATCH", "null"]);
    expect(typed.fields.filter(([name]) => name.toLowerCase() === "content-type")).toEqual([
      ["content-TYPE", "application/x+json"],
    ]);
  });

  test("headers go in the order and case that they were given in, repeated ones too", async () => {
    const pairs = [
      ["X-B", "1"],
      ["x-a", "2"],
      ["X-B", "3"],
      ["ACCEPT-ENCODING", "identity"],
      ["connection", "Close"],
      ["host", "other.example"],
    ] as const;
    const only = await seen("/", { headers: pairs });
    // Host is first, wherever it was given.
    expect(only.fields).toEqual(pairs.map(([name, value]) => [name, value]));
    const record = await seen("/", { headers: { "X-One": "1", "x-two": "2" } });
    expect(record.fields.slice(-2)).toEqual([
      ["X-One", "1"],
      ["x-two", "2"],
    ]);
  });

  test("the URL's login becomes a field, unless one was given", async () => {
    const basic = (login: string): string => `Basic ${Buffer.from(login).toString("base64")}`;
    expect((await seen("/", {}, "user:secret@")).field("authorization")).toBe(basic("user:secret"));
    expect((await seen("/", {}, "us%40er:p%3Aw%C3%A9@")).field("authorization")).toBe(basic("us@er:p:wé"));
    expect((await seen("/", {}, "user@")).field("authorization")).toBe(basic("user:"));
    expect((await seen("/", {}, ":token@")).field("authorization")).toBe(basic(":token"));
    const given = await seen("/", { headers: { authorization: "Bearer x" } }, "user:secret@");
    expect(given.fields.filter(([name]) => name.toLowerCase() === "authorization")).toEqual([
      ["authorization", "Bearer x"],
    ]);
  });
});

describe("what comes back", () => {
  const CODINGS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync };
  test.each(Object.entries(CODINGS))("%s is undone", async (coding, encode) => {
    const body = encode('{"ok":true}');
    using server = new RawServer({
      answer: () =>
        Buffer.concat([
          Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`),
          body,
        ]),
    });
    expect((await request(server.url)).bodyJson()).toEqual({ ok: true });
    expect(Object.keys(contentDecoders)).toContain(coding);
  });

  test("owns its data", async () => {
    using server = new RawServer({
      answer: () =>
        "HTTP/1.1 201 Made So\r\nX-A: 1\r\nx-a: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\xc3\xa9!\r\n0\r\nX-Sum: 9\r\n\r\n".replace(
          "\xc3\xa9!",
          "é!",
        ),
    });
    const response = await request(server.url);
    expect(response).toBeInstanceOf(CompleteResponse);
    expect([response.status, response.reason, response.version, response.bodyText()]).toEqual([
      201,
      "Made So",
      "1.1",
      "é!",
    ]);
    expect(response.headers.slice(0, 2)).toEqual([
      ["X-A", "1"],
      ["x-a", "2"],
    ]);
    expect([response.header("X-a"), response.header("x-b")]).toEqual(["1", null]);
    expect(response.trailers).toEqual([["X-Sum", "9"]]);
    expect(() => response.bodyJson()).toThrow(SyntaxError);
  });

  test("is the redirect itself: it is not followed", async () => {
    using server = new RawServer({ answer: () => ok("", "Location: /other\r\n", "302 Found") });
    const response = await request(server.url);
    expect([response.status, response.header("location")]).toEqual([302, "/other"]);
    expect(server.requests.length).toBe(1);
  });

  test("may have no body, or end with the connection", async () => {
    const answers: Record<string, Answer> = {
      "/head": () => "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
      "/until": (_, peer) => {
        peer.send("HTTP/1.0 200 OK\r\n\r\nto the end").end();
        return null;
      },
    };
    using server = new RawServer({ answer: (each, peer) => answers[each.target]?.(each, peer) ?? null });
    expect((await request(`${server.url}/head`, { method: "HEAD" })).body.length).toBe(0);
    expect((await request(`${server.url}/until`)).bodyText()).toBe("to the end");
  });

  test("leaves no connection behind, whatever the server says of it", async () => {
    using server = new RawServer({ answer: () => ok("x", "Connection: keep-alive\r\n") });
    await request(server.url);
    await until(() => server.peers[0]?.gone === true);
    expect(server.peers[0]?.closeError).toBeNull();
  });
});

describe("what goes wrong", () => {
  test("by the URL", async () => {
    for (const url of ["", "nonsense", "ws://h/", "http://", "http://%zz@127.0.0.1/", "http://a:%ff@127.0.0.1/"]) {
      const error = await rejection(request(url), UsageError);
      expect([url, error.code]).toEqual([url, "URL_INVALID"]);
      expect(error.message).not.toContain("zz");
    }
  });

  test("by what cannot be sent: nothing is", async () => {
    using server = new RawServer();
    const wrong: readonly [code: string, init: RequestInit][] = [
      ["REQUEST_BODY_INVALID", { json: () => 1 }],
      ["REQUEST_BODY_INVALID", { json: Symbol("x") }],
      ["REQUEST_METHOD_INVALID", { method: "GET /" }],
      ["REQUEST_HEADER_INVALID", { headers: { "X-A": "a\r\nX-B: b" } }],
      ["REQUEST_HEADER_INVALID", { headers: { "X A": "a" } }],
      ["REQUEST_HEADER_RESERVED", { headers: { "Content-Length": "3" } }],
      ["REQUEST_TOO_LARGE", { headers: { "X-A": "a".repeat(40_000) } }],
      ["OPTION_OUT_OF_RANGE", { maxBodySize: -1 }],
      ["OPTION_OUT_OF_RANGE", { connectTimeout: 0 }],
      ["OPTION_OUT_OF_RANGE", { timeout: -1 }],
    ];
    for (const [code, init] of wrong) {
      const error = await rejection(request(server.url, init), UsageError);
      expect([code, error.code]).toEqual([code, code]);
    }
    await until(() => server.peers.every(({ gone }) => gone));
    expect(server.requests.length).toBe(0);
  });

  test("by nobody there", async () => {
    const server = new RawServer();
    const { url } = server;
    server[Symbol.dispose]();
    expect((await rejection(request(url), ConnectError)).code).toBe("CONNECT_REFUSED");
  });

  test("by time", async () => {
    using server = new RawServer({ answer: () => null });
    const error = await failureOf(request(server.url, { timeout: 20 }));
    expect([error.code, error.progress]).toEqual(["REQUEST_TIMEOUT", "sent"]);
    expect(error.cause).toBeInstanceOf(TimeoutError);
    await until(() => server.peers[0]?.gone === true);
  });

  test("by its signal, before and while it waits", async () => {
    using server = new RawServer({ answer: () => null });
    await rejection(request(server.url, { signal: AbortSignal.abort() }), AbortedError);
    const controller = new AbortController();
    const waiting = failureOf(request(server.url, { signal: controller.signal }));
    const peer = await server.peer();
    await peer.until(({ requests }) => requests.length === 1);
    controller.abort();
    expect((await waiting).code).toBe("REQUEST_ABORTED");
    await peer.until(({ gone }) => gone);
    expect(server.requests.length).toBe(1);
  });

  test("by a body that is too large", async () => {
    using server = new RawServer({ answer: () => ok("x".repeat(1001)) });
    const error = await failureOf(request(server.url, { maxBodySize: 1000 }));
    expect((error.cause as ProtocolError).code).toBe("HTTP_BODY_TOO_LARGE");
    expect((await request(server.url, { maxBodySize: 1001 })).body.length).toBe(1001);
  });
});

test("over TLS, by name", async () => {
  using server = new RawServer({ tls: "localhost" });
  const response = await request(`${server.url}/secure`, { tls: testTls() });
  expect(response.bodyText()).toBe("GET /secure HTTP/1.1");
  expect(server.requests[0]?.field("host")).toBe(`localhost:${server.port}`);
});
