import { describe, expect, test } from "bun:test";
import { TransportError } from "../../src/socket/errors.ts";
import type { WsStream } from "../../src/ws/stream.ts";
import { hex, joined, pattern, utf8 } from "../helpers/bytes.ts";
import { fragments, frameBytes } from "../helpers/frames.ts";
import type { ScriptedTransport } from "../helpers/scripted-transport.ts";
import { turn } from "../helpers/wait.ts";
import { lineOf } from "../helpers/ws-peer.ts";
import { rejection } from "../socket/support.ts";
import { connectionPair, Diary, isSettled, nameOf, readAll, streamPair, Wire } from "./support.ts";

const text = (value: string): Uint8Array => frameBytes({ opcode: 1, payload: utf8(value) });
const ping = (value: string): Uint8Array => frameBytes({ opcode: 9, payload: utf8(value) });
const close = (code: number, reason = ""): Uint8Array =>
  frameBytes({ opcode: 8, payload: joined([Uint8Array.of(code >> 8, code & 255), utf8(reason)]) });
const pongLine = (value: string): string => `pong ${Buffer.from(value).toString("hex")}`.trimEnd();

describe("a ping", () => {
  test("is answered with its payload as it is read, and delivered", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    for (const payload of ["", "p", "x".repeat(125)]) {
      wire.transport.takeWritten();
      const message = ws.recv();
      wire.transport.deliver(ping(payload));
      expect(wire.sent()).toEqual([pongLine(payload)]);
      expect((await message)?.kind).toBe("ping");
    }
    ws.terminate();
  });

  test("is answered within the chunk that brings it to a connection, in order with what handlers send", async () => {
    const wire = new Wire();
    const diary = new Diary();
    const ws = await wire.connection(diary);
    diary.onEntry = (_, entry) => void ws.sendText(entry);
    wire.transport.deliver(joined([text("a"), ping("1"), text("b")]));
    expect(wire.sent()).toEqual([
      "text message text a",
      pongLine("1"),
      "text message ping 31",
      "text message text b",
      "text batch 3",
    ]);
    diary.onEntry = () => {};
    ws.terminate();
  });

  test("is answered though nobody reads, once", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(joined([text("unread"), ping("1"), text("unread, too"), ping("2")]));
    await turn();
    expect(wire.sent()).toEqual([pongLine("1"), pongLine("2")]);
    wire.transport.deliver(ping("3"));
    await turn();
    expect(wire.sent()).toEqual([pongLine("1"), pongLine("2"), pongLine("3")]);
    const read = Array.from({ length: 5 }, () => ws.tryRecv()?.kind);
    expect(read).toEqual(["text", "ping", "text", "ping", "ping"]);
    expect(wire.sent()).toHaveLength(3);
    ws.terminate();
  });

  test("is answered behind a program that reads one message and no more", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    const first = ws.recv();
    wire.transport.deliver(joined([text("a"), text("b"), ping("1")]));
    expect((await first)?.text()).toBe("a");
    await turn();
    expect(wire.sent()).toEqual([pongLine("1")]);
    ws.terminate();
  });

  test("is answered while a connection is paused, once", async () => {
    const wire = new Wire();
    const diary = new Diary();
    const ws = await wire.connection(diary);
    ws.pause();
    wire.transport.deliver(joined([text("a"), ping("1")]));
    await turn();
    expect(wire.sent()).toEqual([pongLine("1")]);
    expect(diary.entries).toEqual([]);
    ws.resume();
    await turn();
    expect(diary.entries).toEqual(["message text a", "message ping 31", "batch 2"]);
    expect(wire.sent()).toEqual([pongLine("1")]);
    ws.terminate();
  });

  test("in pieces is answered once, wherever it is cut and whoever has begun to read it", async () => {
    const stream = joined([text("a"), text("b"), ping("abcdef"), text("c")]);
    for (let cut = 1; cut < stream.length; cut++) {
      for (const reads of [0, 1, 2, 3, 9]) {
        const wire = new Wire();
        const ws = await wire.stream();
        const waiting = reads > 0 ? ws.recv() : null;
        wire.transport.deliver(stream.slice(0, cut));
        for (let count = 1; count < reads; count++) ws.tryRecv();
        await turn();
        wire.transport.deliver(stream.slice(cut));
        await turn();
        for (let count = 0; count < 5; count++) ws.tryRecv();
        expect(wire.sent(), `cut at ${cut}, ${reads} read`).toEqual([pongLine("abcdef")]);
        waiting?.catch(() => {});
        ws.terminate();
      }
    }
  });

  test("between the fragments of a message is answered, read or not", async () => {
    const [first = hex(""), second = hex(""), third = hex("")] = fragments(1, [utf8("a"), utf8("b"), utf8("c")]);
    const stream = joined([first, ping("1"), second, ping("2"), third, ping("3")]);
    for (const reading of [true, false]) {
      const wire = new Wire();
      const ws = await wire.stream();
      const message = reading ? ws.recv() : null;
      for (const byte of stream) wire.transport.deliver(Uint8Array.of(byte));
      await turn();
      expect(wire.sent()).toEqual(["1", "2", "3"].map(pongLine));
      expect((await message)?.kind).toBe(reading ? "ping" : undefined);
      ws.terminate();
    }
  });

  test("behind a large message that nobody reads is answered once there is room to see it", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ bufferCapacity: 4096 });
    wire.transport.deliver(joined([frameBytes({ opcode: 2, payload: pattern(20_000) }), ping("late")]));
    await turn();
    expect((await ws.recv())?.length).toBe(20_000);
    expect((await ws.recv())?.kind).toBe("ping");
    expect(wire.sent()).toEqual([pongLine("late")]);
    ws.terminate();
  });

  test("is not answered with autoPong off, nor once closing has begun", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ autoPong: false });
    wire.transport.deliver(ping("1"));
    await turn();
    expect((await ws.recv())?.kind).toBe("ping");
    expect(wire.sent()).toEqual([]);
    ws.sendPong(utf8("mine"));
    expect(wire.sent()).toEqual([pongLine("mine")]);
    ws.terminate();

    const closing = new Wire();
    const stream = await closing.stream();
    stream.close(1000);
    closing.transport.deliver(ping("2"));
    expect((await stream.recv())?.kind).toBe("ping");
    expect(closing.sent()).toEqual(["close 1000"]);
    stream.terminate();
  });

  test("by a peer that floods and does not read costs at most the high-water mark, and the latest is answered", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ highWaterMark: 1000 });
    wire.transport.room = 0;
    for (let count = 0; count < 5000; count++) {
      wire.transport.deliver(ping(`${count}`));
      ws.tryRecv();
    }
    expect(ws.bufferedAmount).toBeLessThan(1000 + 131);
    wire.transport.room = Number.POSITIVE_INFINITY;
    wire.transport.drain();
    expect(wire.sent().at(-1)).toBe(pongLine("4999"));
    expect(wire.sent().length).toBeLessThan(200);
    wire.transport.deliver(ping("next"));
    ws.tryRecv();
    expect(wire.sent().at(-1)).toBe(pongLine("next"));
    // What was owed was paid once.
    wire.transport.room = 0;
    ws.sendText("x".repeat(2000));
    wire.transport.room = Number.POSITIVE_INFINITY;
    wire.transport.drain();
    expect(wire.sent().filter((line) => line === pongLine("4999"))).toHaveLength(1);
    ws.terminate();
  });

  test("is still answered after a cork that said false", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ highWaterMark: 10 });
    ws.cork(() => ws.sendText("much more than ten bytes"));
    wire.transport.deliver(ping("1"));
    ws.tryRecv();
    expect(wire.sent()).toEqual(["text much more than ten bytes", pongLine("1")]);
    ws.terminate();
  });
});

describe("the closing handshake", () => {
  test("of ours: our frame, theirs, their FIN, ours", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    expect(ws.close(3001, "done")).toBe(true);
    expect(ws.state).toBe("closing");
    expect(wire.sent()).toEqual(["close 3001 done"]);
    wire.transport.deliver(joined([text("late"), close(3001)]));
    expect(await Promise.all([ws.recv(), 0])).toMatchObject([{ kind: "text" }, 0]);
    expect((await ws.recv())?.closeCode).toBe(3001);
    expect(ws.state).toBe("answered");
    expect(wire.transport.calls).toEqual([]);
    wire.transport.end();
    expect(wire.transport.calls).toEqual(["shutdown"]);
    wire.transport.close(null);
    expect(await ws.closed).toEqual({ code: 3001, reason: "" });
    expect(ws.state).toBe("ended");
    expect(wire.sent()).toHaveLength(1);
  });

  test("of theirs: the echo goes out at once, with their code and without their reason", async () => {
    for (const [code, echo] of [
      [1000, "close 1000"],
      [1001, "close 1001"],
      [4999, "close 4999"],
      [1005, "close 1005"],
    ] as const) {
      const wire = new Wire();
      const ws = await wire.stream();
      const message = ws.recv();
      wire.transport.deliver(code === 1005 ? frameBytes({ opcode: 8 }) : close(code, "their reason"));
      expect(wire.sent()).toEqual([echo]);
      expect((await message)?.toOwned()).toEqual({ kind: "close", code, reason: code === 1005 ? "" : "their reason" });
      expect(await ws.recv()).toBeNull();
      expect(ws.state).toBe("answered");
      wire.transport.end();
      wire.transport.close(null);
      expect(await ws.closed).toEqual({ code, reason: code === 1005 ? "" : "their reason" });
    }
  });

  test("of both at once sends one frame each", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    ws.close(1000);
    wire.transport.deliver(close(1001, "going"));
    expect(await readAll(ws)).toEqual(["close 1001 going"]);
    expect(wire.sent()).toEqual(["close 1000"]);
    wire.transport.end();
    expect(wire.transport.calls).toEqual(["shutdown"]);
    wire.transport.close(null);
    expect(await ws.closed).toEqual({ code: 1001, reason: "going" });
  });

  test("is answered though nobody reads, and what is unread stays to be read", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(joined([text("one"), text("two"), close(1000)]));
    await turn();
    expect(wire.sent()).toEqual(["close 1000"]);
    wire.transport.end();
    expect(wire.transport.calls).toEqual(["shutdown"]);
    wire.transport.close(null);
    expect(await ws.closed).toEqual({ code: 1000, reason: "" });
    expect(await readAll(ws)).toEqual(["text one", "text two", "close 1000"]);
    expect(wire.sent()).toHaveLength(1);
  });

  test("is answered at once where the FIN comes along, read or not", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(joined([text("unread"), close(1000)]));
    wire.transport.end();
    expect(wire.sent()).toEqual(["close 1000"]);
    expect(wire.transport.calls).toEqual(["shutdown"]);
    ws.terminate();
  });

  test("is answered behind more than the ring holds, once it is reached, though the FIN has come", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ bufferCapacity: 4096 });
    const frames = Array.from({ length: 100 }, (_, at) => text(`${at}`.padEnd(100)));
    wire.transport.deliver(joined([...frames, close(1000)]));
    wire.transport.end();
    await turn();
    expect(wire.sent()).toEqual([]);
    expect(await readAll(ws)).toHaveLength(101);
    expect(wire.sent()).toEqual(["close 1000"]);
    expect(wire.transport.calls).toEqual(["shutdown"]);
    wire.transport.close(null);
    expect(await ws.closed).toEqual({ code: 1000, reason: "" });
  });

  test("is told to a connection that pauses behind it, whatever follows it", async () => {
    const wire = new Wire();
    const diary = new Diary();
    const ws = await wire.connection(diary);
    wire.transport.deliver(joined([text("a"), close(1000), text("after")]));
    ws.pause();
    wire.transport.end();
    wire.transport.close(null);
    expect(diary.entries).toEqual(["message text a", "batch 1", "close 1000"]);
  });

  test("whose frame comes in two pieces is answered once", async () => {
    const frame = close(1000, "in pieces");
    for (let cut = 1; cut < frame.length; cut++) {
      for (const reads of [false, true]) {
        const wire = new Wire();
        const ws = await wire.stream();
        wire.transport.deliver(joined([text("a"), frame.slice(0, cut)]));
        if (reads) expect([ws.tryRecv()?.kind, ws.tryRecv()]).toEqual(["text", null]);
        await turn();
        wire.transport.deliver(frame.slice(cut));
        await turn();
        expect(wire.sent(), `cut at ${cut}`).toEqual(["close 1000"]);
        expect(await readAll(ws)).toEqual([...(reads ? [] : ["text a"]), "close 1000 in pieces"]);
        wire.transport.end();
        wire.transport.close(null);
        expect(await ws.closed).toEqual({ code: 1000, reason: "in pieces" });
      }
    }
  });

  test("waits for what was sent before: the echo and the FIN come last", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.room = 0;
    ws.sendText("before");
    wire.transport.deliver(close(1000));
    expect((await ws.recv())?.kind).toBe("close");
    wire.transport.end();
    expect(wire.transport.calls).toEqual([]);
    expect(await ws.recv()).toBeNull();
    wire.transport.room = 4;
    while (ws.bufferedAmount > 0) wire.transport.drain();
    expect(wire.sent()).toEqual(["text before", "close 1000"]);
    expect(wire.transport.calls).toEqual(["shutdown"]);
    wire.transport.close(null);
    await ws.closed;
  });

  test("takes no second close, and checks the first", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5]) {
      expect(() => ws.close(code)).toThrow(expect.objectContaining({ code: "CLOSE_CODE_INVALID" }));
    }
    expect(() => ws.close(undefined, "a reason without a code")).toThrow(
      expect.objectContaining({ code: "CLOSE_CODE_INVALID" }),
    );
    expect(() => ws.close(1000, "é".repeat(62))).toThrow(expect.objectContaining({ code: "CONTROL_PAYLOAD_TOO_LONG" }));
    expect(ws.state).toBe("open");
    ws.sendText("still open");
    ws.close(1000, "é".repeat(61));
    ws.close(4000, "again");
    ws.close(999);
    expect(wire.sent()).toEqual(["text still open", `close 1000 ${"é".repeat(61)}`]);
    ws.terminate();
  });

  test("without a code sends an empty frame", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    ws.close();
    expect(wire.sent()).toEqual(["close 1005"]);
    ws.terminate();
  });

  test("begun in a cork goes out with it", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    ws.cork(() => {
      ws.sendText("last words");
      ws.close(1000);
      expect(() => ws.sendText("too late")).toThrow(expect.objectContaining({ code: "WS_NOT_OPEN" }));
    });
    expect(wire.transport.writes).toHaveLength(1);
    expect(wire.sent()).toEqual(["text last words", "close 1000"]);
    ws.terminate();
  });

  test("is over after closeTimeout where the peer sends no close frame", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ closeTimeout: 20 });
    ws.close(1000);
    wire.transport.deliver(text("late"));
    expect(await readAll(ws)).toEqual(["text late", "error WS_CLOSE_TIMEOUT"]);
    expect(wire.transport.calls).toEqual(["terminate"]);
    expect(await ws.closed).toEqual({ code: 1006, reason: "" });
  });

  test("is over after closeTimeout where the peer answers and does not end the connection: that is no error", async () => {
    for (const ours of [true, false]) {
      const wire = new Wire();
      const ws = await wire.stream({ closeTimeout: 20 });
      if (ours) ws.close(1000);
      wire.transport.deliver(close(1000));
      expect(await readAll(ws)).toEqual(["close 1000"]);
      expect(await ws.closed).toEqual({ code: 1000, reason: "" });
      expect(wire.transport.calls).toEqual(["terminate"]);
    }
  });

  test("is over after closeTimeout where the peer takes nothing", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ closeTimeout: 20 });
    wire.transport.room = 0;
    ws.sendText("stuck");
    wire.transport.deliver(close(1000));
    wire.transport.end();
    expect(await readAll(ws)).toEqual(["close 1000"]);
    await ws.closed;
    expect(wire.transport.calls).toEqual(["terminate"]);
  });

  test("that ends with FIN in place of a close frame is abnormal", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    ws.close(1000);
    wire.transport.end();
    expect(await readAll(ws)).toEqual(["error WS_ABNORMAL_CLOSURE"]);
    expect(await ws.closed).toEqual({ code: 1006, reason: "" });
  });

  test("ignores what follows the peer's close frame", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(joined([close(1000), text("after"), ping("after"), close(1001)]));
    wire.transport.deliver(text("later"));
    expect(await readAll(ws)).toEqual(["close 1000"]);
    expect(wire.sent()).toEqual(["close 1000"]);
    wire.transport.end();
    wire.transport.close(null);
    expect(await ws.closed).toEqual({ code: 1000, reason: "" });
  });
});

describe("a fault of the peer", () => {
  const faults: [why: string, code: string, sent: number, bytes: Uint8Array][] = [
    ["bad UTF-8", "WS_INVALID_UTF8", 1007, frameBytes({ opcode: 1, payload: hex("c328") })],
    [
      "bad UTF-8 in a first fragment",
      "WS_INVALID_UTF8",
      1007,
      frameBytes({ opcode: 1, payload: hex("ff"), fin: false }),
    ],
    ["bad UTF-8 in a close reason", "WS_INVALID_UTF8", 1007, frameBytes({ opcode: 8, payload: hex("03e8ff") })],
    ["a frame over maxFrameSize", "WS_FRAME_TOO_LARGE", 1009, frameBytes({ opcode: 2, announced: 1001n })],
    [
      "a message over maxMessageSize",
      "WS_MESSAGE_TOO_LARGE",
      1009,
      joined(
        fragments(
          2,
          [1, 2, 3].map(() => pattern(900)),
        ),
      ),
    ],
    ["a reserved bit", "WS_RESERVED_BITS", 1002, frameBytes({ opcode: 1, reserved: 0x40 })],
    ["a reserved opcode", "WS_RESERVED_OPCODE", 1002, frameBytes({ opcode: 11 })],
    ["a masked frame", "WS_MASKED_FRAME", 1002, frameBytes({ opcode: 1, key: hex("01020304") })],
    ["a fragmented ping", "WS_CONTROL_FRAGMENTED", 1002, frameBytes({ opcode: 9, fin: false })],
    ["a long ping", "WS_CONTROL_TOO_LONG", 1002, frameBytes({ opcode: 9, payload: pattern(126) })],
    ["a continuation of nothing", "WS_CONTINUATION_UNEXPECTED", 1002, frameBytes({ opcode: 0 })],
    ["a close code that must not be sent", "WS_CLOSE_CODE", 1002, close(1006)],
    ["a close frame of one byte", "WS_CLOSE_PAYLOAD", 1002, frameBytes({ opcode: 8, payload: hex("03") })],
    [
      "a length that is not minimal",
      "WS_LENGTH_NOT_MINIMAL",
      1002,
      frameBytes({ opcode: 2, payload: pattern(5), lengthBytes: 2 }),
    ],
    [
      "a length over 2^63",
      "WS_LENGTH_TOO_LARGE",
      1002,
      frameBytes({ opcode: 2, announced: 1n << 63n, lengthBytes: 8 }),
    ],
  ];
  const limits = { maxFrameSize: 1000, maxMessageSize: 2000 };

  test.each(faults)(
    "(%s) ends a stream with its error, after what came before, and is told to the peer",
    async (_, code, sent, bytes) => {
      for (const pending of [true, false]) {
        const wire = new Wire();
        const ws = await wire.stream(limits);
        const first = pending ? ws.recv() : null;
        wire.transport.deliver(joined([text("before"), bytes, text("after")]));
        expect((await (first ?? ws.recv()))?.text()).toBe("before");
        expect(await rejection(ws.recv(), Error)).toMatchObject({
          name: "ProtocolError",
          code,
          closeCode: sent,
          fault: "peer",
        });
        expect(await ws.recv()).toBeNull();
        expect(wire.sent()).toEqual([`close ${sent}`]);
        expect(ws.state).toBe("failed");
        expect(() => ws.sendText("x")).toThrow(expect.objectContaining({ code: "WS_NOT_OPEN" }));
        expect(wire.transport.calls).toEqual(["shutdown"]);
        wire.transport.deliver(text("ignored"));
        wire.transport.end();
        wire.transport.close(null);
        expect(await ws.closed).toEqual({ code: 1006, reason: "" });
        expect(await ws.recv()).toBeNull();
      }
    },
  );

  test.each(faults)("(%s) is one error and one close for a connection", async (_, code, sent, bytes) => {
    const wire = new Wire();
    const diary = new Diary();
    const ws = await wire.connection(diary, limits);
    wire.transport.deliver(joined([text("before"), bytes, text("after")]));
    wire.transport.deliver(text("ignored"));
    wire.transport.end();
    wire.transport.close(null);
    expect(diary.entries).toEqual(["message text before", "batch 1", `error ${code}`, "close 1006"]);
    expect(wire.sent()).toEqual([`close ${sent}`]);
    await ws.closed;
  });

  test("is found when a recv waits in the middle of the frame", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    const message = rejection(ws.recv(), Error);
    wire.transport.deliver(frameBytes({ opcode: 1, payload: utf8("long text"), announced: 1000n }));
    expect(await isSettled(message)).toBe(false);
    wire.transport.deliver(hex("ff"));
    expect(await message).toMatchObject({ code: "WS_INVALID_UTF8" });
    ws.terminate();
  });

  test("while closing sends no second close frame", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    ws.close(1000);
    wire.transport.deliver(frameBytes({ opcode: 3 }));
    expect(await readAll(ws)).toEqual(["error WS_RESERVED_OPCODE"]);
    expect(wire.sent()).toEqual(["close 1000"]);
    wire.transport.close(null);
    expect(await ws.closed).toEqual({ code: 1006, reason: "" });
  });

  test("leaves the peer closeTimeout to end the connection", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ closeTimeout: 20 });
    wire.transport.deliver(frameBytes({ opcode: 3 }));
    expect(await readAll(ws)).toEqual(["error WS_RESERVED_OPCODE"]);
    await ws.closed;
    expect(wire.transport.calls).toEqual(["shutdown", "terminate"]);
  });

  test("is told behind what waits to be sent", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.room = 0;
    ws.sendText("before");
    wire.transport.deliver(frameBytes({ opcode: 3 }));
    expect(await readAll(ws)).toEqual(["error WS_RESERVED_OPCODE"]);
    expect(wire.transport.calls).toEqual([]);
    wire.transport.room = 100;
    wire.transport.drain();
    expect(wire.sent()).toEqual(["text before", "close 1002"]);
    expect(wire.transport.calls).toEqual(["shutdown"]);
    ws.terminate();
  });

  test("behind a close frame that was answered ahead is still an error", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(joined([frameBytes({ opcode: 1, payload: hex("ff") }), close(1000)]));
    await turn();
    expect(wire.sent()).toEqual(["close 1000"]);
    expect(await readAll(ws)).toEqual(["error WS_INVALID_UTF8"]);
    wire.transport.end();
    wire.transport.close(null);
    await ws.closed;
    expect(wire.sent()).toEqual(["close 1000"]);
  });

  test("in a close frame that nobody reads is not echoed", async () => {
    for (const frame of [
      close(1006),
      frameBytes({ opcode: 8, payload: hex("03") }),
      frameBytes({ opcode: 8, payload: hex("03e8ff") }),
    ]) {
      const wire = new Wire();
      const ws = await wire.stream();
      wire.transport.deliver(joined([text("unread"), frame]));
      await turn();
      expect(wire.sent()).toEqual([]);
      expect(ws.state).toBe("open");
      expect((await readAll(ws))[0]).toBe("text unread");
      expect(wire.sent()[0]).toMatch(/^close 100[27]$/);
      ws.terminate();
    }
  });
});

describe("the peer's FIN without a close frame", () => {
  test.each<[where: string, unread: Uint8Array, said: RegExp]>([
    ["between two messages", text("before"), /between two frames/],
    ["within a header", joined([text("before"), hex("81")]), /within a frame/],
    ["within a payload", joined([text("before"), hex("8105616263")]), /2 bytes before the end of a frame/],
    [
      "within a large payload",
      joined([text("before"), frameBytes({ opcode: 2, payload: pattern(50_000) }).slice(0, 40_004)]),
      /10000 bytes before the end of a frame/,
    ],
    ["within a ping", joined([text("before"), hex("890561")]), /within a frame/],
    [
      "between two fragments",
      joined([text("before"), frameBytes({ opcode: 1, payload: utf8("x"), fin: false })]),
      /between two frames/,
    ],
  ])("%s is an abnormal closure that says where", async (_, unread, said) => {
    for (const pending of [true, false]) {
      const wire = new Wire();
      const ws = await wire.stream({ bufferCapacity: 4096 });
      const first = pending ? ws.recv() : null;
      wire.transport.deliver(unread);
      if (pending) expect((await first)?.text()).toBe("before");
      const second = pending ? rejection(ws.recv(), Error) : null;
      wire.transport.end();
      if (!pending) expect((await ws.recv())?.text()).toBe("before");
      const error = await (second ?? rejection(ws.recv(), Error));
      expect(error).toMatchObject({ name: "WsClosedError", code: "WS_ABNORMAL_CLOSURE" });
      expect(error.message).toMatch(said);
      expect(await ws.recv()).toBeNull();
      expect(wire.transport.calls.at(-1)).toBe("terminate");
      expect(await ws.closed).toEqual({ code: 1006, reason: "" });
    }
  });

  test("ends at once where nobody reads and nothing is unread", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.end();
    expect(ws.state).toBe("ended");
    expect(await ws.closed).toEqual({ code: 1006, reason: "" });
    expect(await readAll(ws)).toEqual(["error WS_ABNORMAL_CLOSURE"]);
  });

  test("cuts after closeTimeout where nobody reads, and leaves what is unread to be read", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ closeTimeout: 20 });
    wire.transport.deliver(joined([text("one"), text("two")]));
    wire.transport.end();
    expect(ws.state).toBe("open");
    expect(await ws.closed).toEqual({ code: 1006, reason: "" });
    expect(wire.transport.calls).toEqual(["terminate"]);
    expect(await readAll(ws)).toEqual(["text one", "text two", "error WS_ABNORMAL_CLOSURE"]);
  });

  test("ends a paused connection, too", async () => {
    const wire = new Wire();
    const diary = new Diary();
    const ws = await wire.connection(diary);
    ws.pause();
    wire.transport.end();
    expect(diary.entries).toEqual(["error WS_ABNORMAL_CLOSURE", "close 1006"]);
    await ws.closed;
  });
});

describe("the transport's end", () => {
  const reset = Object.assign(new Error("reset"), { code: "CONNECTION_RESET" });

  test("by a fault rejects a recv that waits, or the next one, after what is unread", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    const message = rejection(ws.recv(), Error);
    wire.transport.close(reset);
    expect(await message).toBe(reset);
    expect(await ws.recv()).toBeNull();

    const unread = new Wire();
    const later = await unread.stream();
    unread.transport.deliver(joined([text("one"), ping("x"), text("two"), hex("8105")]));
    unread.transport.close(reset);
    expect(await later.closed).toEqual({ code: 1006, reason: "" });
    expect(await readAll(later)).toEqual(["text one", "ping 78", "text two", "error CONNECTION_RESET"]);
  });

  test("drops what waits to be sent", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.room = 0;
    ws.sendText("stuck");
    wire.transport.close(reset);
    expect(ws.bufferedAmount).toBe(0);
  });

  test("before a fault of the peer was read leaves nothing to be done for it", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ closeTimeout: 10 });
    wire.transport.deliver(joined([text("unread"), frameBytes({ opcode: 3 })]));
    wire.transport.close(reset);
    expect(await readAll(ws)).toEqual(["text unread", "error WS_RESERVED_OPCODE"]);
    await Bun.sleep(30);
    expect(wire.transport.calls).toEqual([]);
    expect(wire.sent()).toEqual([]);
  });

  test("by a fault behind the peer's close frame is no error", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(joined([text("one"), close(1001, "restart")]));
    wire.transport.close(reset);
    expect(await ws.closed).toEqual({ code: 1001, reason: "restart" });
    expect(await readAll(ws)).toEqual(["text one", "close 1001 restart"]);
  });

  test("without a fault and without FIN is an abnormal closure", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.close(null);
    expect(await readAll(ws)).toEqual(["error WS_ABNORMAL_CLOSURE"]);
  });

  test("in order stops the close timeout", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ closeTimeout: 10 });
    ws.close(1000);
    wire.transport.deliver(close(1000));
    wire.transport.end();
    wire.transport.close(null);
    await Bun.sleep(30);
    expect(wire.transport.calls).toEqual(["shutdown"]);
    expect(ws.state).toBe("ended");
  });
});

describe("a transport that goes down within a write", () => {
  const broken = Object.assign(new Error("broken"), { code: "CONNECTION_RESET" });

  /** From here on the first write finds the connection gone. */
  function breakOnWrite({ transport }: Wire): void {
    transport.write = () => {
      transport.close(broken);
      return -1;
    };
  }

  test.each<[how: string, act: (wire: Wire, ws: WsStream) => void]>([
    ["sendText", (_, ws) => void ws.sendText("x")],
    ["a large sendBinary", (_, ws) => void ws.sendBinary(new Uint8Array(1 << 20))],
    ["cork", (_, ws) => void ws.cork(() => ws.sendPing())],
    ["close", (_, ws) => void ws.close(1000)],
    [
      "a pong",
      (wire, ws) => {
        wire.transport.deliver(ping("1"));
        while (ws.tryRecv() !== null);
      },
    ],
    ["the echo of a drain", (wire) => wire.transport.drain()],
  ])("of %s ends the stream once, and throws nothing", async (how, act) => {
    const wire = new Wire();
    const ws = await wire.stream({ highWaterMark: 10 });
    let room = Promise.resolve<unknown>("none");
    if (how.endsWith("drain")) {
      wire.transport.room = 0;
      ws.sendText("over the high-water mark");
      room = ws.drained().catch(nameOf);
    }
    wire.transport.deliver(text("unread"));
    breakOnWrite(wire);
    act(wire, ws);
    expect(ws.state).toBe("ended");
    expect(ws.bufferedAmount).toBe(0);
    expect(await room).toBe(how.endsWith("drain") ? "WS_NOT_OPEN" : "none");
    expect(await ws.closed).toEqual({ code: 1006, reason: "" });
    const lines = await readAll(ws);
    expect(lines.at(-1)).toBe("error CONNECTION_RESET");
  });

  test.each(["message", "batch"])(
    "from a connection's %s handler delivers the rest, then error and close",
    async (when) => {
      const wire = new Wire();
      const diary = new Diary();
      const ws = await wire.connection(diary);
      breakOnWrite(wire);
      diary.onEntry = (connection, entry) => {
        if (entry.startsWith(when) && connection.state === "open") connection.sendText("x");
      };
      wire.transport.deliver(joined([text("a"), text("b")]));
      expect(diary.entries).toEqual([
        "message text a",
        "message text b",
        "batch 2",
        "error CONNECTION_RESET",
        "close 1006",
      ]);
      expect(ws.state).toBe("ended");
    },
  );
});

test("both ends speak over a pair in memory", async () => {
  const { ws, peer } = await streamPair();
  ws.sendText("to the peer");
  expect(await peer.messages(1)).toEqual(["text to the peer"]);
  peer.text("to the client").close(1000, "bye");
  peer.end();
  expect(await readAll(ws)).toEqual(["text to the client", "close 1000 bye"]);
  expect(await ws.closed).toEqual({ code: 1000, reason: "bye" });
  await peer.until(({ gone }) => gone);
  expect(peer.closeError).toBeNull();

  const { ws: connection, peer: other, diary } = await connectionPair();
  connection.close(1000);
  await other.until(({ gone }) => gone);
  expect(diary.entries).toEqual(["close 1000"]);
});

describe("what a transport tells within a write is met once that has returned:", () => {
  /** The next write does this before it returns how much it took, at most `taken`. */
  function during(wire: ScriptedTransport, act: () => void, taken = Number.POSITIVE_INFINITY): void {
    const write = wire.write.bind(wire);
    wire.write = (bytes, offset, length) => {
      wire.write = write;
      const took = write(bytes, offset, Math.min(length, taken));
      act();
      return took;
    };
  }
  const reset = new TransportError("CONNECTION_RESET", "reset");
  const long = "x".repeat(300);

  test.each([
    ["a ping", "hello"],
    ["a ping, in the middle of a large message", long],
  ])("%s", async (_, text) => {
    const wire = new Wire();
    const ws = await wire.connection(new Diary(), { writeBufferCapacity: 64 });
    during(wire.transport, () => wire.transport.deliver(ping("p")));
    ws.sendText(text);
    await turn();
    expect(wire.sent()).toEqual([`text ${text}`, "pong 70"]);
  });

  test("room, of a write that took a part", async () => {
    const wire = new Wire();
    const ws = await wire.connection(new Diary());
    during(wire.transport, () => wire.transport.drain(), 3);
    ws.sendText("hello");
    await turn();
    expect(wire.sent()).toEqual(["text hello"]);
  });

  test("a message, whose handler sends", async () => {
    const wire = new Wire();
    const diary = new Diary();
    diary.onEntry = (ws, entry) => {
      if (entry === "message text go") ws.sendText("inner");
    };
    const ws = await wire.connection(diary);
    during(wire.transport, () => wire.transport.deliver(frameBytes({ opcode: 1, payload: utf8("go") })));
    ws.sendText("outer");
    await turn();
    expect(wire.sent()).toEqual(["text outer", "text inner"]);
  });

  test("messages, by recv, while a ping is answered", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    const waiting = ws.recv();
    during(wire.transport, () => wire.transport.deliver(frameBytes({ opcode: 1, payload: utf8("behind") })));
    wire.transport.deliver(ping("p"));
    const first = await waiting;
    expect(first === null ? null : lineOf(first.toOwned())).toBe("ping 70");
    const second = await ws.recv();
    expect(second === null ? null : lineOf(second.toOwned())).toBe("text behind");
    ws.terminate();
  });

  test.each([
    ["the end", "hello"],
    ["the end, in the middle of a large message", long],
  ])("%s", async (_, text) => {
    const wire = new Wire();
    const diary = new Diary();
    const ws = await wire.connection(diary, { writeBufferCapacity: 64 });
    during(wire.transport, () => wire.transport.close(reset), 10);
    ws.sendText(text);
    await turn();
    expect([ws.state, ws.bufferedAmount, diary.entries]).toEqual([
      "ended",
      0,
      ["error CONNECTION_RESET", "close 1006"],
    ]);
  });
});
