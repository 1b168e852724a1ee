import { describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import type { DeflateWindow } from "../../src/codec/ws/deflate-engine.ts";
import { memoryPair } from "../../src/socket/memory-pair.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import { HandshakeError } from "../../src/ws/errors.ts";
import type { WsOptions } from "../../src/ws/options.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { hex, joined } from "../helpers/bytes.ts";
import { compressedFrames, ReferenceDeflate } from "../helpers/deflate.ts";
import { PeerServer } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import { acceptance } from "../helpers/ws-peer.ts";
import { rejection } from "../socket/support.ts";
import { Diary } from "./support.ts";

const BOOK = JSON.stringify({ bids: Array.from({ length: 60 }, (_, at) => [65_000 - at / 10, at % 7]) });
const WHOLE: DeflateWindow = { windowBits: 15, contextTakeover: true };

/** Both ends are ours, over memory. */
async function pair(client: WsOptions["deflate"], server: WsOptions["deflate"]): Promise<[WsStream, WsStream]> {
  const [near, far] = memoryPair();
  const accepting = WsStream.accept(far, server === undefined ? {} : { deflate: server });
  const connecting = WsStream.connectWith(near, "ws://localhost/", client === undefined ? {} : { deflate: client });
  return Promise.all([connecting, accepting]);
}

describe("between both ends of this library", () => {
  const sizes = [8, 9, 11, 15];
  for (const windowBits of sizes) {
    for (const peerWindowBits of sizes) {
      for (const contextTakeover of [true, false]) {
        for (const peerContextTakeover of [true, false]) {
          const options = { windowBits, contextTakeover, peerWindowBits, peerContextTakeover };
          test(JSON.stringify(options), async () => {
            const [client, server] = await pair({ ...options, threshold: 0 }, { threshold: 0 });
            const own = { windowBits, contextTakeover };
            const peer = { windowBits: peerWindowBits, contextTakeover: peerContextTakeover };
            expect([client.deflate, server.deflate]).toEqual([
              { own, peer },
              { own: peer, peer: own },
            ]);
            for (let count = 0; count < 4; count++) {
              client.sendText(BOOK + count);
              expect((await server.recv())?.text()).toBe(BOOK + count);
              server.sendText(BOOK + count);
              expect((await client.recv())?.text()).toBe(BOOK + count);
            }
            await closeBoth(client, server);
          });
        }
      }
    }
  }

  test("it takes both: one that does not compress is sent nothing compressed", async () => {
    for (const [mine, theirs] of [
      [true, undefined],
      [undefined, true],
      [true, false],
    ]) {
      const [client, server] = await pair(mine, theirs);
      expect([client.deflate, server.deflate]).toEqual([null, null]);
      client.sendText(BOOK);
      expect((await server.recv())?.text()).toBe(BOOK);
      await closeBoth(client, server);
    }
  });

  test("a server's limit for clients holds", async () => {
    const [client, server] = await pair(true, { peerWindowBits: 9, peerContextTakeover: false, windowBits: 10 });
    expect(client.deflate).toEqual({
      own: { windowBits: 9, contextTakeover: false },
      peer: { windowBits: 10, contextTakeover: true },
    });
    await closeBoth(client, server);
  });

  test("large messages both ways, at once, larger than every buffer", async () => {
    const [client, server] = await pair({ level: 1 }, { level: 9, memLevel: 9 });
    const noise = crypto.getRandomValues(new Uint8Array(300_000));
    const text = "aé€😀".repeat(200_000);
    for (const ws of [client, server]) {
      ws.sendBinary(noise);
      ws.sendText(text);
    }
    for (const ws of [client, server]) {
      expect(Buffer.compare((await ws.recv())?.bytes() ?? hex("00"), noise)).toBe(0);
      expect((await ws.recv())?.text() === text).toBe(true);
    }
    await closeBoth(client, server);
  });
});

describe("a client is sent", () => {
  const peer = new ReferenceDeflate();
  const answer = (extensions: string) => (request: Parameters<typeof acceptance>[0]) =>
    acceptance(request, `Sec-WebSocket-Extensions: ${extensions}\r\n`);

  test("compressed and plain messages in one chunk, in order, with a batch of all of them", async () => {
    const frames = Array.from({ length: 50 }, (_, at) => {
      const text = Buffer.from(`${BOOK}${at}`);
      return at % 3 === 0 ? [hex("82 02 01 02")] : compressedFrames(1, [peer.compress(text)]);
    }).flat();
    using server = new PeerServer({ answer: answer("permessage-deflate") });
    const diary = new Diary();
    await WsConnection.connect(server.url, diary.handlers, { deflate: true });
    (await server.peer()).send(joined(frames)).close(1000);
    await until(() => diary.closed);
    expect(diary.messages.map((message) => (message.kind === "text" ? message.text : message.kind))).toEqual(
      Array.from({ length: 50 }, (_, at) => (at % 3 === 0 ? "binary" : `${BOOK}${at}`)),
    );
    expect(diary.errors).toEqual([]);
    expect(diary.entries.at(-1)).toBe("close 1000");
  });

  test.each([
    ["what is not DEFLATE", "c1 01 07", "WS_DEFLATE_CORRUPT", 1007],
    ["RSV1 on a ping", "c9 00", "WS_RESERVED_BITS", 1002],
    ["bad UTF-8, compressed", "c1 07 00 01 00 fe ff ff 00", "WS_INVALID_UTF8", 1007],
  ])("%s, and answers with the close code", async (_, frame, code, closeCode) => {
    using server = new PeerServer({ answer: answer("permessage-deflate") });
    const ws = await WsStream.connect(server.url, { deflate: true });
    const remote = await server.peer();
    remote.send(hex(frame));
    expect(await rejection(ws.recv(), Error)).toMatchObject({ code });
    expect(await remote.messages(1)).toEqual([`close ${closeCode}`]);
    remote.end();
    await ws.closed;
  });

  test("a bomb, which is refused at the limit", async () => {
    using server = new PeerServer({ answer: answer("permessage-deflate") });
    const ws = await WsStream.connect(server.url, { deflate: true, maxMessageSize: 1 << 20 });
    const remote = await server.peer();
    remote.send(joined(compressedFrames(2, [new ReferenceDeflate().compress(new Uint8Array(64 << 20))])));
    expect(await rejection(ws.recv(), Error)).toMatchObject({ code: "WS_MESSAGE_TOO_LARGE" });
    expect(await remote.messages(1)).toEqual(["close 1009"]);
    remote.end();
    await ws.closed;
  });

  test("an answer that grants other than was offered: opening fails, with what is wrong", async () => {
    using server = new PeerServer({ answer: answer("permessage-deflate; server_max_window_bits=12") });
    const deflate = { peerWindowBits: 10 };
    const error = await rejection(WsStream.connect(server.url, { deflate }), HandshakeError);
    expect(error).toMatchObject({
      code: "HANDSHAKE_EXTENSION",
      message: "Cannot open WebSocket: server_max_window_bits is 12 where 10 was offered",
      status: 101,
    });
    expect((await server.peer()).request?.field("Sec-WebSocket-Extensions")).toBe(
      "permessage-deflate; server_max_window_bits=10; client_max_window_bits",
    );
  });

  test("compression that it did not offer: opening fails", async () => {
    using server = new PeerServer({ answer: answer("permessage-deflate") });
    const error = await rejection(WsStream.connect(server.url), HandshakeError);
    expect(error.code).toBe("HANDSHAKE_INVALID");
    expect((await server.peer()).request?.field("Sec-WebSocket-Extensions")).toBeNull();
  });
});

test("a server refuses an offer that breaks the grammar, and passes over one that breaks RFC 7692", async () => {
  const request = (offer: string): Uint8Array =>
    Buffer.from(
      `GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: ${offer}\r\n\r\n`,
    );
  const [near, far] = memoryPair();
  const refused = rejection(WsStream.accept(far, { deflate: true }), HandshakeError);
  near.write(request("permessage-deflate;"), 0, request("permessage-deflate;").length);
  expect(await refused).toMatchObject({ code: "UPGRADE_EXTENSIONS", status: 400 });
  near.terminate();

  const [client, server] = memoryPair();
  const offers = "permessage-deflate; client_max_window_bits=7, permessage-deflate; server_max_window_bits=9";
  client.write(request(offers), 0, request(offers).length);
  const ws = await WsStream.accept(server, { deflate: true });
  expect(ws.deflate).toEqual({ own: { windowBits: 9, contextTakeover: true }, peer: WHOLE });
  expect(ws.responseHeaders).toContainEqual([
    "Sec-WebSocket-Extensions",
    "permessage-deflate; server_max_window_bits=9",
  ]);
  client.terminate();
  await ws.closed;
});

test("connections that compress give back what they took when they end, closed or cut", async () => {
  const script = fileURLToPath(new URL("./children/deflate-connections.ts", import.meta.url));
  const child = Bun.spawn([process.execPath, script], { stdout: "pipe", stderr: "inherit" });
  const { each, grown } = JSON.parse(await new Response(child.stdout).text());
  // 3,200 ends came and went: if a tenth of what one takes were kept, it would show.
  expect(each).toBeGreaterThan(100 << 10);
  expect(grown).toBeLessThan(80 << 20);
}, 60_000);

async function closeBoth(client: WsStream, server: WsStream): Promise<void> {
  client.close(1000);
  while ((await server.recv()) !== null);
  while ((await client.recv()) !== null);
  expect([await client.closed, await server.closed]).toEqual([
    { code: 1000, reason: "" },
    { code: 1000, reason: "" },
  ]);
}
