import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import type { Subprocess } from "bun";
import { TcpListener } from "../../src/socket/tcp-listener.ts";
import type { DeflateOptions } from "../../src/ws/deflate-options.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { utf8 } from "../helpers/bytes.ts";
import { seededRandom } from "../helpers/random.ts";

/** The package `ws` on Node compresses with zlib's streams, in other threads; Bun's own shim of it is not that. */
const PEER = fileURLToPath(new URL("./peers/deflate-peer.mjs", import.meta.url));
const WINDOWS = [8, 9, 12, 15];
const WAYS = [true, false];

describe("a client of ours and ws on Node as server", () => {
  let child: Subprocess<"pipe", "pipe", "inherit">;
  let port = 0;
  beforeAll(async () => {
    child = Bun.spawn(["node", PEER], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
    const { value } = await child.stdout.getReader().read();
    port = Number(new TextDecoder().decode(value));
  });
  afterAll(async () => {
    await child.stdin.end();
    await child.exited;
  });
  const connect = (server: object | boolean, deflate: DeflateOptions): Promise<WsStream> =>
    WsStream.connect(`ws://127.0.0.1:${port}/?deflate=${encodeURIComponent(JSON.stringify(server))}`, { deflate });

  for (const windowBits of WINDOWS) {
    for (const peerWindowBits of WINDOWS) {
      test(`windows of ${windowBits} and ${peerWindowBits} bits, taken over or not`, async () => {
        for (const contextTakeover of WAYS) {
          for (const peerContextTakeover of WAYS) {
            const options = { windowBits, peerWindowBits, contextTakeover, peerContextTakeover, threshold: 0 };
            await using ws = await connect({ threshold: 0 }, options);
            const told = JSON.parse((await ws.recv())?.text().slice("extensions ".length) ?? "null");
            expect(told).toMatchObject({
              ...(peerWindowBits < 15 ? { server_max_window_bits: peerWindowBits } : {}),
              ...(peerContextTakeover ? {} : { server_no_context_takeover: true }),
            });
            expect(ws.deflate?.own).toEqual({ windowBits, contextTakeover });
            expect(ws.deflate?.peer).toEqual({ windowBits: peerWindowBits, contextTakeover: peerContextTakeover });
            await echoes(ws, 12);
          }
        }
      });
    }
  }

  test("a server that limits both ends", async () => {
    for (const limits of [
      { serverMaxWindowBits: 10, clientMaxWindowBits: 9 },
      { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 11 },
    ]) {
      await using ws = await connect({ threshold: 0, ...limits }, { threshold: 0 });
      await ws.recv();
      expect(ws.deflate).toEqual({
        own: { windowBits: limits.clientMaxWindowBits ?? 15, contextTakeover: !limits.clientNoContextTakeover },
        peer: { windowBits: limits.serverMaxWindowBits, contextTakeover: !limits.serverNoContextTakeover },
      });
      await echoes(ws, 20);
    }
  });

  test("a server that does not compress, and one that seldom does", async () => {
    for (const server of [false, { threshold: 4096 }]) {
      await using ws = await connect(server, {});
      await ws.recv();
      expect(ws.deflate === null).toBe(server === false);
      await echoes(ws, 30);
    }
  });

  test("compressed fragments with pings between them", async () => {
    await using ws = await connect({ threshold: 0 }, { threshold: 0 });
    await ws.recv();
    const text = Array.from({ length: 2000 }, (_, at) => `${at * at},`).join("");
    for (let round = 0; round < 3; round++) {
      ws.sendText(`!fragments ${text}`);
      let message = await ws.recv();
      while (message !== null && message.kind !== "text") message = await ws.recv();
      expect(message?.text() === text).toBe(true);
    }
  });

  test("10 MiB both ways, of what compresses and of what does not", async () => {
    await using ws = await connect({ threshold: 0 }, { threshold: 0 });
    await ws.recv();
    for (const bytes of [new Uint8Array(10 << 20), noise(10 << 20)]) {
      ws.sendBinary(bytes);
      expect(Buffer.compare((await ws.recv())?.bytes() ?? utf8(""), bytes)).toBe(0);
    }
  }, 60_000);
});

describe("a server of ours and ws on Node as client", () => {
  const OFFERS: readonly (readonly [name: string, client: object | boolean, server: DeflateOptions | false])[] = [
    ["the defaults of both", true, {}],
    ["everything compressed", { threshold: 0 }, { threshold: 0 }],
    ["the smallest windows", { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 9 }, { threshold: 0 }],
    ["limits of the server's", { threshold: 0 }, { threshold: 0, windowBits: 8, peerWindowBits: 9, level: 9 }],
    [
      "no context",
      { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
      { threshold: 0, windowBits: 11 },
    ],
    [
      "no context, by the server",
      { threshold: 0 },
      { threshold: 0, contextTakeover: false, peerContextTakeover: false },
    ],
    ["a client that does not compress", false, { threshold: 0 }],
    ["a server that does not", true, false],
  ];
  test.each(OFFERS)("%s", async (_, client, deflate) => {
    using listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
    const child = Bun.spawn(["node", PEER, `ws://127.0.0.1:${listener.port}/`, JSON.stringify(client), "200"], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const tcp = await listener.accept();
    if (tcp === null) throw new Error("the listener ended");
    const ws = await WsStream.accept(tcp, { deflate });
    for (let msg = await ws.recv(); msg !== null; msg = await ws.recv()) {
      if (msg.kind === "text") ws.sendText(msg.text());
      else if (msg.kind === "binary") ws.sendBinary(msg.bytes());
    }
    const answered = ws.responseHeaders.find(([name]) => name === "Sec-WebSocket-Extensions");
    const told = JSON.parse(await new Response(child.stdout).text());
    expect(told).toMatchObject({ code: 1000, back: 200 });
    expect(told.extensions.startsWith("permessage-deflate")).toBe(answered !== undefined);
    expect(ws.deflate === null).toBe(client === false || deflate === false);
  });
});

async function echoes(ws: WsStream, count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    const text = `{"sequence":${at},"price":"${65_000 + (at % 5)}"},`.repeat(1 + ((at * 29) % 80));
    if (at % 2 === 0) ws.sendText(text);
    else ws.sendBinary(utf8(text));
    const message = await ws.recv();
    expect(message?.kind).toBe(at % 2 === 0 ? "text" : "binary");
    expect(message?.text() === text).toBe(true);
  }
}

function noise(length: number): Uint8Array {
  const random = seededRandom(length);
  return new Uint8Array(length).map(() => random() * 256);
}
