import { expect, test } from "bun:test";
import { giveRunMemory, readingMemory, takeRunMemory } from "../../src/codec/ws/run-memory.ts";
import { dial } from "../../src/socket/dial.ts";
import type { TcpSocket } from "../../src/socket/tcp-socket.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import { identity, testPath } from "../helpers/certificates.ts";
import { until } from "../helpers/wait.ts";
import { Recorder, serve, type TestServer } from "./support.ts";

type Peer = TestServer["sockets"][number];

const FLOOD = 24 << 20;
/** Bytes of the memory that direct reads go to. */
const DIRECT = 256 << 10;

/** No two places of it look alike. */
const SENT: Uint8Array = new Uint8Array(
  Uint32Array.from({ length: FLOOD / 4 }, (_, at) => Math.imul(at, 0x9e3779b1)).buffer,
);

/** Keeps chunks, or copies them and gives them back. */
class Receiver extends Recorder {
  received = 0;
  direct = 0;
  onChunk: () => void = () => {};
  readonly #socket: TcpSocket;
  readonly #gives: (at: number) => boolean;

  constructor(socket: TcpSocket, gives: (at: number) => boolean) {
    super();
    this.#socket = socket;
    this.#gives = gives;
  }

  override onBytes(chunk: Uint8Array): void {
    if (chunk.buffer.byteLength === DIRECT || chunk.buffer === readingMemory()?.buffer) this.direct++;
    this.received += chunk.length;
    const gives = this.#gives(this.chunks.length);
    super.onBytes(gives ? chunk.slice() : chunk);
    if (gives) this.#socket.reclaim(chunk);
    this.onChunk();
  }
}

async function connect(gives: (at: number) => boolean): Promise<[Receiver, TcpSocket, Peer, TestServer]> {
  const server = serve();
  const socket = await dial({ hostname: "127.0.0.1", port: server.port, tls: null });
  await until(() => server.sockets.length === 1);
  const [peer] = server.sockets;
  if (peer === undefined) throw new Error("no peer");
  const receiver = new Receiver(socket, gives);
  socket.attach(receiver);
  return [receiver, socket, peer, server];
}

async function flood(peer: Peer): Promise<void> {
  for (let sent = 0; sent < FLOOD; ) {
    sent += Math.max(0, peer.write(SENT, sent, FLOOD - sent));
    if (sent < FLOOD) await Bun.sleep(1);
  }
}

test.each<[how: string, gives: (at: number) => boolean]>([
  ["given back", () => true],
  ["kept", () => false],
  ["now kept, now given back", (at) => at % 3 !== 0],
])("a flood is whole, in order and told its end, where chunks are %s", async (how, gives) => {
  const [receiver, socket, peer, server] = await connect(gives);
  using _ = server;
  await flood(peer);
  peer.end();
  await until(() => receiver.events.includes("end"));
  expect(receiver.events).toEqual(["bytes", "end"]);
  expect(Buffer.compare(receiver.bytes, SENT)).toBe(0);
  if (how !== "kept") expect(receiver.direct).toBeGreaterThan(1);
  socket.terminate();
});

test("behind a proxy that is spoken to over TLS nothing goes past it, in or out", async () => {
  using proxy = serve({
    tls: identity("localhost"),
    onData(peer, chunk) {
      const asked = Buffer.from(chunk).toString();
      if (asked.startsWith("CONNECT ")) peer.write("HTTP/1.1 200 OK\r\n\r\n");
      else void flood(peer);
    },
  });
  const target = { hostname: "venue.invalid", port: 80, tls: null };
  const tls = new TlsConfig({ ca: testPath("ca.crt") });
  const socket = await dial(target, { proxy: { url: `https://localhost:${proxy.port}`, tls } });
  const receiver = new Receiver(socket, () => true);
  socket.attach(receiver);
  expect(socket.write(Buffer.from("go"), 0, 2)).toBe(2);
  await until(() => receiver.received >= FLOOD || receiver.closed);
  expect(proxy.received().toString()).toEndWith("\r\n\r\ngo");
  expect([receiver.received, Buffer.compare(receiver.bytes, SENT), receiver.direct]).toEqual([FLOOD, 0, 0]);
  socket.terminate();
});

test("who pauses is not told more than Bun had read, and all the rest after resume", async () => {
  const [receiver, socket, peer, server] = await connect(() => true);
  using _ = server;
  let paused = 0;
  receiver.onChunk = () => {
    if (receiver.direct !== 1) return;
    paused = receiver.received;
    socket.pause();
    receiver.onChunk = () => {};
  };
  const flooding = flood(peer);
  await until(() => paused > 0);
  await Bun.sleep(20);
  expect(receiver.received - paused).toBeLessThanOrEqual(512 << 10);
  socket.resume();
  await flooding;
  await until(() => receiver.received === FLOOD);
  expect(Buffer.compare(receiver.bytes, SENT)).toBe(0);
  socket.terminate();
});

test("a receiver that throws ends the connection, as elsewhere", async () => {
  const [receiver, , peer, server] = await connect(() => true);
  using _ = server;
  receiver.onChunk = () => {
    if (receiver.direct === 1) throw new Error("enough");
  };
  void flood(peer).catch(() => {});
  await until(() => receiver.closed);
  expect(receiver.error).toMatchObject({ code: "CONNECTION_HANDLER_THREW", cause: { message: "enough" } });
  expect(receiver.events).toEqual(["bytes", "close"]);
});

test("a receiver that cuts the connection is told no more", async () => {
  const [receiver, socket, peer, server] = await connect(() => true);
  using _ = server;
  let cut = 0;
  receiver.onChunk = () => {
    if (receiver.direct !== 1) return;
    socket.terminate();
    cut = receiver.received;
  };
  void flood(peer).catch(() => {});
  await until(() => receiver.closed);
  expect([receiver.received, receiver.error]).toEqual([cut, null]);
});

test("a reset that a direct read meets is told as what it is", async () => {
  const [receiver, , peer, server] = await connect(() => true);
  using _ = server;
  // The reset is in the kernel before the next read; it is told once what came before it was read.
  receiver.onChunk = () => {
    if (receiver.direct === 1) peer.terminate();
  };
  void flood(peer).catch(() => {});
  await until(() => receiver.closed);
  expect(receiver.direct).toBeGreaterThan(0);
  expect(receiver.error).toMatchObject({ code: "CONNECTION_RESET", cause: { code: "ECONNRESET" } });
  expect(receiver.events).toEqual(["bytes", "close"]);
});

test("once masked runs have been read, reads go where those need no copy, and there again after it was kept", async () => {
  const memory = takeRunMemory();
  if (memory === null) throw new Error("somebody has kept it");
  giveRunMemory(memory);
  const inReadingMemory = ({ buffer }: Uint8Array): boolean => buffer === memory.bytes.buffer;
  const kept: Uint8Array[] = [];
  const seen: boolean[] = [];
  const [receiver, socket, peer, server] = await connect(() => true);
  using _ = server;
  const give = socket.reclaim.bind(socket);
  socket.reclaim = (chunk) => {
    if (chunk.buffer.byteLength !== DIRECT && !inReadingMemory(chunk)) return;
    seen.push(inReadingMemory(chunk));
    if (inReadingMemory(chunk) && kept.length === 0) kept.push(chunk);
    else give(chunk);
    if (seen.length === 4) for (const chunk of kept) give(chunk);
  };
  await flood(peer);
  await until(() => receiver.received === FLOOD);
  expect(seen.slice(0, 6)).toEqual([true, false, false, false, true, true]);
  expect(Buffer.compare(receiver.bytes, SENT)).toBe(0);
  socket.terminate();
});
