import { describe, expect, test } from "bun:test";
import { TimeoutError, UsageError } from "../../src/codec/errors.ts";
import { AbortedError } from "../../src/socket/errors.ts";
import { memoryPair } from "../../src/socket/memory-pair.ts";
import { HandshakeError } from "../../src/ws/errors.ts";
import type { WsOptions } from "../../src/ws/options.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { joined, utf8 } from "../helpers/bytes.ts";
import { frameBytes } from "../helpers/frames.ts";
import { PeerServer } from "../helpers/peer-server.ts";
import { ScriptedTransport } from "../helpers/scripted-transport.ts";
import { type Answer, acceptance, acceptOf, type PeerRequest, WsPeer } from "../helpers/ws-peer.ts";
import { rejection } from "../socket/support.ts";

const HELLO = frameBytes({ opcode: 1, payload: utf8("hello") });

/** The request that `url` and `options` make. */
async function requestOf(url: string, options: WsOptions = {}): Promise<PeerRequest> {
  const [client, server] = memoryPair();
  const peer = new WsPeer(server);
  const ws = await WsStream.connectWith(client, url, options);
  ws.terminate();
  if (peer.request === null) throw new Error("the peer saw no request");
  return peer.request;
}

/** What connecting to a server with this answer rejects with; the server's end of it, too. */
async function refusalBy(answer: Answer, options: WsOptions = {}): Promise<{ error: HandshakeError; peer: WsPeer }> {
  using server = new PeerServer({ answer });
  const error = await rejection(WsStream.connect(server.url, options), HandshakeError);
  const peer = await server.peer();
  await peer.until(({ gone }) => gone);
  return { error, peer };
}

describe("the request", () => {
  test("is that of RFC 6455 section 4.1, with the user's fields behind, in order and case", async () => {
    const request = await requestOf("ws://h:8080/stream?a=1&b=%20", {
      headers: [
        ["X-Zebra", "1"],
        ["x-apple", "two words"],
        ["X-Zebra", "3"],
      ],
      protocols: ["v2.json", "v1.json"],
    });
    const key = request.field("Sec-WebSocket-Key");
    expect(Buffer.from(key ?? "", "base64")).toHaveLength(16);
    expect(request.text.split("\r\n")).toEqual([
      "GET /stream?a=1&b=%20 HTTP/1.1",
      "Host: h:8080",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Key: ${key}`,
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: v2.json, v1.json",
      "X-Zebra: 1",
      "x-apple: two words",
      "X-Zebra: 3",
    ]);
  });

  test("has another key each time", async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => requestOf("ws://h/")));
    expect(new Set(keys.map((request) => request.field("Sec-WebSocket-Key"))).size).toBe(20);
  });

  test.each([
    ["ws://[::1]:9000/", "[::1]:9000"],
    ["ws://[::1]/", "[::1]"],
    ["ws://example.com:80/", "example.com"],
    ["ws://example.com:443/", "example.com:443"],
  ])("to %s has the Host %s", async (url, host) => {
    expect((await requestOf(url)).field("Host")).toBe(host);
  });

  test("sends the URL's login as Authorization, unless the user gave one", async () => {
    const login = `Basic ${Buffer.from("user:secret").toString("base64")}`;
    expect((await requestOf("ws://user:secret@h/")).field("Authorization")).toBe(login);
    const own = await requestOf("ws://user:secret@h/", { headers: { authorization: "Bearer token" } });
    expect(own.fields.filter(([name]) => name.toLowerCase() === "authorization")).toEqual([
      ["authorization", "Bearer token"],
    ]);
  });

  test("lets the user's Host stand for ours", async () => {
    const { fields } = await requestOf("ws://127.0.0.1/", { headers: { Host: "venue.example" } });
    expect(fields.filter(([name]) => name.toLowerCase() === "host")).toEqual([["Host", "venue.example"]]);
  });

  test.each([
    ["a field of the handshake", { headers: { Upgrade: "h2c" } }],
    ["a line break", { headers: { "X-A": "1\r\nX-B: 2" } }],
    ["a name that is no token", { headers: { "X A": "1" } }],
    ["a subprotocol that is no token", { protocols: ["a b"] }],
    ["a subprotocol twice", { protocols: ["a", "a"] }],
  ] as const)("with %s is refused before anything is connected", async (_, options) => {
    using server = new PeerServer();
    const error = await rejection(WsStream.connect(server.url, options), UsageError);
    expect(error.code).toBe("HANDSHAKE_REQUEST_INVALID");
    const transport = new ScriptedTransport();
    expect((await rejection(WsStream.connectWith(transport, "ws://h/", options), UsageError)).code).toBe(error.code);
    expect(transport.writes).toEqual([]);
    // A later connection is the first that the server sees.
    const ws = await WsStream.connect(server.url);
    expect(server.peers).toHaveLength(1);
    ws.terminate();
  });

  test("goes out in pieces where the transport takes little", async () => {
    const [client, server] = memoryPair({ writeSize: 1 });
    const peer = new WsPeer(server);
    const ws = await WsStream.connectWith(client, "ws://h/path");
    expect(peer.request?.line).toBe("GET /path HTTP/1.1");
    ws.sendText("after");
    expect(await peer.messages(1)).toEqual(["text after"]);
    ws.terminate();
  });
});

describe("an answer that opens", () => {
  test("gives protocol, fields and URL", async () => {
    using server = new PeerServer({
      answer: (request) => acceptance(request, "Sec-WebSocket-Protocol: v1.json\r\nX-Node: 7\r\nx-node: 8\r\n"),
    });
    const ws = await WsStream.connect(`${server.url}p?q#f`, { protocols: ["v2.json", "v1.json"] });
    expect(ws.protocol).toBe("v1.json");
    expect(ws.responseHeaders.slice(-3)).toEqual([
      ["Sec-WebSocket-Protocol", "v1.json"],
      ["X-Node", "7"],
      ["x-node", "8"],
    ]);
    expect(ws.url).toBe(`${server.url}p?q`);
    expect(ws.state).toBe("open");
    ws.terminate();
  });

  test("may choose none of the subprotocols", async () => {
    using server = new PeerServer();
    const ws = await WsStream.connect(server.url, { protocols: ["a"] });
    expect(ws.protocol).toBe("");
    ws.terminate();
  });

  test("may be written in any case, and list other connection options", async () => {
    using server = new PeerServer({
      answer: (request) =>
        `HTTP/1.1 101 \r\nupgrade: WebSocket\r\nCONNECTION: keep-alive, UPGRADE\r\nsec-websocket-accept:\t${acceptOf(request)} \r\n\r\n`,
    });
    const ws = await WsStream.connect(server.url);
    ws.terminate();
  });

  test("opens at whatever byte it is split, with the frames that came along", async () => {
    const length = acceptance(await requestOf("ws://h/")).length;
    for (let cut = 0; cut <= length + HELLO.length; cut++) {
      const transport = new ScriptedTransport();
      const opened = WsStream.connectWith(transport, "ws://h/");
      const answer = joined([utf8(acceptance(requestIn(transport))), HELLO, HELLO]);
      transport.deliver(answer.slice(0, cut), answer.slice(cut));
      const ws = await opened;
      expect((await ws.recv())?.text(), `cut at ${cut}`).toBe("hello");
      expect(ws.tryRecv()?.text(), `cut at ${cut}`).toBe("hello");
      expect(ws.tryRecv()).toBeNull();
      ws.terminate();
    }
  });

  test("opens byte by byte", async () => {
    const [client, server] = memoryPair({ chunkSize: 1 });
    const peer = new WsPeer(server);
    const ws = await WsStream.connectWith(client, "ws://h/");
    peer.send(HELLO);
    expect((await ws.recv())?.text()).toBe("hello");
    ws.terminate();
  });

  test("may bring more frames than the ring holds", async () => {
    const transport = new ScriptedTransport();
    const opened = WsStream.connectWith(transport, "ws://h/", { bufferCapacity: 4096 });
    const frames = Array.from({ length: 500 }, (_, at) =>
      frameBytes({ opcode: 1, payload: utf8(`message ${at}`.padEnd(90)) }),
    );
    transport.deliver(joined([utf8(acceptance(requestIn(transport))), ...frames]));
    const ws = await opened;
    for (let at = 0; at < frames.length; at++) expect((await ws.recv())?.text().trim()).toBe(`message ${at}`);
    ws.terminate();
  });

  test("may bring the end along: messages, close frame and FIN in one segment", async () => {
    using server = new PeerServer({
      answer: (request) =>
        joined([utf8(acceptance(request)), HELLO, frameBytes({ opcode: 8, payload: Uint8Array.of(3, 0xe9) })]),
      onPeer: (peer) => void peer.until(({ request }) => request !== null).then(() => peer.end()),
    });
    const ws = await WsStream.connect(server.url);
    expect((await ws.recv())?.text()).toBe("hello");
    expect((await ws.recv())?.closeCode).toBe(1001);
    expect(await ws.recv()).toBeNull();
    expect(await ws.closed).toEqual({ code: 1001, reason: "" });
    expect((await server.peer()).lines).toEqual(["close 1001"]);
  });
});

describe("a refusal", () => {
  test.each([401, 403, 429, 503])("with status %i is told with fields and body", async (status) => {
    const body = `{"status":${status}}`;
    const { error } = await refusalBy(
      () =>
        `HTTP/1.1 ${status} No\r\nRetry-After: 5\r\nset-cookie: a\r\nSet-Cookie: b\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status, body });
    expect(error.message).toContain(String(status));
    expect(error.headers).toEqual([
      ["Retry-After", "5"],
      ["set-cookie", "a"],
      ["Set-Cookie", "b"],
      ["Content-Length", String(body.length)],
    ]);
  });

  test("without a length has the body that came before the end", async () => {
    using server = new PeerServer({
      answer: () => "HTTP/1.1 403 Forbidden\r\n\r\nnot ",
      onPeer: (peer) => void peer.until(({ request }) => request !== null).then(() => peer.send("today").end()),
    });
    const error = await rejection(WsStream.connect(server.url), HandshakeError);
    expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 403, body: "not today" });
  });

  test("keeps 4 KiB of a long body, whole or endless, and cuts the connection", async () => {
    for (const field of ["Content-Length: 1000000\r\n", ""]) {
      const { error } = await refusalBy(() => `HTTP/1.1 503 Busy\r\n${field}\r\n${"x".repeat(100_000)}`);
      expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 503, body: "x".repeat(4096) });
    }
  });

  test("is told with what came of its body when time runs out", async () => {
    const { error } = await refusalBy(() => "HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\npart", {
      connectTimeout: 100,
    });
    expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 401, body: "part" });
  });

  test("is a redirect, too: it is not followed", async () => {
    const { error } = await refusalBy(
      () => "HTTP/1.1 302 Found\r\nLocation: ws://elsewhere/\r\nContent-Length: 0\r\n\r\n",
    );
    expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 302, body: "" });
  });

  test("split at every byte is the same", async () => {
    const answer = utf8("HTTP/1.1 429 Slow\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nwait");
    for (let cut = 0; cut <= answer.length; cut++) {
      const transport = new ScriptedTransport();
      const opened = rejection(WsStream.connectWith(transport, "ws://h/"), HandshakeError);
      transport.deliver(answer.slice(0, cut), answer.slice(cut));
      expect(await opened, `cut at ${cut}`).toMatchObject({ status: 429, body: "wait" });
      expect(transport.calls.at(-1)).toBe("shutdown");
    }
  });
});

describe("an answer that is wrong", () => {
  const right = (request: PeerRequest): string => acceptance(request);
  test.each<[why: string, answer: Answer]>([
    ["no Upgrade", (request) => right(request).replace("Upgrade: websocket\r\n", "")],
    ["another Upgrade", (request) => right(request).replace("websocket", "h2c")],
    ["no Connection", (request) => right(request).replace("Connection: Upgrade\r\n", "")],
    [
      "Connection without Upgrade",
      (request) => right(request).replace("Connection: Upgrade", "Connection: keep-alive"),
    ],
    ["no Accept", (request) => right(request).replace(/Sec-WebSocket-Accept: .*\r\n/, "")],
    [
      "the Accept of another key",
      (request) => right(request).replace(/Accept: .*/, "Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ],
    ["the Accept in another case", (request) => right(request).replace(/Accept: .*/, (value) => value.toLowerCase())],
    ["two Accepts", (request) => acceptance(request, `Sec-WebSocket-Accept: ${acceptOf(request)}\r\n`)],
    [
      "an extension that was not offered",
      (request) => acceptance(request, "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
    ],
    ["a subprotocol that was not offered", (request) => acceptance(request, "Sec-WebSocket-Protocol: b\r\n")],
    ["a subprotocol in another case", (request) => acceptance(request, "Sec-WebSocket-Protocol: A\r\n")],
    [
      "two subprotocols",
      (request) => acceptance(request, "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n"),
    ],
    ["a list of subprotocols", (request) => acceptance(request, "Sec-WebSocket-Protocol: a, c\r\n")],
  ])("for %s is HANDSHAKE_INVALID", async (_, answer) => {
    const { error } = await refusalBy(answer, { protocols: ["a", "c"] });
    expect(error).toMatchObject({ code: "HANDSHAKE_INVALID", status: 101 });
  });

  test.each<[why: string, answer: string]>([
    ["garbage", "\x00\xff\x13garbage\r\n\r\n"],
    ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
    ["HTTP/2", "HTTP/2 101 Switching Protocols\r\n\r\n"],
    ["bare line feeds", "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\n\n"],
    ["a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"],
    ["a field without a name", "HTTP/1.1 200 OK\r\n: b\r\n\r\n"],
    ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
    ["a head over 16 KiB in one field", `HTTP/1.1 101 Switching Protocols\r\nX: ${"x".repeat(20_000)}\r\n\r\n`],
    ["a head over 16 KiB that never ends", "HTTP/1.1 101 Switching Protocols\r\n".padEnd(100_000, "x-y: 1\r\n")],
    ["a line over 16 KiB that never ends", "x".repeat(100_000)],
  ])("for %s is HANDSHAKE_MALFORMED", async (_, answer) => {
    const { error } = await refusalBy(() => answer);
    expect(error.code).toBe("HANDSHAKE_MALFORMED");
  });

  test("takes a head of 16 KiB", async () => {
    let padding = 0;
    using server = new PeerServer({
      answer: (request) => {
        padding = 16_384 - acceptance(request, "X: \r\n").length;
        return acceptance(request, `X: ${"x".repeat(padding)}\r\n`);
      },
    });
    const ws = await WsStream.connect(server.url);
    expect(ws.responseHeaders.at(-1)).toEqual(["X", "x".repeat(padding)]);
    ws.terminate();
  });
});

describe("a connection that ends", () => {
  test("with FIN before the answer is whole is HANDSHAKE_CUT", async () => {
    for (const part of ["", "HTTP/1.1 101 Switch", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"]) {
      using server = new PeerServer({
        answer: () => part,
        onPeer: (peer) => void peer.until(({ request }) => request !== null).then(() => peer.end()),
      });
      const error = await rejection(WsStream.connect(server.url), HandshakeError);
      expect(error).toMatchObject({ code: "HANDSHAKE_CUT", status: 0 });
      expect(error.message).toContain(`after ${part.length} bytes`);
    }
  });

  test("with RST is HANDSHAKE_CUT, with the reset as its cause", async () => {
    using server = new PeerServer({
      answer: () => null,
      onPeer: (peer) => void peer.until(({ request }) => request !== null).then(() => peer.reset()),
    });
    const error = await rejection(WsStream.connect(server.url), HandshakeError);
    expect(error).toMatchObject({ code: "HANDSHAKE_CUT", cause: { code: "CONNECTION_RESET" } });
  });

  test("before it began is HANDSHAKE_CUT at once", async () => {
    const [client, server] = memoryPair();
    client.attach({ onBytes() {}, onDrain() {}, onEnd() {}, onClose() {} });
    server.terminate();
    await Bun.sleep(0);
    expect(client.closed).toBe(true);
    const error = await rejection(WsStream.connectWith(client, "ws://h/"), HandshakeError);
    expect(error.code).toBe("HANDSHAKE_CUT");
  });
});

describe("limits", () => {
  test("time runs out in the phase handshake, and the connection is cut", async () => {
    using server = new PeerServer({ answer: () => null });
    const error = await rejection(WsStream.connect(server.url, { connectTimeout: 100 }), TimeoutError);
    expect(error).toMatchObject({ code: "CONNECT_TIMEOUT", phase: "handshake", timeout: 100 });
    await (await server.peer()).until(({ gone }) => gone);
  });

  test("time runs out over a transport of the user's", async () => {
    const transport = new ScriptedTransport();
    const error = await rejection(WsStream.connectWith(transport, "ws://h/", { connectTimeout: 20 }), TimeoutError);
    expect(error).toMatchObject({ code: "CONNECT_TIMEOUT", phase: "handshake" });
    expect(transport.calls).toEqual(["terminate"]);
  });

  test("a signal cuts it: before it begins, while it waits", async () => {
    const transport = new ScriptedTransport();
    const options = { signal: AbortSignal.abort(new Error("no more")) };
    const early = await rejection(WsStream.connectWith(transport, "ws://h/", options), AbortedError);
    expect(early).toMatchObject({ code: "ABORTED", phase: "handshake", cause: { message: "no more" } });
    expect(transport.writes).toEqual([]);
    expect(transport.closed).toBe(true);

    using server = new PeerServer({ answer: () => null });
    const controller = new AbortController();
    const opening = rejection(WsStream.connect(server.url, { signal: controller.signal }), AbortedError);
    const peer = await server.peer();
    await peer.until(({ request }) => request !== null);
    controller.abort("enough");
    expect(await opening).toMatchObject({ code: "ABORTED", phase: "handshake", cause: "enough" });
    await peer.until(({ gone }) => gone);
  });

  test("a signal that comes once it is open changes nothing", async () => {
    using server = new PeerServer();
    const controller = new AbortController();
    const ws = await WsStream.connect(server.url, { signal: controller.signal });
    controller.abort();
    (await server.peer()).text("still here");
    expect((await ws.recv())?.text()).toBe("still here");
    ws.terminate();
  });

  test("what comes after the outcome is not looked at", async () => {
    const transport = new ScriptedTransport();
    const opening = rejection(WsStream.connectWith(transport, "ws://h/"), HandshakeError);
    const { handler } = transport;
    transport.deliver(utf8("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    handler?.onBytes(utf8("HTTP/1.1 101"));
    handler?.onDrain();
    handler?.onEnd();
    expect(await opening).toMatchObject({ status: 404 });
  });
});

function requestIn(transport: ScriptedTransport): PeerRequest {
  const peer = new WsPeer(new ScriptedTransport(), { answer: () => null });
  peer.onBytes(transport.written);
  if (peer.request === null) throw new Error("the request is not whole");
  return peer.request;
}
