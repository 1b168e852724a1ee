import { describe, expect, test } from "bun:test";
import { ProtocolError, TimeoutError, UsageError } from "../../src/codec/errors.ts";
import type { RequestHead } from "../../src/codec/http/request-head.ts";
import { AbortedError } from "../../src/socket/errors.ts";
import { type MemoryPairOptions, memoryPair } from "../../src/socket/memory-pair.ts";
import type { AcceptOptions, UpgradeDecision } from "../../src/ws/accept-options.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import { HandshakeError } from "../../src/ws/errors.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { fieldsBut, GOOD_FIELDS, GOOD_LINE, headOf, MALFORMED, REFUSED } from "../codec/http/upgrade-vectors.ts";
import { joined, pattern, utf8 } from "../helpers/bytes.ts";
import { frameBytes } from "../helpers/frames.ts";
import { ScriptedTransport } from "../helpers/scripted-transport.ts";
import { turn, until } from "../helpers/wait.ts";
import { rejection } from "../socket/support.ts";
import { KEY, RawClient } from "./accept-client.ts";
import { Diary, isSettled, readAll } from "./support.ts";

const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
const HELLO = frameBytes({ opcode: 1, payload: utf8("Hello"), key: MASK });

interface Accepting {
  readonly client: RawClient;
  readonly stream: Promise<WsStream>;
}

function accepting(options: AcceptOptions = {}, pair: MemoryPairOptions = {}): Accepting {
  const [near, far] = memoryPair(pair);
  const client = new RawClient(near);
  const stream = WsStream.accept(far, options);
  stream.catch(() => {});
  return { client, stream };
}

/** The stream, and the client whose request opened it. */
async function accepted(
  options: AcceptOptions = {},
  head: string = headOf(),
  pair: MemoryPairOptions = {},
): Promise<{ client: RawClient; ws: WsStream }> {
  const { client, stream } = accepting(options, pair);
  client.send(head);
  const ws = await stream;
  await client.answered();
  return { client, ws };
}

/** What accepting that request fails with, and what the client was told. */
async function refusal(
  head: string,
  options: AcceptOptions = {},
): Promise<{ client: RawClient; error: HandshakeError }> {
  const { client, stream } = accepting(options);
  client.send(head);
  const error = await rejection(stream, HandshakeError);
  await until(() => client.ended || client.gone);
  return { client, error };
}

describe("the answer", () => {
  test("is that of RFC 6455 section 1.3", async () => {
    const { client, ws } = await accepted();
    expect(client.text).toBe(
      [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "",
        "",
      ].join("\r\n"),
    );
    expect([ws.url, ws.protocol, ws.state]).toEqual(["ws://server.example.com/chat?room=1", "", "open"]);
    expect(ws.responseHeaders[2]).toEqual(["Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
    ws.terminate();
  });

  test("says wss where the transport is secure", async () => {
    const { ws } = await accepted({}, headOf(), { secure: true });
    expect(ws.url).toBe("wss://server.example.com/chat?room=1");
    ws.terminate();
  });

  test("comes in front of every message, byte by byte where the kernel takes no more", async () => {
    const { client, ws } = await accepted({}, headOf(), { writeSize: 1, capacity: 7, chunkSize: 1 });
    expect(ws.sendText("first")).toBe(true);
    await until(() => client.lines.length === 1);
    expect([client.accepted, client.lines]).toEqual([true, ["text first"]]);
    ws.terminate();
  });
});

describe("onUpgrade", () => {
  test("sees path, query and fields, in order and case", async () => {
    let seen: RequestHead | undefined;
    const { ws } = await accepted(
      {
        onUpgrade(request) {
          seen = request;
        },
      },
      headOf("GET /a%20b?c=d&e HTTP/1.1", [...GOOD_FIELDS, "X-b: 1", "x-B:2"]),
    );
    expect([seen?.path, seen?.query, seen?.header("X-B"), seen?.values("x-b")]).toEqual([
      "/a%20b",
      "c=d&e",
      "1",
      ["1", "2"],
    ]);
    expect(seen?.headers.slice(-2)).toEqual([
      ["X-b", "1"],
      ["x-B", "2"],
    ]);
    ws.terminate();
  });

  const offering = headOf(GOOD_LINE, [...GOOD_FIELDS, "Sec-WebSocket-Protocol: v2, v1"]);

  test.each<[why: string, options: AcceptOptions, protocol: string]>([
    ["the client's first that is spoken here", { protocols: ["v1", "v2"] }, "v2"],
    ["the only one that is", { protocols: ["v0", "v1"] }, "v1"],
    ["none where none is", { protocols: ["v0"] }, ""],
    ["none where nothing is said", {}, ""],
    ["what onUpgrade chooses", { protocols: ["v2"], onUpgrade: () => ({ protocol: "v1" }) }, "v1"],
    ["none where onUpgrade says so", { protocols: ["v2"], onUpgrade: () => ({ protocol: "" }) }, ""],
    ["what it chooses later", { onUpgrade: async () => ({ protocol: "v1" }) }, "v1"],
  ])("chooses the subprotocol: %s", async (_, options, protocol) => {
    const { client, ws } = await accepted(options, offering);
    expect([ws.protocol, client.field("Sec-WebSocket-Protocol") ?? ""]).toEqual([protocol, protocol]);
    ws.terminate();
  });

  test("adds fields behind those of the options", async () => {
    const { client, ws } = await accepted({
      headers: { Server: "nexus" },
      onUpgrade: () => ({
        headers: [
          ["Set-Cookie", "a=1"],
          ["set-cookie", "b=2"],
        ],
      }),
    });
    expect(client.head?.slice(4)).toEqual(["Server: nexus", "Set-Cookie: a=1", "set-cookie: b=2"]);
    ws.terminate();
  });

  test.each<[why: string, decide: () => UpgradeDecision | Promise<UpgradeDecision>]>([
    ["at once", () => ({ status: 401, headers: { "WWW-Authenticate": "Bearer" }, body: "no key" })],
    ["later", async () => ({ status: 401, headers: { "WWW-Authenticate": "Bearer" }, body: "no key" })],
  ])("refuses with a status, fields and body, %s", async (_, onUpgrade) => {
    const { client, error } = await refusal(headOf(), { onUpgrade });
    expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 401 });
    expect(error.headers[0]).toEqual(["Host", "server.example.com"]);
    expect([client.status, client.field("WWW-Authenticate"), client.field("Connection"), client.body]).toEqual([
      401,
      "Bearer",
      "close",
      "no key",
    ]);
  });

  test.each<[why: string, decision: UpgradeDecision, detail: string]>([
    ["a subprotocol that was not offered", { protocol: "v3" }, "was not offered"],
    ["a forged line", { headers: { "X-A": "1\r\nX-B: 2" } }, "control character"],
    ["a field of the handshake", { headers: { Upgrade: "h2c" } }, "belongs to the handshake"],
    ["a refusal with 200", { status: 200 }, "status 200"],
    ["a refusal with a forged line", { status: 403, headers: { "X-A": "1\n" } }, "control character"],
  ])("that decides %s is the program's fault: 500", async (_, decision, detail) => {
    for (const onUpgrade of [() => decision, async () => decision]) {
      const { client, stream } = accepting({ onUpgrade });
      client.send(offering);
      const error = await rejection(stream, UsageError);
      expect(error.code).toBe("UPGRADE_DECISION_INVALID");
      expect(error.message).toContain(detail);
      expect(await client.answered()).toBe(500);
      expect(client.text).not.toContain("X-B");
    }
  });

  test("a promise of another make is waited for, not taken for a yes", async () => {
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: it is what is tested.
      then: (resolve: (decision: UpgradeDecision) => void) => void setTimeout(() => resolve({ status: 403 }), 1),
    };
    const onUpgrade = () => thenable as unknown as Promise<UpgradeDecision>;
    const { client, error } = await refusal(headOf(), { onUpgrade });
    expect([error.status, client.text.startsWith("HTTP/1.1 403")]).toEqual([403, true]);
  });

  test.each([false, true, null, 0, "v1"])("%p is no decision: 500, and nobody is let in", async (decision) => {
    for (const onUpgrade of [() => decision, async () => decision]) {
      const { client, stream } = accepting({ onUpgrade: onUpgrade as unknown as () => UpgradeDecision });
      client.send(headOf());
      const error = await rejection(stream, UsageError);
      expect(error.message).toBe(`Cannot answer upgrade request: onUpgrade decided ${JSON.stringify(decision)}`);
      expect(error.code).toBe("UPGRADE_DECISION_INVALID");
      expect(await client.answered()).toBe(500);
    }
  });

  test.each<[why: string, onUpgrade: () => UpgradeDecision | Promise<UpgradeDecision>]>([
    [
      "throws",
      () => {
        throw new Error("database is away");
      },
    ],
    ["rejects", () => Promise.reject(new Error("database is away"))],
  ])("that %s rejects with what it threw: 500, and nothing of it for the client", async (_, onUpgrade) => {
    const { client, stream } = accepting({ onUpgrade });
    client.send(headOf());
    expect((await rejection(stream, Error)).message).toBe("database is away");
    expect(await client.answered()).toBe(500);
    expect(client.text).not.toContain("database");
  });
});

describe("Origin", () => {
  const from = (origin: string): string => headOf(GOOD_LINE, [...GOOD_FIELDS, `Origin: ${origin}`]);
  const origins = ["https://a.example", "https://b.example:8443"];

  test.each<[why: string, head: string, options: AcceptOptions]>([
    ["any, where nothing is said", from("https://evil.example"), {}],
    ["one of the list", from("https://b.example:8443"), { origins }],
    ["none, where the list says so", headOf(), { origins: [...origins, null] }],
    [
      "one that the function lets in",
      from("https://x.a.example"),
      { origins: (origin) => origin?.endsWith(".a.example") ?? false },
    ],
  ])("lets in %s", async (_, head, options) => {
    const { ws } = await accepted(options, head);
    ws.terminate();
  });

  test.each<[why: string, head: string, options: AcceptOptions]>([
    ["one that is not in the list", from("https://evil.example"), { origins }],
    ["one of another scheme", from("http://a.example"), { origins }],
    ["one of another port", from("https://b.example"), { origins }],
    ["one that only begins so", from("https://a.example.evil.example"), { origins }],
    ["an opaque one", from("null"), { origins: [...origins, null] }],
    ["none, where the list does not say so", headOf(), { origins }],
    ["one that the function does not let in", from("https://a.example"), { origins: () => false }],
  ])("does not let in %s", async (_, head, options) => {
    const asked: string[] = [];
    const { client, error } = await refusal(head, { ...options, onUpgrade: ({ path }) => void asked.push(path) });
    expect(error).toMatchObject({ code: "UPGRADE_ORIGIN", status: 403 });
    expect([client.status, asked]).toEqual([403, []]);
  });
});

describe("a request is refused for", () => {
  test.each(MALFORMED)("$why", async ({ head, code, status }) => {
    const { client, error } = await refusal(head);
    expect(error).toMatchObject({ code: "HANDSHAKE_MALFORMED", status });
    expect(error.cause).toBeInstanceOf(ProtocolError);
    expect((error.cause as ProtocolError).code as string).toBe(code);
    expect([client.status, client.field("Connection")]).toEqual([status, "close"]);
  });

  test.each(REFUSED)("$why", async ({ head, code, status }) => {
    const { client, error } = await refusal(head);
    expect(error).toMatchObject({ code, status });
    expect(error.message).toStartWith("Cannot accept WebSocket: ");
    expect([client.status, Number(client.field("Content-Length"))]).toEqual([status, client.body.length]);
  });

  test("the version, with the one that is spoken", async () => {
    const { client } = await refusal(headOf(GOOD_LINE, fieldsBut("Sec-WebSocket-Version", "Sec-WebSocket-Version: 8")));
    expect([client.field("Sec-WebSocket-Version"), client.field("Upgrade"), client.field("Connection")]).toEqual([
      "13",
      "websocket",
      "close, Upgrade",
    ]);
  });

  test("its size, as set", async () => {
    const long = headOf(GOOD_LINE, [...GOOD_FIELDS, `A: ${"b".repeat(300)}`]);
    expect((await refusal(long, { maxHeadSize: 400 })).client.status).toBe(431);
    expect((await refusal(long, { maxHeaders: 5 })).client.status).toBe(431);
    (await accepted({ maxHeadSize: long.length, maxHeaders: 6 }, long)).ws.terminate();
  });
});

describe("bytes behind the request", () => {
  const pipelined = joined([utf8(headOf()), HELLO, frameBytes({ opcode: 2, payload: pattern(300), key: MASK })]);

  test.each([1, 2, 3, 7, 60, 184, 200, 1000])("reach the frame reader in chunks of %p", async (chunkSize) => {
    const { client, stream } = accepting({}, { chunkSize });
    client.send(pipelined);
    const ws = await stream;
    expect((await ws.recv())?.text()).toBe("Hello");
    const second = await ws.recv();
    expect(Buffer.compare(second?.bytes() ?? new Uint8Array(), pattern(300))).toBe(0);
    ws.terminate();
  });

  test("are kept while the program decides, and held back where they are many", async () => {
    const decision = Promise.withResolvers<UpgradeDecision>();
    const transport = new ScriptedTransport();
    const stream = WsStream.accept(transport, { onUpgrade: () => decision.promise });
    transport.deliver(utf8(headOf()), HELLO.slice(0, 3));
    const flood = joined(Array.from({ length: 3_000 }, () => HELLO));
    transport.deliver(HELLO.slice(3), flood, flood);
    expect(transport.calls).toEqual(["pause"]);
    decision.resolve(undefined);
    const ws = await stream;
    let count = 0;
    for (let message = ws.tryRecv(); message !== null; message = ws.tryRecv()) count++;
    expect([count, transport.calls.includes("resume")]).toEqual([6_001, true]);
    ws.terminate();
  });

  test("are handed to a connection's handlers before its promise resolves", async () => {
    const diary = new Diary();
    const [near, far] = memoryPair();
    const client = new RawClient(near).send(pipelined);
    diary.onEntry = (ws, entry) => entry === "message text Hello" && ws.sendText("back");
    const ws = await WsConnection.accept(far, diary.handlers);
    expect(diary.entries[0]).toBe("message text Hello");
    await until(() => client.lines.length === 1);
    expect(client.lines).toEqual(["text back"]);
    ws.terminate();
  });

  test("are nothing to a request that is refused", async () => {
    const { client } = await refusal(`${headOf("GET * HTTP/1.1")}${"x".repeat(1_000)}`);
    expect(client.status).toBe(400);
  });
});

describe("the handshake ends with", () => {
  test.each<[why: string, sent: string]>([
    ["nothing", ""],
    ["half a request", headOf().slice(0, 50)],
  ])("408 where the client sends %s for too long", async (_, sent) => {
    const { client, stream } = accepting({ handshakeTimeout: 50 });
    client.send(sent);
    const error = await rejection(stream, TimeoutError);
    expect(error).toMatchObject({ code: "ACCEPT_TIMEOUT", timeout: 50, phase: "handshake" });
    expect(error.message).toContain(`${sent.length} bytes of the request`);
    expect(await client.answered()).toBe(408);
  });

  test("503 where onUpgrade takes too long, and what it says then is not heard", async () => {
    const decision = Promise.withResolvers<UpgradeDecision>();
    const { client, stream } = accepting({ handshakeTimeout: 50, onUpgrade: () => decision.promise });
    client.send(headOf());
    expect((await rejection(stream, TimeoutError)).message).toContain("onUpgrade");
    expect(await client.answered()).toBe(503);
    decision.resolve(undefined);
    await turn();
    expect(client.text).not.toContain("101");
  });

  test("503 where the signal gives it up", async () => {
    const abort = new AbortController();
    const { client, stream } = accepting({ signal: abort.signal });
    abort.abort(new Error("going away"));
    const error = await rejection(stream, AbortedError);
    expect([error.phase, (error.cause as Error).message]).toEqual(["handshake", "going away"]);
    expect(await client.answered()).toBe(503);
    const before = accepting({ signal: AbortSignal.abort() });
    await rejection(before.stream, AbortedError);
    expect(await before.client.answered()).toBe(503);
  });

  test.each<[why: string, leave: (client: RawClient) => void, cause: string | null]>([
    ["a FIN", (client) => client.transport.shutdown(), null],
    ["a reset", (client) => client.transport.terminate(), "CONNECTION_RESET"],
  ])("an error where the client is gone: %s before, within and behind the request", async (_, leave, cause) => {
    const never = new Promise<UpgradeDecision>(() => {});
    for (const sent of ["", headOf().slice(0, 50), headOf()]) {
      const { client, stream } = accepting({ onUpgrade: () => never });
      client.send(sent);
      await turn();
      leave(client);
      const error = await rejection(stream, HandshakeError);
      expect(error).toMatchObject({ code: "HANDSHAKE_CUT", status: 0 });
      expect((error.cause as { code?: string } | undefined)?.code ?? null).toBe(cause);
      await until(() => client.gone);
    }
  });

  test("an error where the client was gone before", async () => {
    const [near, far] = memoryPair();
    near.terminate();
    await turn();
    const error = await rejection(WsStream.accept(far), HandshakeError);
    expect(error.code).toBe("HANDSHAKE_CUT");
  });

  test("a cut connection where the client takes nothing of a refusal", async () => {
    const transport = new ScriptedTransport();
    transport.room = 10;
    const stream = WsStream.accept(transport);
    transport.deliver(utf8(headOf("GET * HTTP/1.1")));
    await rejection(stream, HandshakeError);
    expect(transport.closed).toBe(false);
    await until(() => transport.closed);
    expect(transport.calls).not.toContain("shutdown");
  });

  test("a whole refusal where it goes out in pieces", async () => {
    const transport = new ScriptedTransport();
    transport.takes.push(0, 5);
    const stream = WsStream.accept(transport, { onUpgrade: () => ({ status: 403, body: "no" }) });
    transport.deliver(utf8(headOf()));
    await rejection(stream, HandshakeError);
    transport.drain();
    expect(transport.calls).not.toContain("shutdown");
    transport.drain();
    expect(transport.calls).toContain("shutdown");
    expect(Buffer.from(transport.written).toString()).toEndWith("\r\n\r\nno");
    transport.end();
    transport.close(null);
  });

  test("a cut connection where the client sends on without end behind a refusal", async () => {
    const transport = new ScriptedTransport();
    transport.takes.push(0);
    transport.room = 0;
    const stream = WsStream.accept(transport);
    transport.deliver(utf8(headOf("GET * HTTP/1.1")));
    await rejection(stream, HandshakeError);
    transport.deliver(new Uint8Array(256 << 10));
    expect(transport.closed).toBe(false);
    transport.deliver(new Uint8Array(1));
    expect(transport.closed).toBe(true);
  });
});

describe("options", () => {
  test.each<[string, AcceptOptions]>([
    ["handshakeTimeout", { handshakeTimeout: 0 }],
    ["closeTimeout", { closeTimeout: -1 }],
    ["bufferCapacity", { bufferCapacity: 255 }],
    ["writeBufferCapacity", { writeBufferCapacity: 0 }],
    ["maxHeadSize", { maxHeadSize: 31 }],
    ["maxHeaders", { maxHeaders: 0 }],
    ["maxMessageSize", { maxMessageSize: 0 }],
  ])("a bad %s is the caller's fault, and leaves the transport alone", async (name, options) => {
    const [near, far] = memoryPair();
    const client = new RawClient(near);
    for (const wrong of [WsStream.accept(far, options), WsConnection.accept(far, {}, options)]) {
      const error = await rejection(wrong, UsageError);
      expect([error.code, error.message.includes(name)]).toEqual(["OPTION_OUT_OF_RANGE", true]);
    }
    expect(client.gone).toBe(false);
    far.terminate();
  });

  test("a subprotocol that is no token is the caller's fault, and so is a forged field", async () => {
    const [, far] = memoryPair();
    expect((await rejection(WsStream.accept(far, { protocols: ["a b"] }), UsageError)).code).toBe(
      "UPGRADE_DECISION_INVALID",
    );
    const { client, stream } = accepting({ headers: { A: "b\r\nC: d" } });
    client.send(headOf());
    expect((await rejection(stream, UsageError)).code).toBe("UPGRADE_DECISION_INVALID");
    far.terminate();
  });
});

describe("an accepted stream", () => {
  test("reads masked frames and sends unmasked ones", async () => {
    const { client, ws } = await accepted();
    client.send(HELLO);
    expect((await ws.recv())?.text()).toBe("Hello");
    ws.sendBinary(pattern(126));
    ws.cork(() => {
      ws.sendText("a");
      ws.sendText("b");
    });
    await until(() => client.lines.at(-1) === "text b");
    expect(client.lines).toEqual([expect.stringMatching(/^binary /), "text a", "text b"]);
    expect(ws.tryRecv()).toBeNull();
    ws.terminate();
  });

  test("answers pings, and does not where it is told so", async () => {
    const { client, ws } = await accepted();
    client.send(frameBytes({ opcode: 9, payload: utf8("here"), key: MASK }));
    await until(() => client.lines.length === 1);
    expect(client.lines).toEqual(["pong 68657265"]);
    ws.terminate();
    const quiet = await accepted({ autoPong: false });
    quiet.client.send(frameBytes({ opcode: 9, key: MASK }));
    expect((await quiet.ws.recv())?.kind).toBe("ping");
    expect(quiet.client.lines).toEqual([]);
    quiet.ws.terminate();
  });

  test.each<[why: string, frame: Uint8Array, code: string, closeCode: number]>([
    ["an unmasked frame", frameBytes({ opcode: 1, payload: utf8("Hello") }), "WS_UNMASKED_FRAME", 1002],
    ["an unmasked ping", frameBytes({ opcode: 9 }), "WS_UNMASKED_FRAME", 1002],
    [
      "a message over its limit",
      frameBytes({ opcode: 2, payload: pattern(1001), key: MASK }),
      "WS_MESSAGE_TOO_LARGE",
      1009,
    ],
    ["bad UTF-8", frameBytes({ opcode: 1, payload: Uint8Array.of(0xff), key: MASK }), "WS_INVALID_UTF8", 1007],
    ["a reserved bit", frameBytes({ opcode: 1, reserved: 0x40, key: MASK }), "WS_RESERVED_BITS", 1002],
  ])("refuses %s with its close code", async (_, frame, code, closeCode) => {
    const { client, ws } = await accepted({ maxMessageSize: 1000, maxFrameSize: 2000 });
    client.send(frame);
    expect(await readAll(ws)).toEqual([`error ${code}`]);
    await until(() => client.ended);
    expect(client.lines).toEqual([`close ${closeCode}`]);
    client.transport.shutdown();
    expect(await ws.closed).toEqual({ code: 1006, reason: "" });
  });

  test("closed by the client, ends the connection first (RFC 6455 section 7.1.1)", async () => {
    const { client, ws } = await accepted();
    client.send(frameBytes({ opcode: 8, payload: Uint8Array.of(0x0f, 0xa1, 0x68, 0x69), key: MASK }));
    expect(await readAll(ws)).toEqual(["close 4001 hi"]);
    await until(() => client.ended);
    expect(client.lines).toEqual(["close 4001"]);
    client.transport.shutdown();
    expect(await ws.closed).toEqual({ code: 4001, reason: "hi" });
  });

  test("closes, waits for the client's answer, and cuts it where none comes", async () => {
    const { client, ws } = await accepted({ closeTimeout: 50 });
    ws.close(1001, "restart");
    await until(() => client.lines.length === 1);
    expect(client.lines).toEqual(["close 1001 restart"]);
    expect(await readAll(ws)).toEqual(["error WS_CLOSE_TIMEOUT"]);
    await until(() => client.gone);
  });

  test("holds a client back that sends more than is read", async () => {
    const { client, ws } = await accepted({ bufferCapacity: 256 });
    let sent = 0;
    for (let full = false; !full && sent < 10_000; sent++) {
      full = client.transport.write(HELLO, 0, HELLO.length) < HELLO.length;
      await turn();
    }
    expect(sent).toBeLessThan(10_000);
    ws.terminate();
  });

  test("says where a client does not read, and when there is room again", async () => {
    const { client, ws } = await accepted({ highWaterMark: 1_000 }, headOf(), { capacity: 1_000 });
    client.transport.pause();
    let count = 0;
    while (ws.sendBinary(pattern(100))) count++;
    expect([count > 5, ws.bufferedAmount > 1_000]).toEqual([true, true]);
    const drained = ws.drained();
    expect(await isSettled(drained)).toBe(false);
    client.transport.resume();
    await drained;
    ws.terminate();
  });
});

test("the key that answers is that of RFC 6455", async () => {
  const { client, ws } = await accepted(
    {},
    headOf(GOOD_LINE, fieldsBut("Sec-WebSocket-Key", `Sec-WebSocket-Key: ${KEY}`)),
  );
  expect(client.accepted).toBe(true);
  ws.terminate();
});
