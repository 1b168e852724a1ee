import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { WsConnection } from "../../src/ws/connection.ts";
import { HandshakeError } from "../../src/ws/errors.ts";
import type { WsOptions } from "../../src/ws/options.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { pattern, utf8 } from "../helpers/bytes.ts";
import { hasNginx } from "../helpers/nginx.ts";
import { testTls } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import { rejection } from "../socket/support.ts";
import { type InteropServer, startBun, startNginx, startNode } from "./peers/interop-server.ts";
import { Diary, readAll } from "./support.ts";

interface Peer {
  readonly name: string;
  readonly start: () => InteropServer | Promise<InteropServer>;
  readonly fragments: boolean;
}

const PEERS: Peer[] = [
  { name: "ws on Node", start: startNode, fragments: true },
  { name: "Bun.serve", start: startBun, fragments: false },
];
if (hasNginx()) PEERS.push({ name: "ws on Node behind nginx, over TLS", start: startNginx, fragments: true });
else console.warn("!!! nginx is missing: no interop test runs against it !!!");

/** Sizes around those at which a header grows, and larger than what a socket takes at once. */
const SIZES = [0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 1000, 4095, 4096, 65_535, 65_536, 65_537, 200_000];

describe.each(PEERS.map((peer) => [peer.name, peer] as const))("%s", (_, { start, fragments }) => {
  let server: InteropServer;
  let connections = 0;
  const options = { tls: testTls() };
  const nextUrl = (): string => `${server.url}path?number=${++connections}`;
  const connect = (more: WsOptions = {}): Promise<WsStream> => WsStream.connect(nextUrl(), { ...options, ...more });

  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("sees URL, headers and subprotocol, and is offered no compression", async () => {
    const headers = [["X-API-KEY", "secret"]] as const;
    const ws = await connect({ headers, protocols: ["v2.json", "v1.json"] });
    expect(await server.saw("open", connections)).toMatchObject({
      url: `/path?number=${connections}`,
      key: "secret",
      extensions: "",
    });
    expect(ws.protocol).toBe("v1.json");
    await ws[Symbol.asyncDispose]();
  });

  test("refuses with status and body", async () => {
    const error = await rejection(WsStream.connect(`${server.url}refuse`, options), HandshakeError);
    expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 401 });
    expect(JSON.parse(error.body)).toEqual({ error: "no key" });
  });

  test("echoes 1,000 messages of all sizes to a stream", async () => {
    await using ws = await connect();
    const sizes = Array.from({ length: 1000 }, (__, at) => SIZES[at % (at % 10 === 0 ? SIZES.length : 12)] ?? 0);
    const sending = (async () => {
      for (const [at, size] of sizes.entries()) {
        const room = at % 2 === 0 ? ws.sendText("é".repeat(size >> 1)) : ws.sendBinary(pattern(size));
        if (!room) await ws.drained();
      }
    })();
    for (const [at, size] of sizes.entries()) {
      const message = await ws.recv();
      if (message === null) throw new Error(`ended at ${at}`);
      const sent = at % 2 === 0 ? utf8("é".repeat(size >> 1)) : pattern(size);
      expect(message.kind).toBe(at % 2 === 0 ? "text" : "binary");
      if (Buffer.compare(message.bytes(), sent) !== 0) throw new Error(`message ${at} came back changed`);
    }
    await sending;
  });

  test("echoes 1,000 messages to a connection, each sent from the handler of the one before", async () => {
    const diary = new Diary();
    diary.onEntry = (ws, entry) => {
      if (!entry.startsWith("message")) return;
      const count = diary.messages.length;
      if (count < 1000) ws.sendText(`echo ${count}`);
      else ws.close(1000);
    };
    const ws = await WsConnection.connect(nextUrl(), diary.handlers, options);
    ws.sendText("echo 0");
    await until(() => diary.closed);
    expect(diary.messages).toEqual(Array.from({ length: 1000 }, (__, at) => ({ kind: "text", text: `echo ${at}` })));
    expect(diary.errors).toEqual([]);
    expect(await server.saw("close", connections)).toMatchObject({ code: 1000 });
  });

  test("exchanges big messages both ways, larger than every buffer", async () => {
    await using ws = await connect({ bufferCapacity: 4096, writeBufferCapacity: 4096 });
    const bytes = pattern(10 << 20);
    ws.sendBinary(bytes);
    const echo = await ws.recv();
    expect(echo?.kind === "binary" && Buffer.compare(echo.bytes(), bytes)).toBe(0);
    const text = "aé€😀".repeat(200_000);
    ws.sendText(text);
    expect((await ws.recv())?.text() === text).toBe(true);
    ws.sendText("!big 5000000");
    const big = await ws.recv();
    expect(big?.kind === "binary" && Buffer.compare(big.bytes(), Buffer.alloc(5_000_000, "nexus"))).toBe(0);
  });

  test("floods with small messages, which come in order", async () => {
    await using ws = await connect();
    ws.sendText("!count 20000");
    for (let count = 0; count < 20_000; count++) {
      const text = (await ws.recv())?.text();
      if (text !== `count ${count}`) throw new Error(`message ${count} is ${text}`);
    }
  });

  test("pings and is answered, is pinged and answers", async () => {
    await using ws = await connect();
    ws.sendText("!ping are-you-there");
    expect((await ws.recv())?.toOwned()).toEqual({ kind: "ping", bytes: utf8("are-you-there") });
    expect((await ws.recv())?.text()).toBe("ponged are-you-there");
    ws.sendPing(utf8("and you"));
    const answers = [(await ws.recv())?.toOwned(), (await ws.recv())?.toOwned()];
    expect(answers).toContainEqual({ kind: "pong", bytes: utf8("and you") });
    expect(answers).toContainEqual({ kind: "text", text: "pinged and you" });
    ws.sendPong(utf8("unasked"));
    expect((await ws.recv())?.text()).toBe("ponged unasked");
  });

  if (fragments) {
    test("sends fragments with pings between", async () => {
      await using ws = await connect();
      ws.sendText("!fragments 5");
      expect((await ws.recv())?.kind).toBe("ping");
      expect((await ws.recv())?.kind).toBe("ping");
      expect((await ws.recv())?.text()).toBe("part 5,part 4,part 3,part 2,part 1,");
      expect([(await ws.recv())?.text(), (await ws.recv())?.text()]).toEqual(["ponged within", "ponged within"]);
    });
  }

  test("closes with code and reason, and sees ours in return", async () => {
    const ws = await connect();
    ws.sendText("!close 4001 maintenance");
    expect(await readAll(ws)).toEqual(["close 4001 maintenance"]);
    expect(await ws.closed).toEqual({ code: 4001, reason: "maintenance" });
    expect(await server.saw("close", connections)).toMatchObject({ code: 4001 });
  });

  test("sees our close with code and reason, and answers", async () => {
    const ws = await connect();
    ws.close(3000, "done, é");
    const [close = ""] = await readAll(ws);
    expect(close).toStartWith("close 3000");
    expect((await ws.closed).code).toBe(3000);
    expect(await server.saw("close", connections)).toMatchObject({ code: 3000, reason: "done, é" });
  });

  test("sees a close without a code", async () => {
    const ws = await connect();
    ws.close();
    await ws.closed;
    expect(await server.saw("close", connections)).toMatchObject({ code: 1005 });
  });

  test("that cuts the connection is an error; cut by us, it sees 1006", async () => {
    const ws = await connect();
    ws.sendText("!terminate");
    expect(await readAll(ws)).toEqual([expect.stringMatching(/^error (?:CONNECTION_RESET|WS_ABNORMAL_CLOSURE)$/)]);
    const other = await connect();
    other.terminate();
    expect(await server.saw("close", connections)).toMatchObject({ code: 1006 });
  });
});

if (hasNginx()) {
  test("nginx itself refuses with its own body", async () => {
    await using server = await startNginx();
    const error = await rejection(WsStream.connect(`${server.url}forbidden`, { tls: testTls() }), HandshakeError);
    expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 403, body: "not from here" });
    expect(error.headers.some(([name, value]) => name === "Server" && value.startsWith("nginx"))).toBe(true);
  });
}
