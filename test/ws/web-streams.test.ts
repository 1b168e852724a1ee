import { describe, expect, test } from "bun:test";
import type { OwnedMessage } from "../../src/codec/ws/message.ts";
import { memoryPair } from "../../src/socket/memory-pair.ts";
import { streamTransport } from "../../src/socket/stream-transport.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { pattern } from "../helpers/bytes.ts";
import { PeerServer, testTls } from "../helpers/peer-server.ts";
import { turn, turnUntil } from "../helpers/wait.ts";
import { byteStreams } from "../helpers/web-streams.ts";
import { lineOf, WsPeer } from "../helpers/ws-peer.ts";
import { isSettled, nameOf, readAll, streamPair } from "./support.ts";

/** What a promise rejects with, by its code or message; "resolved" where it does not. */
async function failing(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => "resolved", nameOf);
}

describe("readable", () => {
  test("gives owned messages, the close message last, and then ends", async () => {
    const { ws, peer } = await streamPair();
    peer.text("one").binary(pattern(3)).ping("p").close(1000, "bye");
    const lines: string[] = [];
    for await (const message of ws.readable) lines.push(lineOf(message));
    expect(lines).toEqual(["text one", "binary 01203f", "ping 70", "close 1000 bye"]);
    expect(await ws.closed).toEqual({ code: 1000, reason: "bye" });
  });

  test("is one stream, whose lock passes from reader to reader; what came in between is kept", async () => {
    const { ws, peer } = await streamPair();
    expect(ws.readable).toBe(ws.readable);
    const first = ws.readable.getReader();
    const pending = failing(first.read());
    first.releaseLock();
    expect(await pending).not.toBe("resolved");
    peer.text("kept").text("next");
    await turn();
    const second = ws.readable.getReader();
    expect(((await second.read()).value as OwnedMessage | undefined)?.kind).toBe("text");
    expect(lineOf((await second.read()).value as OwnedMessage)).toBe("text next");
    second.releaseLock();
    peer.text("by recv");
    expect((await ws.recv())?.text()).toBe("by recv");
    ws.terminate();
  });

  test("fails with the error that ended the connection", async () => {
    const { ws, peer } = await streamPair();
    peer.text("last");
    await turn();
    const reader = ws.readable.getReader();
    expect(lineOf((await reader.read()).value as OwnedMessage)).toBe("text last");
    const next = reader.read();
    peer.reset();
    expect(await failing(next)).toBe("CONNECTION_RESET");
    expect(await failing(reader.closed)).toBe("CONNECTION_RESET");
  });

  test("cancelled, it closes with 1000 and drops what still comes", async () => {
    const { ws, peer } = await streamPair();
    const reader = ws.readable.getReader();
    peer.text("dropped");
    const cancelled = reader.cancel("enough");
    peer.text("late");
    await cancelled;
    expect(peer.lines).toEqual(["close 1000"]);
    expect(ws.state).toBe("ended");
  });

  test("a reader that is slow holds the peer back", async () => {
    using server = new PeerServer();
    const ws = await WsStream.connect(server.url, { bufferCapacity: 4096, socket: { recvBufferSize: 8192 } });
    const peer = await server.peer();
    const total = 64;
    const payload = pattern(1 << 20);
    for (let count = 0; count < total; count++) peer.binary(payload);
    const reader = ws.readable.getReader();
    let sent = -1;
    await turnUntil("the peer to be stuck", () => {
      const still = peer.bytesSent === sent;
      sent = peer.bytesSent;
      return still && peer.waiting > 0;
    });
    expect(peer.bytesSent).toBeLessThan(24 << 20);
    for (let count = 0; count < total; count++) {
      const { value } = await reader.read();
      if (value?.kind !== "binary" || value.bytes.length !== payload.length)
        throw new Error(`message ${count} is wrong`);
    }
    expect(peer.waiting).toBe(0);
    ws.terminate();
  }, 20_000);
});

describe("writable", () => {
  test("takes strings, bytes and messages, and closing it is the closing handshake", async () => {
    const { ws, peer } = await streamPair();
    expect(ws.writable).toBe(ws.writable);
    const writer = ws.writable.getWriter();
    await writer.write("text");
    await writer.write(pattern(2));
    for (const message of [
      { kind: "text", text: "t" },
      { kind: "binary", bytes: pattern(1) },
      { kind: "ping", bytes: pattern(1) },
      { kind: "pong", bytes: pattern(0) },
    ] as const) {
      await writer.write(message);
    }
    await writer.close();
    expect(peer.lines).toEqual(["text text", "binary 0120", "text t", "binary 01", "ping 01", "pong", "close 1000"]);
    expect(ws.state).toBe("ended");
  });

  test("is one stream, whose lock passes from writer to writer; a send in between goes its own way", async () => {
    const { ws, peer } = await streamPair();
    const first = ws.writable.getWriter();
    expect(() => ws.writable.getWriter()).toThrow(TypeError);
    await first.write("1");
    first.releaseLock();
    expect([ws.writable.locked, ws.state]).toEqual([false, "open"]);
    ws.sendText("2");
    const second = ws.writable.getWriter();
    await second.write("3");
    expect(first.write("4")).rejects.toThrow(TypeError);
    await second.close();
    expect(peer.lines).toEqual(["text 1", "text 2", "text 3", "close 1000"]);
  });

  test("a write waits for room where the peer does not read, and nothing is lost", async () => {
    const { ws, peer } = await streamPair({ highWaterMark: 1000, writeBufferCapacity: 512 }, {}, { capacity: 256 });
    peer.stall();
    const writer = ws.writable.getWriter();
    const writes = Array.from({ length: 8 }, (_, index) => writer.write(`${index}`.repeat(300)));
    expect(await isSettled(Promise.all(writes))).toBe(false);
    expect(writer.desiredSize).toBeLessThan(0);
    expect(ws.bufferedAmount).toBeLessThan(2_000);
    peer.proceed();
    await Promise.all(writes);
    await writer.close();
    expect(peer.lines).toEqual([
      ...Array.from({ length: 8 }, (_, index) => `text ${`${index}`.repeat(300)}`),
      "close 1000",
    ]);
  });

  test("aborted, also within a write, it closes with 1011", async () => {
    const { ws, peer } = await streamPair({ highWaterMark: 100 }, {}, { capacity: 64 });
    peer.stall();
    const writer = ws.writable.getWriter();
    const write = writer.write("x".repeat(500));
    await turn();
    const aborted = writer.abort(new Error("broken"));
    await write;
    await aborted;
    peer.proceed();
    await peer.messages(2);
    expect(peer.lines.at(-1)).toBe("close 1011");
    expect(await failing(writer.closed)).toBe("broken");
  });

  test("fails when the connection ends, and refuses what is not a message", async () => {
    const { ws, peer } = await streamPair();
    const writer = ws.writable.getWriter();
    peer.close(1001);
    await turn();
    expect(await failing(writer.closed)).toBe("WS_NOT_OPEN");
    expect(await failing(writer.write("late"))).toBe("WS_NOT_OPEN");
    for (const chunk of [null, undefined, 7, {}, { kind: "noise" }]) {
      const other = await streamPair();
      const bad = other.ws.writable.getWriter();
      expect(await failing(bad.write(chunk as unknown as string))).toBe("STREAM_BAD_CHUNK");
      other.ws.terminate();
    }
    const cut = await streamPair();
    const cutWriter = cut.ws.writable.getWriter();
    cut.peer.reset();
    expect(await failing(cutWriter.closed)).toBe("CONNECTION_RESET");
  });

  test("closing it fails where the peer does not close", async () => {
    const { ws } = await streamPair({ closeTimeout: 20 }, { answersClose: false });
    expect(await failing(ws.writable.close())).toBe("WS_CLOSE_TIMEOUT");
  });
});

describe("pipeTo", () => {
  test("carries messages from one WebSocket to another, close and all", async () => {
    const from = await streamPair();
    const to = await streamPair();
    from.peer.text("a").binary(pattern(2)).text("b").close(3001, "done");
    await from.ws.readable.pipeTo(to.ws.writable);
    expect(to.peer.lines).toEqual(["text a", "binary 0120", "text b", "close 3001 done"]);
  });

  test("a source that breaks aborts the other side", async () => {
    const from = await streamPair();
    const to = await streamPair();
    const piped = failing(from.ws.readable.pipeTo(to.ws.writable));
    from.peer.text("a");
    await to.peer.messages(1);
    from.peer.reset();
    expect(await piped).toBe("CONNECTION_RESET");
    await to.peer.until((peer) => peer.gone);
    expect(to.peer.lines).toEqual(["text a", "close 1011"]);
  });

  test("an AbortSignal ends the pipe; preventCancel and preventAbort leave both connections open", async () => {
    const from = await streamPair();
    const to = await streamPair();
    const controller = new AbortController();
    const options = { signal: controller.signal, preventCancel: true, preventAbort: true };
    const piped = failing(from.ws.readable.pipeTo(to.ws.writable, options));
    from.peer.text("a");
    await to.peer.messages(1);
    controller.abort(new Error("stopped"));
    expect(await piped).toBe("stopped");
    expect([from.ws.state, to.ws.state]).toEqual(["open", "open"]);
    expect(to.ws.sendText("b")).toBe(true);
    expect(await to.peer.messages(2)).toEqual(["text a", "text b"]);
    from.ws.terminate();
    to.ws.terminate();
  });
});

describe("from", () => {
  test("runs the protocol over any pair of byte streams", async () => {
    const [client, server] = memoryPair({ chunkSize: 3, capacity: 64 });
    const peer = new WsPeer(server);
    const ws = await WsStream.from(byteStreams(client), "ws://h/path");
    expect(peer.request?.line).toBe("GET /path HTTP/1.1");
    peer.text("down");
    expect((await ws.recv())?.text()).toBe("down");
    ws.sendText("u".repeat(1000));
    expect(await peer.messages(1)).toEqual([`text ${"u".repeat(1000)}`]);
    ws.close(1000, "bye");
    expect(await readAll(ws)).toEqual(["close 1000"]);
    expect(await ws.closed).toEqual({ code: 1000, reason: "" });
    await peer.until(() => peer.gone);
  });

  test("wss: needs streams that are said to be secure", async () => {
    const [client, server] = memoryPair();
    new WsPeer(server);
    const pair = byteStreams(client);
    expect(await failing(WsStream.from(pair, "wss://h/"))).toBe("TRANSPORT_NOT_SECURE");
    const [second, other] = memoryPair();
    new WsPeer(other);
    const ws = await WsStream.connectWith(streamTransport(byteStreams(second), { secure: true }), "wss://h/");
    expect(ws.transport.secure).toBe(true);
    ws.terminate();
  });

  test("goes through a TransformStream over a real TLS socket", async () => {
    using server = new PeerServer({ tls: true });
    const { dial } = await import("../../src/socket/dial.ts");
    const tcp = await dial({ hostname: "localhost", port: server.port, tls: testTls() });
    const { readable, writable } = byteStreams(tcp);
    let bytes = 0;
    const counted = readable.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          bytes += chunk.length;
          controller.enqueue(chunk);
        },
      }),
    );
    const ws = await WsStream.from({ readable: counted, writable }, server.url.replace("wss:", "ws:"));
    const peer = await server.peer();
    peer.binary(pattern(300_000));
    expect((await ws.recv())?.length).toBe(300_000);
    expect(bytes).toBeGreaterThan(300_000);
    await ws[Symbol.asyncDispose]();
    expect(peer.lines).toEqual(["close 1000"]);
  });
});
