import { describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import type { Message } from "../../src/codec/ws/message.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { utf8 } from "../helpers/bytes.ts";
import { PeerServer, testTls } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import type { WsPeer } from "../helpers/ws-peer.ts";
import { checkNumbered, numbered } from "./numbered.ts";

/** 64 MiB in messages of 1 KiB. */
const MESSAGES = 65_536;

/** Sends all messages, each with its number, as fast as they are taken; little waits in this process. */
async function flood(peer: WsPeer): Promise<void> {
  for (let number = 0; number < MESSAGES; number++) {
    peer.binary(numbered(number));
    if (number % 256 === 255) await peer.until(({ waiting, gone }) => waiting < 1 << 18 || gone);
  }
}

/** Waits until the peer's socket takes nothing any more. */
async function stuck(peer: WsPeer): Promise<number> {
  for (let before = -1; before !== peer.bytesSent; ) {
    before = peer.bytesSent;
    await Bun.sleep(100);
  }
  return peer.bytesSent;
}

/** Gives the next line that a process prints, as JSON. */
function linesOf(output: ReadableStream<Uint8Array<ArrayBuffer>>): () => Promise<Record<string, unknown>> {
  const reader = output.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return async () => {
    while (!text.includes("\n")) {
      const { value } = await reader.read();
      if (value === undefined) throw new Error(`the process ended after ${JSON.stringify(text)}`);
      text += value;
    }
    const [line = "", ...rest] = text.split("\n");
    text = rest.join("\n");
    return JSON.parse(line);
  };
}

describe.each([
  ["TCP", false],
  ["TLS", true],
] as const)("a peer that floods over %s", (_, secure) => {
  const tls = secure ? { tls: testTls() } : {};

  test("is held back by a stream that does not read, which then gets all in order", async () => {
    using server = new PeerServer({ tls: secure });
    const script = fileURLToPath(new URL("./children/unread.ts", import.meta.url));
    await using reader = Bun.spawn([process.execPath, script, server.url], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    const lines = linesOf(reader.stdout);
    expect(await lines()).toEqual({ open: true });
    const peer = await server.peer();
    const flooding = flood(peer);
    expect(await stuck(peer)).toBeLessThan(24 << 20);
    reader.stdin.write(`${MESSAGES}\n`);
    await reader.stdin.end();
    // A reader that held what it does not read would grow by all 64 MiB.
    expect((await lines())["grown"]).toBeLessThan(40 << 20);
    expect(await lines()).toEqual({ read: MESSAGES });
    await flooding;
    expect(await reader.exited).toBe(0);
  });

  test("is held back by a connection that is paused now and then, and gets all in order", async () => {
    using server = new PeerServer({ tls: secure });
    let number = 0;
    let failure: unknown = null;
    const handlers = {
      message(ws: WsConnection, msg: Message): void {
        checkNumbered(msg, number++);
        if (number % 5000 !== 0) return;
        ws.pause();
        setTimeout(() => ws.resume(), 5);
      },
      error(_: WsConnection, error: unknown): void {
        failure ??= error;
      },
    };
    const ws = await WsConnection.connect(server.url, handlers, tls);
    const peer = await server.peer();
    ws.pause();
    const flooding = flood(peer);
    expect(await stuck(peer)).toBeLessThan(24 << 20);
    expect(number).toBe(0);
    ws.resume();
    await until(() => number === MESSAGES || failure !== null);
    expect(failure).toBeNull();
    await flooding;
    ws.terminate();
  });
});

test("a slow reader of a small ring gets all in order, and pings are answered on the way", async () => {
  using server = new PeerServer();
  const ws = await WsStream.connect(server.url, { bufferCapacity: 4096 });
  const peer = await server.peer();
  const total = 4000;
  for (let number = 0; number < total; number++) {
    peer.binary(numbered(number));
    if (number % 100 === 0) peer.ping(`${number}`);
  }
  for (let number = 0; number < total; ) {
    const message = await ws.recv();
    if (message === null) throw new Error(`the stream ended at ${number}`);
    if (message.kind === "ping") continue;
    checkNumbered(message, number++);
    if (number % 97 === 0) await Bun.sleep(1);
  }
  const pongs = await peer.messages(total / 100);
  expect(pongs).toEqual(
    Array.from({ length: total / 100 }, (_, at) => `pong ${Buffer.from(utf8(`${at * 100}`)).toString("hex")}`),
  );
  ws.terminate();
});

test("a peer that pings and never reads costs a bounded amount of memory", async () => {
  using server = new PeerServer();
  const ws = await WsConnection.connect(server.url, {}, { highWaterMark: 65_536, closeTimeout: 100 });
  const peer = await server.peer();
  peer.stall();
  const payload = "x".repeat(125);
  // 127 bytes each way: more than the kernel keeps for a peer that does not read.
  for (let count = 0; count < 150_000; count++) {
    peer.ping(payload);
    if (count % 256 === 255) await peer.until(({ waiting, gone }) => waiting < 1 << 18 || gone);
  }
  await peer.until(({ waiting }) => waiting === 0);
  await until(() => ws.bufferedAmount > 0);
  expect(ws.bufferedAmount).toBeLessThan(65_536 + 131);
  ws.terminate();
});
