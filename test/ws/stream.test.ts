import { describe, expect, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import type { OwnedMessage } from "../../src/codec/ws/message.ts";
import { WsClosedError } from "../../src/ws/errors.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { joined, pattern, utf8 } from "../helpers/bytes.ts";
import { fragments, frameBytes } from "../helpers/frames.ts";
import { PeerServer } from "../helpers/peer-server.ts";
import { turn } from "../helpers/wait.ts";
import type { WsPeer } from "../helpers/ws-peer.ts";
import { rejection } from "../socket/support.ts";
import { isSettled, readAll, streamPair, Wire } from "./support.ts";

const text = (value: string): Uint8Array => frameBytes({ opcode: 1, payload: utf8(value) });

describe("recv", () => {
  test("waits for a message, and takes those that have come without waiting", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    const first = ws.recv();
    expect(await isSettled(first)).toBe(false);
    wire.transport.deliver(joined([text("a"), text("b")]), text("c"));
    expect((await first)?.text()).toBe("a");
    expect((await ws.recv())?.text()).toBe("b");
    expect((await ws.recv())?.text()).toBe("c");
    ws.terminate();
  });

  test("lends one message at a time, which keeps its content while more arrives", async () => {
    const wire = new Wire();
    const ws = await wire.stream({ bufferCapacity: 4096 });
    wire.transport.deliver(joined([text("lent"), text("next")]));
    const lent = await ws.recv();
    const view = lent?.bytes();
    const owned = lent?.toOwned();
    // More than the ring holds, several times.
    for (let count = 0; count < 20; count++) wire.transport.deliver(text(`${count}`.repeat(1000)));
    await turn();
    expect(lent?.text()).toBe("lent");
    expect(view).toEqual(utf8("lent"));
    const next = await ws.recv();
    expect(next?.text()).toBe("next");
    expect(owned).toEqual({ kind: "text", text: "lent" });
    for (let count = 0; count < 20; count++) expect((await ws.recv())?.text()).toBe(`${count}`.repeat(1000));
    ws.terminate();
  });

  test("refuses a second call while the first waits, which goes on waiting", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    const first = ws.recv();
    const error = await rejection(ws.recv(), UsageError);
    expect(error.code).toBe("RECV_PENDING");
    wire.transport.deliver(text("a"));
    expect((await first)?.text()).toBe("a");
    const second = ws.recv();
    wire.transport.deliver(text("b"));
    expect((await second)?.text()).toBe("b");
    ws.terminate();
  });

  test("takes a message byte by byte", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    const message = ws.recv();
    for (const byte of text("slowly")) wire.transport.deliver(Uint8Array.of(byte));
    expect((await message)?.text()).toBe("slowly");
    ws.terminate();
  });

  test("gives the whole of messages that are larger than the ring, in one frame or many", async () => {
    using server = new PeerServer();
    const ws = await WsStream.connect(server.url, { bufferCapacity: 4096 });
    const peer = await server.peer();
    const large = pattern(1 << 20);
    const long = "é€😀x".repeat(100_000);
    const parts = (bytes: Uint8Array, size: number): Uint8Array[] =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
    peer.text("before").binary(large).ping("between").text(long);
    for (const frame of fragments(2, parts(large, 10_007))) peer.send(frame).ping("within");
    for (const frame of fragments(1, parts(utf8(long), 999))) peer.send(frame);
    peer.text("after");
    const seen: OwnedMessage[] = [];
    let pings = 0;
    while (seen.at(-1)?.kind !== "text" || (seen.at(-1) as { text: string }).text !== "after") {
      const message = (await ws.recv())?.toOwned();
      if (message === undefined) throw new Error("the stream ended");
      if (message.kind === "ping") pings++;
      else seen.push(message);
    }
    expect(seen.map(({ kind }) => kind)).toEqual(["text", "binary", "text", "binary", "text", "text"]);
    for (const message of [seen[1], seen[3]]) {
      if (message?.kind !== "binary") throw new Error("not binary");
      expect(Buffer.compare(message.bytes, large)).toBe(0);
    }
    for (const message of [seen[2], seen[4]]) expect(message?.kind === "text" && message.text === long).toBe(true);
    expect(pings).toBe(1 + Math.ceil(large.length / 10_007));
    await peer.messages(pings);
    expect(peer.received).toHaveLength(pings);
    ws.terminate();
  });

  test("gives every kind, with all that belongs to it", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(
      joined([
        frameBytes({ opcode: 1, payload: utf8('{"a":[1,"é"]}') }),
        frameBytes({ opcode: 2, payload: Uint8Array.of(0, 255) }),
        frameBytes({ opcode: 9, payload: utf8("ping") }),
        frameBytes({ opcode: 10, payload: utf8("pong") }),
        frameBytes({ opcode: 2 }),
        frameBytes({ opcode: 8, payload: joined([Uint8Array.of(0x0f, 0xa0), utf8("bye é")]) }),
      ]),
    );
    expect((await ws.recv())?.json()).toEqual({ a: [1, "é"] });
    expect((await ws.recv())?.toOwned()).toEqual({ kind: "binary", bytes: Uint8Array.of(0, 255) });
    expect((await ws.recv())?.toOwned()).toEqual({ kind: "ping", bytes: utf8("ping") });
    expect((await ws.recv())?.toOwned()).toEqual({ kind: "pong", bytes: utf8("pong") });
    expect((await ws.recv())?.length).toBe(0);
    expect((await ws.recv())?.toOwned()).toEqual({ kind: "close", code: 4000, reason: "bye é" });
    expect(await ws.recv()).toBeNull();
    ws.terminate();
  });
});

describe("tryRecv", () => {
  test("never waits, and gives null at the end", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    expect(ws.tryRecv()).toBeNull();
    wire.transport.deliver(joined([text("a"), text("b"), text("c").slice(0, 2)]));
    expect(ws.tryRecv()?.text()).toBe("a");
    expect(ws.tryRecv()?.text()).toBe("b");
    expect(ws.tryRecv()).toBeNull();
    wire.transport.deliver(text("c").slice(2));
    expect(ws.tryRecv()?.text()).toBe("c");
    wire.transport.end();
    expect(ws.tryRecv()).toBeNull();
    expect((await rejection(ws.recv(), WsClosedError)).code).toBe("WS_ABNORMAL_CLOSURE");
    expect(ws.tryRecv()).toBeNull();
  });

  test("takes turns with recv", async () => {
    using server = new PeerServer();
    const ws = await WsStream.connect(server.url);
    const peer = await server.peer();
    const total = 20_000;
    peer.send(joined(Array.from({ length: total }, (_, at) => text(`${at}`))));
    let next = 0;
    while (next < total) {
      expect((await ws.recv())?.text()).toBe(`${next++}`);
      for (let msg = ws.tryRecv(); msg !== null; msg = ws.tryRecv()) {
        if (msg.text() !== `${next++}`) throw new Error(`out of order at ${next}`);
      }
    }
    expect(next).toBe(total);
    ws.terminate();
  });
});

describe("for await", () => {
  test("gives messages that own their data, the close message last", async () => {
    const { ws, peer } = await streamPair();
    peer.text("a").binary(Uint8Array.of(1)).ping("p").close(1000, "end").end();
    const seen: OwnedMessage[] = [];
    for await (const message of ws) seen.push(message);
    expect(seen).toEqual([
      { kind: "text", text: "a" },
      { kind: "binary", bytes: Uint8Array.of(1) },
      { kind: "ping", bytes: utf8("p") },
      { kind: "close", code: 1000, reason: "end" },
    ]);
    for await (const message of ws) throw new Error(`after the end: ${message.kind}`);
    await ws.closed;
  });

  test("can be left and taken up again", async () => {
    const { ws, peer } = await streamPair();
    peer.text("a").text("b").text("c");
    const seen: string[] = [];
    for (let round = 0; round < 3; round++) {
      for await (const message of ws) {
        if (message.kind === "text") seen.push(message.text);
        break;
      }
      expect(ws.state).toBe("open");
    }
    expect(seen).toEqual(["a", "b", "c"]);
    ws.sendText("still here");
    expect(await peer.messages(1)).toEqual(["text still here"]);
    ws.terminate();
  });

  test("throws the error of any other end, once", async () => {
    const { ws, peer } = await streamPair();
    peer.text("a").reset();
    const seen: OwnedMessage[] = [];
    const loop = (async (): Promise<void> => {
      for await (const message of ws) seen.push(message);
    })();
    expect(await rejection(loop, Error)).toMatchObject({ code: "CONNECTION_RESET" });
    for await (const message of ws) throw new Error(`after the end: ${message.kind}`);
  });
});

describe("terminate", () => {
  test("cuts at once: a recv that waits rejects, what is unread is dropped", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    const message = rejection(ws.recv(), WsClosedError);
    ws.terminate();
    expect((await message).code).toBe("WS_TERMINATED");
    expect(await ws.recv()).toBeNull();
    expect(await ws.closed).toEqual({ code: 1006, reason: "" });
    expect(ws.state).toBe("ended");
    ws.terminate();
    expect(wire.transport.calls).toEqual(["terminate"]);

    const unread = new Wire();
    const later = await unread.stream({ bufferCapacity: 4096 });
    unread.transport.deliver(joined(Array.from({ length: 100 }, () => text("x".repeat(100)))), text("y"));
    later.terminate();
    expect(await readAll(later)).toEqual(["error WS_TERMINATED"]);
  });

  test("is a RST for the peer", async () => {
    using server = new PeerServer();
    const ws = await WsStream.connect(server.url);
    const peer = await server.peer();
    ws.terminate();
    expect(ws.state).toBe("ended");
    await peer.until(({ gone }) => gone);
    expect(peer.closeError).toMatchObject({ code: "ECONNRESET" });
  });

  test("in the middle of a frame that never ends", async () => {
    using server = new PeerServer();
    const ws = await WsStream.connect(server.url);
    const peer = await server.peer();
    peer.send(frameBytes({ opcode: 1, payload: utf8("only the start"), announced: 1000n }));
    const message = rejection(ws.recv(), WsClosedError);
    await Bun.sleep(30);
    expect(await isSettled(message)).toBe(false);
    ws.terminate();
    expect((await message).code).toBe("WS_TERMINATED");
    await peer.until(({ gone }) => gone);
  });

  test("after the close message was read is no error any more", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(frameBytes({ opcode: 8 }));
    expect((await ws.recv())?.kind).toBe("close");
    ws.terminate();
    expect(await ws.recv()).toBeNull();
    expect(await ws.closed).toEqual({ code: 1005, reason: "" });
  });

  test("after any end changes nothing", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(frameBytes({ opcode: 3 }));
    expect(await readAll(ws)).toEqual(["error WS_RESERVED_OPCODE"]);
    ws.terminate();
    ws.terminate();
    expect(await readAll(ws)).toEqual([]);
    expect(wire.transport.calls).toEqual(["shutdown", "terminate"]);
  });

  test("drops what is unread after a reset, too, and the error stays", async () => {
    const wire = new Wire();
    const ws = await wire.stream();
    wire.transport.deliver(text("unread"));
    wire.transport.close(Object.assign(new Error("reset"), { code: "CONNECTION_RESET" }));
    ws.terminate();
    expect(await readAll(ws)).toEqual(["error CONNECTION_RESET"]);
  });
});

describe("await using", () => {
  test("closes with 1000, and is done when the connection is gone", async () => {
    using server = new PeerServer();
    let stream: WsStream;
    {
      await using ws = await WsStream.connect(server.url);
      stream = ws;
      (await server.peer()).text("unread");
    }
    const peer = await server.peer();
    expect(stream.state).toBe("ended");
    expect(stream.transport.closed).toBe(true);
    expect(peer.lines).toEqual(["close 1000"]);
    await peer.until(({ gone }) => gone);
    expect(peer.closeError).toBeNull();
    expect(await stream.closed).toEqual({ code: 1000, reason: "" });
  });

  test("drops a flood that is unread, as far as the close frame", async () => {
    using server = new PeerServer();
    const total = 200_000;
    {
      await using ws = await WsStream.connect(server.url, { bufferCapacity: 4096 });
      const peer = await server.peer();
      peer.send(joined(Array.from({ length: total }, () => text("x".repeat(20)))));
      expect((await ws.recv())?.kind).toBe("text");
    }
    const peer = await server.peer();
    expect(peer.waiting).toBe(0);
    expect(peer.lines).toEqual(["close 1000"]);
  });

  test("is done after closeTimeout with a peer that floods and never answers", async () => {
    using server = new PeerServer({ answersClose: false });
    {
      await using _ = await WsStream.connect(server.url, { closeTimeout: 200 });
      const peer = await server.peer();
      void flood(peer);
      await peer.until(({ bytesSent }) => bytesSent > 1 << 20);
    }
    const peer = await server.peer();
    await peer.until(({ gone }) => gone);
    expect(peer.lines).toEqual(["close 1000"]);
  });

  test("leaves no recv that waits", async () => {
    using server = new PeerServer();
    let message: Promise<unknown>;
    {
      await using ws = await WsStream.connect(server.url);
      message = ws.recv();
    }
    expect(await message).toBeNull();

    using silent = new PeerServer({ answersClose: false });
    {
      await using ws = await WsStream.connect(silent.url, { closeTimeout: 30 });
      message = rejection(ws.recv(), Error);
    }
    expect(await message).toMatchObject({ code: "WS_CLOSE_TIMEOUT", phase: "close", timeout: 30 });
  });

  test("is done after every other end", async () => {
    const ends: [name: string, end: (peer: WsPeer, ws: WsStream) => void][] = [
      ["close frame", (peer) => void peer.close(1001).end()],
      ["FIN", (peer) => void peer.end()],
      ["RST", (peer) => void peer.reset()],
      ["fault", (peer) => void peer.send(frameBytes({ opcode: 3 })).end()],
      ["terminate", (_, ws) => ws.terminate()],
      ["close", (_, ws) => void ws.close(4000)],
    ];
    using server = new PeerServer();
    for (const [index, [name, end]] of ends.entries()) {
      for (const reads of [false, true]) {
        const at = index * 2 + Number(reads);
        let stream: WsStream;
        {
          await using ws = await WsStream.connect(server.url, { closeTimeout: 2000 });
          stream = ws;
          const peer = await server.peer(at);
          peer.text("unread");
          end(peer, ws);
          if (reads) await readAll(ws);
          else await Bun.sleep(5);
        }
        expect(stream.transport.closed, name).toBe(true);
        expect(await stream.recv().catch(() => null), name).toBeNull();
      }
    }
  });

  test("twice is done at once", async () => {
    const { ws } = await streamPair();
    await ws[Symbol.asyncDispose]();
    await ws[Symbol.asyncDispose]();
    expect(await ws.recv()).toBeNull();
  });
});

/** Sends for ever, as fast as the client reads. */
async function flood(peer: WsPeer): Promise<void> {
  const block = joined(Array.from({ length: 1000 }, () => text("x".repeat(100))));
  while (!peer.gone) {
    if (peer.waiting < 1 << 20) peer.send(block);
    else await peer.until(({ waiting, gone }) => waiting < 1 << 20 || gone);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
