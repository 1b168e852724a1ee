import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { TcpListener } from "../../src/socket/tcp-listener.ts";
import type { TcpSocket } from "../../src/socket/tcp-socket.ts";
import { HandshakeError } from "../../src/ws/errors.ts";
import type { WsOptions } from "../../src/ws/options.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { hexOf, pattern, utf8 } from "../helpers/bytes.ts";
import { testPath } from "../helpers/certificates.ts";
import { type Daemon, unusedPort } from "../helpers/daemon.ts";
import { blocksOf } from "../helpers/markdown.ts";
import { hasNginx, nginx } from "../helpers/nginx.ts";
import { testTls } from "../helpers/peer-server.ts";
import { inTime, until } from "../helpers/wait.ts";
import { rejection } from "../socket/support.ts";
import { nameOf, readAll } from "./support.ts";

const SIZES = [0, 1, 125, 126, 127, 1000, 4096, 65_535, 65_536, 200_000, 5 << 20];
const GUIDE = readFileSync(fileURLToPath(new URL("../../docs/websocket.md", import.meta.url)), "utf8");
const BOOK = `{"bids":[${'["65000.10","0.5000"],'.repeat(40)}[]]}`;

/** What the guide tells to write into nginx's configuration, for our port; and a location whose silent connections nginx cuts. */
function locations(port: number): string {
  const [block] = blocksOf(GUIDE, "nginx");
  if (block === undefined) throw new Error("the guide has no block for nginx");
  const ours = block.text.replace("http://127.0.0.1:9002", `http://127.0.0.1:${port}`);
  return `${ours}\n${ours.replace("/stream", "/impatient").replaceAll("1h", "200ms")}`;
}

/** Our server: echoes, answers `ask` with a ping, and notes how each WebSocket ended. */
class Server implements Disposable {
  readonly listener: TcpListener = TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
  readonly ends: string[] = [];
  readonly accepted: WsStream[] = [];

  constructor() {
    void this.#serve();
  }

  [Symbol.dispose](): void {
    this.listener.close();
  }

  async #serve(): Promise<void> {
    for await (const tcp of this.listener) this.#echo(tcp).catch((error) => this.ends.push(nameOf(error)));
  }

  async #echo(tcp: TcpSocket): Promise<void> {
    const ws = await WsStream.accept(tcp, {
      protocols: ["v2"],
      deflate: true,
      onUpgrade(request) {
        if (request.query === "refuse") return { status: 429, headers: { "Retry-After": "7" }, body: "slow down" };
        const from = `${request.header("x-forwarded-proto")} ${request.header("x-forwarded-for")}`;
        return { headers: { "X-Path": request.path, "X-From": from } };
      },
    });
    this.accepted.push(ws);
    for (let msg = await ws.recv(); msg !== null; msg = await ws.recv()) {
      if (msg.kind === "text" && msg.text() === "ask") ws.sendPing(utf8("there?"));
      else if (msg.kind === "text" && !ws.sendText(msg.text())) await ws.drained();
      else if (msg.kind === "binary" && !ws.sendBinary(msg.bytes())) await ws.drained();
      else if (msg.kind === "pong") ws.close(4002, "thanks");
    }
    const { code, reason } = await ws.closed;
    this.ends.push(`${code} ${reason}`.trimEnd());
  }
}

if (!hasNginx()) console.warn("!!! nginx is missing: our server is tested behind none !!!");
describe.each(hasNginx() ? ["ws", "wss"] : [])("our server behind nginx, %s", (scheme) => {
  let server: Server;
  let proxy: Daemon;
  let url = "";
  beforeAll(async () => {
    server = new Server();
    const plain = unusedPort();
    proxy = await nginx({
      http: `server { listen 127.0.0.1:${plain}; ${locations(server.listener.port)} }`,
      server: () => locations(server.listener.port),
    });
    url = `${scheme}://localhost:${scheme === "ws" ? plain : proxy.port}/stream`;
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    server[Symbol.dispose]();
  });

  const connect = (options: WsOptions = {}, target = url): Promise<WsStream> =>
    WsStream.connect(target, { tls: testTls(), ...options });

  /** How the connection that was accepted after `before` others had ended did end. */
  async function ending(before: number): Promise<string | undefined> {
    await until(() => server.ends.length > before);
    return server.ends[before];
  }

  test("the upgrade: path, host, who asks, subprotocol and fields of the answer", async () => {
    const before = server.ends.length;
    const ws = await connect({ protocols: ["v1", "v2"] }, `${url}?symbol=BTC`);
    expect(ws.protocol).toBe("v2");
    expect(ws.responseHeaders).toContainEqual(["X-Path", "/stream"]);
    expect(ws.responseHeaders).toContainEqual(["X-From", `${scheme === "ws" ? "http" : "https"} 127.0.0.1`]);
    const accepted = server.accepted.at(-1);
    expect(accepted?.url).toBe("ws://localhost/stream?symbol=BTC");
    ws.close(1000);
    expect(await readAll(ws)).toEqual(["close 1000"]);
    expect(await ending(before)).toBe("1000");
  });

  test("a refusal comes through with its status, fields and body", async () => {
    const before = server.ends.length;
    const error = await rejection(connect({}, `${url}?refuse`), HandshakeError);
    expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 429, body: "slow down" });
    expect(error.headers).toContainEqual(["Retry-After", "7"]);
    expect(await ending(before)).toBe("HANDSHAKE_REFUSED");
  });

  test("a request that is no upgrade is refused, and said why", async () => {
    const before = server.ends.length;
    const response = await fetch(url.replace("ws", "http"), { tls: { ca: Bun.file(testPath("ca.crt")) } });
    expect([response.status, await response.text()]).toEqual([426, expect.stringContaining("Upgrade")]);
    expect(response.headers.get("upgrade")).toBe("websocket");
    expect(await ending(before)).toBe("UPGRADE_MISSING");
  });

  test.each(["text", "binary"] as const)("echoes of %s, of every size", async (kind) => {
    await using ws = await connect();
    for (const size of SIZES) {
      const text = "ä€".repeat(Math.floor(size / 5)) + "x".repeat(size % 5);
      if (kind === "text") ws.sendText(text);
      else ws.sendBinary(pattern(size));
      const msg = await inTime("an echo", ws.recv());
      expect(msg?.kind).toBe(kind);
      const same =
        kind === "text" ? msg?.text() === text : Buffer.compare(msg?.bytes() ?? NOTHING, pattern(size)) === 0;
      expect([size, same]).toEqual([size, true]);
    }
  });

  test("a thousand messages at once, in order", async () => {
    await using ws = await connect();
    const texts = Array.from({ length: 1_000 }, (_, number) => `number ${number}`);
    ws.cork(() => {
      for (const text of texts) ws.sendText(text);
    });
    for (const text of texts) expect((await inTime("an echo", ws.recv()))?.text()).toBe(text);
  });

  test("pings both ways, and a close that the server begins", async () => {
    const before = server.ends.length;
    const ws = await connect();
    ws.sendPing(utf8("and you?"));
    ws.sendText("ask");
    expect((await readAll(ws)).sort()).toEqual([
      "close 4002 thanks",
      `ping ${hexOf(utf8("there?"))}`,
      `pong ${hexOf(utf8("and you?"))}`,
    ]);
    expect(await ending(before)).toBe("4002");
  });

  test("permessage-deflate, agreed on by the two ends", async () => {
    await using ws = await connect({ deflate: { threshold: 0, windowBits: 12 } });
    expect(ws.deflate?.own.windowBits).toBe(12);
    expect(server.accepted.at(-1)?.deflate?.peer.windowBits).toBe(12);
    for (let round = 0; round < 50; round++) {
      const book = BOOK.replace("65000", String(65_000 + round)).repeat(1 + (round % 20));
      ws.sendText(book);
      expect((await inTime("an echo", ws.recv()))?.text() === book).toBe(true);
    }
  });

  test("a client that aborts is seen by the server, idle or within a message", async () => {
    for (const within of [false, true]) {
      const before = server.ends.length;
      const ws = await connect();
      ws.sendText("hello");
      expect((await ws.recv())?.text()).toBe("hello");
      if (within) ws.sendBinary(new Uint8Array(8 << 20));
      ws.terminate();
      expect(await ending(before)).toMatch(/^(?:WS_ABNORMAL_CLOSURE|CONNECTION_RESET)$/);
      expect((await server.accepted.at(-1)?.closed)?.code).toBe(1006);
    }
  });

  test("a server that aborts is seen by the client", async () => {
    const ws = await connect();
    server.accepted.at(-1)?.terminate();
    expect(await readAll(ws)).toEqual([expect.stringMatching(/^error (?:WS_ABNORMAL_CLOSURE|CONNECTION_RESET)$/)]);
    expect((await ws.closed).code).toBe(1006);
  });

  test("what nginx cuts for its silence, both ends see", async () => {
    const before = server.ends.length;
    const ws = await connect({}, url.replace("/stream", "/impatient"));
    expect(await inTime("nginx to cut", readAll(ws))).toEqual([expect.stringMatching(/^error /)]);
    expect(await ending(before)).toMatch(/^(?:WS_ABNORMAL_CLOSURE|CONNECTION_RESET)$/);
  });
});

const NOTHING = new Uint8Array(0);
