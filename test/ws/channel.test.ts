import { describe, expect, test } from "bun:test";
import { memoryPair } from "../../src/socket/memory-pair.ts";
import { WsClosedError } from "../../src/ws/errors.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { pattern, utf8 } from "../helpers/bytes.ts";
import { frameBytes } from "../helpers/frames.ts";
import { PeerServer } from "../helpers/peer-server.ts";
import { below, seededRandom } from "../helpers/random.ts";
import { WsPeer } from "../helpers/ws-peer.ts";
import { rejection } from "../socket/support.ts";
import { Diary, isSettled, readAll, streamPair, Wire } from "./support.ts";

/** Every way to send. */
const SENDS: [name: string, send: (ws: WsStream) => boolean, line: string][] = [
  ["sendText", (ws) => ws.sendText("é"), "text é"],
  ["sendBinary", (ws) => ws.sendBinary(Uint8Array.of(1)), "binary 01"],
  [
    "sendTextWith",
    (ws) => ws.sendTextWith(2, (bytes, offset) => bytes.fill(0x61, offset, offset + 2) && offset + 2),
    "text aa",
  ],
  [
    "sendBinaryWith",
    (ws) => ws.sendBinaryWith(2, (bytes, offset) => bytes.fill(7, offset, offset + 1) && offset + 1),
    "binary 07",
  ],
  ["sendPing", (ws) => ws.sendPing(utf8("?")), "ping 3f"],
  ["sendPing without payload", (ws) => ws.sendPing(), "ping"],
  ["sendPong", (ws) => ws.sendPong(utf8("!")), "pong 21"],
  ["sendPong without payload", (ws) => ws.sendPong(), "pong"],
];

describe("sending", () => {
  test("reaches the peer in order, whole and masked", async () => {
    using server = new PeerServer();
    const ws = await WsStream.connect(server.url);
    const peer = await server.peer();
    for (const [, send] of SENDS) expect(send(ws)).toBe(true);
    expect(await peer.messages(SENDS.length)).toEqual(SENDS.map(([, , line]) => line));
    expect(peer.failure).toBeNull();
    ws.terminate();
  });

  test.each(SENDS)("(%s) is refused once closing has begun, and once it is over", async (_, send) => {
    const refused = expect.objectContaining({ name: "WsClosedError", code: "WS_NOT_OPEN" });
    const wire = new Wire();
    const ws = await wire.stream();
    ws.close(1000);
    expect(() => send(ws)).toThrow(refused);
    expect(wire.sent()).toEqual(["close 1000"]);
    wire.transport.deliver(frameBytes({ opcode: 8 }));
    await ws.recv();
    expect(ws.state).toBe("answered");
    expect(() => send(ws)).toThrow(refused);
    ws.terminate();
    expect(() => send(ws)).toThrow(refused);
    expect(() => ws.cork(() => send(ws))).toThrow(refused);
    expect(ws.close(1000)).toBe(true);
  });

  test("refuses a control payload over 125 bytes, and sends nothing of it", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    const refused = expect.objectContaining({ name: "UsageError", code: "CONTROL_PAYLOAD_TOO_LONG" });
    expect(() => ws.sendPing(new Uint8Array(126))).toThrow(refused);
    expect(() => ws.sendPong(new Uint8Array(126))).toThrow(refused);
    ws.sendPing(new Uint8Array(125));
    expect(wire.sent()).toEqual([`ping ${"00".repeat(125)}`]);
    ws.terminate();
  });

  test("refuses to send or close within a writer", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    const refused = expect.objectContaining({ name: "UsageError", code: "SEND_WITHIN_WRITER" });
    ws.sendTextWith(10, (bytes, offset) => {
      for (const [, send] of SENDS) expect(() => send(ws)).toThrow(refused);
      expect(() => ws.close(1000)).toThrow(refused);
      bytes[offset] = 0x61;
      return offset + 1;
    });
    expect(wire.sent()).toEqual(["text a"]);
    expect(ws.state).toBe("open");
    ws.terminate();
  });

  test("corks what is sent into one write", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.writes.length = 0;
    ws.cork(() => {
      for (const [, send] of SENDS) send(ws);
    });
    expect(wire.transport.writes).toHaveLength(1);
    expect(wire.sent()).toEqual(SENDS.map(([, , line]) => line));
    ws.terminate();
  });

  test("takes the bytes of a binary message before it returns", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.room = 0;
    const bytes = Uint8Array.of(1, 2, 3);
    ws.sendBinary(bytes);
    bytes.fill(9);
    wire.transport.room = 100;
    wire.transport.drain();
    expect(wire.sent()).toEqual(["binary 010203"]);
    ws.terminate();
  });
});

describe("drained", () => {
  test("resolves at once where there is room", async () => {
    const { ws } = await streamPair();
    await ws.drained();
    ws.sendText("a");
    await ws.drained();
    ws.terminate();
  });

  test("waits until half of the high-water mark is free, for all who wait", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ highWaterMark: 100 });
    wire.transport.room = 0;
    expect(ws.sendBinary(new Uint8Array(200))).toBe(false);
    expect(ws.bufferedAmount).toBe(208);
    const waiting = Promise.all([ws.drained(), ws.drained()]);
    wire.transport.takes.push(150);
    wire.transport.drain();
    expect(ws.bufferedAmount).toBe(58);
    expect(await isSettled(waiting)).toBe(false);
    wire.transport.room = 100;
    wire.transport.drain();
    await waiting;
    expect(ws.bufferedAmount).toBe(0);
    ws.terminate();
  });

  test("waits anew each time, for streams and connections", async () => {
    for (const kind of ["stream", "connection"] as const) {
      const wire = new Wire();
      const ws =
        kind === "stream"
          ? await wire.stream({ highWaterMark: 10 })
          : await wire.connection(new Diary(), { highWaterMark: 10 });
      for (let round = 0; round < 3; round++) {
        wire.transport.room = 0;
        expect(ws.sendText("over the high-water mark")).toBe(false);
        const waiting = ws.drained();
        expect(await isSettled(waiting)).toBe(false);
        wire.transport.room = 100;
        wire.transport.drain();
        await waiting;
      }
      ws.terminate();
    }
  });

  test.each<[how: string, end: (wire: Wire, ws: WsStream) => void, code: string]>([
    ["terminate", (_, ws) => ws.terminate(), "WS_NOT_OPEN"],
    ["FIN", (wire) => wire.transport.end(), "WS_ABNORMAL_CLOSURE"],
    [
      "a reset",
      (wire) => wire.transport.close(Object.assign(new Error("reset"), { code: "CONNECTION_RESET" })),
      "CONNECTION_RESET",
    ],
    ["the close timeout", (_, ws) => void ws.close(1000), "WS_CLOSE_TIMEOUT"],
  ])("rejects where it ends by %s first", async (_, end, code) => {
    const wire = new Wire();
    const ws = await wire.stream({ highWaterMark: 10, closeTimeout: 20 });
    wire.transport.room = 0;
    ws.sendText("over the high-water mark");
    const waiting = rejection(ws.drained(), Error);
    end(wire, ws);
    expect(await waiting).toMatchObject({ code });
    expect((await rejection(ws.drained(), WsClosedError)).code).toBe("WS_NOT_OPEN");
  });

  test("settles after the peer's close frame, when its echo is out or the connection gone", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ highWaterMark: 10 });
    wire.transport.room = 0;
    ws.sendText("over the high-water mark");
    const waiting = ws.drained();
    wire.transport.deliver(frameBytes({ opcode: 8 }));
    expect((await ws.recv())?.kind).toBe("close");
    wire.transport.room = 100;
    wire.transport.drain();
    await waiting;
    ws.terminate();
  });
});

describe("closed", () => {
  test("is the same for who asks before, meanwhile and after", async () => {
    const { ws, peer } = await streamPair();
    const before = ws.closed;
    peer.close(4000, "why").end();
    const meanwhile = ws.closed;
    expect(await before).toEqual({ code: 4000, reason: "why" });
    expect(await meanwhile).toEqual({ code: 4000, reason: "why" });
    expect(await ws.closed).toEqual({ code: 4000, reason: "why" });
  });

  test("waits for the transport's end", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(frameBytes({ opcode: 8 }));
    wire.transport.end();
    expect(await isSettled(ws.closed)).toBe(false);
    wire.transport.close(null);
    expect(await ws.closed).toEqual({ code: 1005, reason: "" });
  });
});

describe("the ring's memory", () => {
  test.each<[how: string, end: (wire: Wire, ws: WsStream) => unknown]>([
    ["was told of an error", (wire) => wire.transport.close(null)],
    ["was terminated", (_, ws) => ws.terminate()],
    [
      "was read to its close message",
      async (wire, ws) => {
        wire.transport.deliver(frameBytes({ opcode: 8 }));
        expect((await readAll(ws)).at(-1)).toBe("close 1005");
      },
    ],
    [
      "was disposed of",
      (wire, ws) => {
        const gone = ws[Symbol.asyncDispose]();
        wire.transport.deliver(frameBytes({ opcode: 8 }));
        wire.transport.end();
        wire.transport.close(null);
        return gone;
      },
    ],
  ])("is given back once a stream %s", async (how, end) => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(frameBytes({ opcode: 2, payload: pattern(1000) }));
    const { ring } = ws["session"].reader;
    await ws.recv();
    expect(ring.bytes[10]).not.toBe(0);
    await end(wire, ws);
    if (!/disposed|close message/.test(how)) await rejection(ws.recv(), Error);
    // Plain memory goes with its last reference.
    if (ring.mirrored) expect(ring.bytes.subarray(0, 1000).every((byte) => byte === 0)).toBe(true);
  });

  test("is given back once a connection has closed, and not before the last handler returned", async () => {
    const wire = new Wire();
    const diary = new Diary();
    const ws = await wire.connection(diary);
    const { ring } = ws["session"].reader;
    let seen = 0;
    diary.onEntry = (connection, entry) => {
      if (entry.startsWith("message")) connection.terminate();
      seen = ring.bytes[10] ?? 0;
    };
    wire.transport.deliver(frameBytes({ opcode: 2, payload: pattern(1000) }));
    expect(diary.entries.at(-1)).toBe("close 1006");
    expect(seen).not.toBe(0);
    if (ring.mirrored) expect(ring.bytes.subarray(0, 1000).every((byte) => byte === 0)).toBe(true);
  });
});

describe("a slow peer", () => {
  /** Sends messages of many sizes and waits for room where it is told to; the peer must see the same. */
  async function sendMany(ws: WsStream, sizes: readonly number[]): Promise<{ refusals: number; sums: bigint[] }> {
    let refusals = 0;
    const sums: bigint[] = [];
    for (const [at, size] of sizes.entries()) {
      const bytes = pattern(size);
      bytes[0] = at;
      sums.push(BigInt(Bun.hash(bytes)));
      if (ws.sendBinary(bytes)) continue;
      refusals++;
      expect(ws.bufferedAmount).toBeGreaterThan(0);
      await ws.drained();
    }
    return { refusals, sums };
  }

  const sumsOf = (peer: WsPeer): bigint[] =>
    peer.received.map((message) => BigInt(Bun.hash(message.kind === "binary" ? message.bytes : new Uint8Array(0))));

  test("over a pair in memory that takes little gets all, in order", async () => {
    const random = seededRandom(1);
    const sizes = Array.from({ length: 300 }, () =>
      below(random, 10) === 0 ? 1 + below(random, 20_000) : 1 + below(random, 300),
    );
    for (const pair of [{ capacity: 100 }, { capacity: 1000, writeSize: 7 }, { capacity: 64, chunkSize: 1 }]) {
      const few = sizes.slice(0, pair.chunkSize === 1 ? 40 : sizes.length);
      const [client, server] = memoryPair(pair);
      const peer = new WsPeer(server);
      const ws = await WsStream.connectWith(client, "ws://h/", { writeBufferCapacity: 512, highWaterMark: 2000 });
      const { refusals, sums } = await sendMany(ws, few);
      await peer.messages(few.length);
      expect(refusals).toBeGreaterThan(0);
      expect(sumsOf(peer)).toEqual(sums);
      ws.terminate();
    }
  });

  test("over a real socket that stalls gets all, in order", async () => {
    using server = new PeerServer();
    const ws = await WsStream.connect(server.url, { writeBufferCapacity: 4096, highWaterMark: 65_536 });
    const peer = await server.peer();
    const random = seededRandom(2);
    const sizes = Array.from({ length: 600 }, () =>
      below(random, 8) === 0 ? 1 + below(random, 400_000) : 1 + below(random, 3000),
    );
    peer.stall();
    const sending = sendMany(ws, sizes);
    await Bun.sleep(50);
    // The kernel's buffers are full, and the program waits.
    expect(ws.bufferedAmount).toBeGreaterThan(0);
    peer.proceed();
    const { refusals, sums } = await sending;
    await peer.messages(sizes.length);
    expect(refusals).toBeGreaterThan(0);
    expect(sumsOf(peer)).toEqual(sums);
    ws.terminate();
  });

  test("gets one message that is larger than every buffer", async () => {
    using server = new PeerServer();
    const ws = await WsStream.connect(server.url);
    const peer = await server.peer();
    peer.stall();
    const text = "0123456789abcdef".repeat(1 << 19);
    expect(ws.sendText(text)).toBe(false);
    ws.sendText("after");
    peer.proceed();
    await ws.drained();
    await peer.messages(2);
    expect(peer.received[0]?.kind === "text" && peer.received[0].text === text).toBe(true);
    expect(peer.lines[1]).toBe("text after");
    ws.terminate();
  });
});
