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
import { acceptance, type PeerRequest, WsPeer } from "../helpers/ws-peer.ts";
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
});

describe("a refusal", () => {
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

describe("a connection that ends", () => {
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
