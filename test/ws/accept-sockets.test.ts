import { describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import type { Socket } from "bun";
import { TimeoutError } from "../../src/codec/errors.ts";
import { TcpListener } from "../../src/socket/tcp-listener.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import type { AcceptOptions } from "../../src/ws/accept-options.ts";
import { HandshakeError } from "../../src/ws/errors.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { headOf } from "../codec/http/upgrade-vectors.ts";
import { joined, utf8 } from "../helpers/bytes.ts";
import { testPath } from "../helpers/certificates.ts";
import { frameBytes } from "../helpers/frames.ts";
import { testTls } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import { openDescriptors, rejection } from "../socket/support.ts";
import { nameOf, readAll } from "./support.ts";

const TLS = new TlsConfig({ cert: testPath("localhost.crt"), key: testPath("localhost.key") });
const HELLO = frameBytes({ opcode: 1, payload: utf8("Hello"), key: Uint8Array.of(1, 2, 3, 4) });

/** A plain client, what it was told, and the stream that accepts it. */
async function connected(
  options: AcceptOptions = {},
): Promise<{ socket: Socket; told: () => string; ended: () => boolean; stream: Promise<WsStream> }> {
  using listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
  const chunks: Uint8Array[] = [];
  const ends: string[] = [];
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: listener.port,
    allowHalfOpen: true,
    socket: {
      data: (_, chunk) => void chunks.push(chunk),
      end: () => void ends.push("end"),
      close: () => void ends.push("close"),
      error() {},
    },
  });
  const tcp = await listener.accept();
  if (tcp === null) throw new Error("nothing was accepted");
  const stream = WsStream.accept(tcp, options);
  stream.catch(() => {});
  return { socket, told: () => Buffer.from(joined(chunks)).toString("latin1"), ended: () => ends.length > 0, stream };
}

describe("a client that vanishes", () => {
  test.each([
    ["before the request", ""],
    ["within the request", headOf().slice(0, 70)],
    ["at the last byte of it", headOf().slice(0, -1)],
  ])("%s, with RST or FIN, is HANDSHAKE_CUT", async (_, sent) => {
    for (const way of ["terminate", "shutdown"] as const) {
      const { socket, stream } = await connected();
      if (sent !== "") socket.write(sent);
      await Bun.sleep(5);
      socket[way]();
      expect(await rejection(stream, HandshakeError)).toMatchObject({ code: "HANDSHAKE_CUT", status: 0 });
      socket.terminate();
    }
  });

  test("while onUpgrade decides is HANDSHAKE_CUT, before it has decided", async () => {
    const { socket, stream } = await connected({ onUpgrade: () => new Promise(() => {}) });
    socket.write(headOf());
    await Bun.sleep(5);
    socket.terminate();
    const error = await rejection(stream, HandshakeError);
    expect([error.code, nameOf(error.cause)]).toEqual(["HANDSHAKE_CUT", "CONNECTION_RESET"]);
  });

  test("once open, between messages, is told by recv", async () => {
    const { socket, stream } = await connected();
    socket.write(headOf());
    const ws = await stream;
    socket.write(HELLO);
    await until(() => ws.state === "open");
    expect((await ws.recv())?.text()).toBe("Hello");
    socket.terminate();
    expect(await readAll(ws)).toEqual(["error CONNECTION_RESET"]);
    expect((await ws.closed).code).toBe(1006);
  });

  test("once open, within a message, with FIN", async () => {
    const { socket, stream } = await connected({ closeTimeout: 50 });
    socket.write(joined([utf8(headOf()), HELLO.slice(0, 8)]));
    const ws = await stream;
    socket.shutdown();
    expect(await readAll(ws)).toEqual(["error WS_ABNORMAL_CLOSURE"]);
    await ws.closed;
  });

  test("behind a refusal, without reading it", async () => {
    const { socket, stream } = await connected();
    socket.write(headOf("POST / HTTP/1.1"));
    socket.terminate();
    await rejection(stream, HandshakeError);
  });
});

test("a silent client is answered 408 and let go", async () => {
  const { socket, told, ended, stream } = await connected({ handshakeTimeout: 50 });
  await rejection(stream, TimeoutError);
  await until(ended);
  expect(told()).toStartWith("HTTP/1.1 408 Request Timeout\r\n");
  socket.terminate();
});

test("a client that sends one byte after another is answered 408, too", async () => {
  const { socket, told, stream } = await connected({ handshakeTimeout: 100 });
  const dripping = setInterval(() => socket.write("G"), 5);
  await rejection(stream, TimeoutError);
  clearInterval(dripping);
  await until(() => told().includes("\r\n\r\n"));
  expect(told()).toStartWith("HTTP/1.1 408 ");
  socket.terminate();
});

test("a refused client reads its answer, though it sends on", async () => {
  const { socket, told, ended, stream } = await connected();
  socket.write(`${headOf("POST /upload HTTP/1.1")}${"x".repeat(50_000)}`);
  expect(await rejection(stream, HandshakeError)).toMatchObject({ code: "UPGRADE_METHOD" });
  await until(ended);
  expect(told()).toStartWith("HTTP/1.1 405 Method Not Allowed\r\n");
  expect(told()).toContain("\r\nAllow: GET\r\n");
  socket.terminate();
});

test("a whole conversation in one segment", async () => {
  const { socket, told, stream } = await connected();
  const close = frameBytes({ opcode: 8, payload: Uint8Array.of(3, 232), key: Uint8Array.of(1, 2, 3, 4) });
  socket.write(joined([utf8(headOf()), HELLO, HELLO, close]));
  socket.shutdown();
  const ws = await stream;
  expect(await readAll(ws)).toEqual(["text Hello", "text Hello", "close 1000"]);
  expect(await ws.closed).toEqual({ code: 1000, reason: "" });
  await until(() => told().endsWith("\r\n\r\n\x88\x02\x03\xe8"));
  socket.terminate();
});

describe.each([
  ["plain", null],
  ["TLS", TLS],
] as const)("%s", (_, tls) => {
  test("1,000 connects and accepts leave no descriptor behind", async () => {
    using listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0, tls });
    const url = `${tls === null ? "ws" : "wss"}://localhost:${listener.port}/`;
    const before = openDescriptors();
    let served = 0;
    const serving = (async () => {
      for await (const tcp of listener) {
        void (async () => {
          const ws = await WsStream.accept(tcp, {
            onUpgrade: ({ path }) => (path === "/no" ? { status: 403 } : undefined),
          });
          if (served % 3 === 0) ws.terminate();
          else for (let msg = await ws.recv(); msg !== null; msg = await ws.recv()) ws.sendText(msg.text());
        })()
          .catch(() => null)
          .finally(() => served++);
      }
    })();
    const options = { tls: testTls() };
    for (let round = 0; round < 1_000; round += 20) {
      const work = Array.from({ length: 20 }, async (__, at) => {
        if (at === 0) return WsStream.connect(`${url}no`, options).catch(() => null);
        const ws = await WsStream.connect(url, options);
        if (at % 4 === 1) ws.terminate();
        else await ws[Symbol.asyncDispose]();
        return ws.closed;
      });
      await Promise.all(work);
    }
    await until(() => served === 1_000 && openDescriptors() <= before);
    listener.close();
    await serving;
  }, 60_000);
});

describe.each(["stream", "connection"])("1,000 idle ones, each a %s", (kind) => {
  const COUNT = 1_000;
  /** Bytes each, beyond the buffers. */
  const MOST = 20 << 10;
  /** What both buffers can hold by default. */
  const BUFFERS = (16 + 16) << 10;

  test("cost at most 20 KiB each beyond their buffers, and their process ends by itself", async () => {
    const script = fileURLToPath(new URL("./children/accept-idle.ts", import.meta.url));
    const child = Bun.spawn([process.execPath, script, kind], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    const lines = linesOf(child.stdout);
    const { port = 0 } = await lines();
    const measure = async (open: number, messages: number): Promise<number> => {
      child.stdin.write(`${open} ${messages}\n`);
      await child.stdin.flush();
      const report = await lines();
      expect(report).toMatchObject({ open, received: messages });
      return report["resident"] ?? 0;
    };
    // Warm: the engine has compiled it, and the allocators hold what they hold.
    let sockets: Socket[] = [];
    for (let round = 0; round < 5; round++) {
      sockets = await openMany(port, 100);
      for (const socket of sockets) socket.write(HELLO);
      await measure(100, 100 * (round + 1));
      for (const socket of sockets) socket.terminate();
    }
    // A thousand after the other: the heap grows in steps, so the middle one of three says what a thousand cost.
    sockets = await openMany(port, COUNT);
    const idle: number[] = [];
    const used: number[] = [];
    for (let round = 1; round <= 3; round++) {
      const messages = 500 + COUNT * (round - 1);
      const before = await measure(COUNT * round, messages);
      const more = await openMany(port, COUNT);
      sockets.push(...more);
      idle.push((await measure(COUNT * (round + 1), messages)) - before);
      for (const socket of more) socket.write(HELLO);
      used.push((await measure(COUNT * (round + 1), messages + COUNT)) - before);
    }
    const each = (samples: number[]): number => Math.round((samples.sort((a, b) => a - b)[1] ?? 0) / COUNT);
    console.log(`${kind}: ${each(idle)} bytes each, ${each(used)} once they have been used`);
    expect(each(idle)).toBeLessThan(MOST);
    expect(each(used)).toBeLessThan(MOST + BUFFERS);
    child.stdin.write("close\n");
    await child.stdin.flush();
    expect(await child.exited).toBe(0);
    for (const socket of sockets) socket.terminate();
  }, 60_000);
});

/** Opens that many WebSockets, and leaves them to themselves. */
async function openMany(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const opening = Array.from({ length: 50 }, async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => resolve(), error() {} } });
      socket.write(headOf());
      await promise;
      return socket;
    });
    sockets.push(...(await Promise.all(opening)));
  }
  return sockets;
}

/** Gives one line of JSON after another. */
function linesOf(output: ReadableStream<Uint8Array>): () => Promise<Record<string, number>> {
  const reader = output.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  return async () => {
    for (;;) {
      const end = rest.indexOf("\n");
      if (end >= 0) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 1);
        return JSON.parse(line);
      }
      const { value, done } = await reader.read();
      if (done) throw new Error("the child ended");
      rest += decoder.decode(value, { stream: true });
    }
  };
}
