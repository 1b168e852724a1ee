import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { TcpListener } from "../../src/socket/tcp-listener.ts";
import type { TcpSocket } from "../../src/socket/tcp-socket.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import type { AcceptOptions } from "../../src/ws/accept-options.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import { HandshakeError } from "../../src/ws/errors.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { pattern } from "../helpers/bytes.ts";
import { testPath } from "../helpers/certificates.ts";
import { testTls } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import { rejection } from "../socket/support.ts";
import { readAll } from "./support.ts";

const SIZES = [0, 1, 125, 126, 127, 1000, 4096, 65_535, 65_536, 200_000];

/** Echoes; `/ask` pings once and closes when it was answered, `/refuse` refuses. */
class EchoServer implements Disposable {
  readonly listener: TcpListener;
  readonly url: string;
  /** How accepted WebSockets ended, and what was refused. */
  readonly ends: string[] = [];
  servedBy: "stream" | "connection" = "stream";

  constructor(secure: boolean) {
    const tls = new TlsConfig({ cert: testPath("localhost.crt"), key: testPath("localhost.key") });
    this.listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0, ...(secure ? { tls } : {}) });
    this.url = `${secure ? "wss" : "ws"}://localhost:${this.listener.port}/`;
    void this.#serve();
  }

  [Symbol.dispose](): void {
    this.listener.close();
  }

  async #serve(): Promise<void> {
    for await (const tcp of this.listener) {
      const serving = this.servedBy === "stream" ? this.#stream(tcp) : this.#connection(tcp);
      serving.catch((error) => this.ends.push(error instanceof HandshakeError ? error.code : String(error)));
    }
  }

  async #stream(tcp: TcpSocket): Promise<void> {
    const ws = await WsStream.accept(tcp, OPTIONS);
    if (ws.url.endsWith("/ask")) ws.sendPing(Buffer.from("there?"));
    for (let msg = await ws.recv(); msg !== null; msg = await ws.recv()) {
      if (msg.kind === "text" && !ws.sendText(msg.text())) await ws.drained();
      else if (msg.kind === "binary" && !ws.sendBinary(msg.bytes())) await ws.drained();
      else if (msg.kind === "pong" && ws.url.endsWith("/ask")) ws.close(4002, "thanks");
    }
    const { code, reason } = await ws.closed;
    this.ends.push(`${code} ${reason}`.trimEnd());
  }

  async #connection(tcp: TcpSocket): Promise<void> {
    const handlers: Parameters<typeof WsConnection.accept>[1] = {
      message(ws, msg) {
        if (msg.kind === "text") ws.sendText(msg.text());
        else if (msg.kind === "binary") ws.sendBinary(msg.bytes());
        else if (msg.kind === "pong" && ws.url.endsWith("/ask")) ws.close(4002, "thanks");
      },
      close: (_, code, reason) => void this.ends.push(`${code} ${reason}`.trimEnd()),
      error() {},
    };
    const ws = await WsConnection.accept(tcp, handlers, OPTIONS);
    if (ws.url.endsWith("/ask")) ws.sendPing(Buffer.from("there?"));
  }
}

const OPTIONS: AcceptOptions = {
  protocols: ["v1", "v2"],
  onUpgrade: ({ path }) =>
    path === "/refuse" ? { status: 429, headers: { "Retry-After": "7" }, body: "slow down" } : undefined,
};

describe.each([
  ["plain", false],
  ["TLS", true],
] as const)("%s", (_, secure) => {
  let server: EchoServer;
  beforeAll(() => {
    server = new EchoServer(secure);
  });
  afterAll(() => server[Symbol.dispose]());

  /** Runs a case of `ws` on Node against the server. */
  async function node(name: string): Promise<unknown> {
    const script = fileURLToPath(new URL("./peers/ws-client.mjs", import.meta.url));
    const child = Bun.spawn(["node", script, name, server.url, testPath("ca.crt")], {
      stdout: "pipe",
      stderr: "inherit",
    });
    return JSON.parse(await child.stdout.text());
  }

  /** Waits for the next end, and returns it. */
  async function ending(before: number): Promise<string | undefined> {
    await until(() => server.ends.length > before);
    return server.ends[before];
  }

  describe.each(["stream", "connection"] as const)("served by a %s", (servedBy) => {
    beforeAll(() => {
      server.servedBy = servedBy;
    });

    test("ws on Node echoes every size", async () => {
      const before = server.ends.length;
      expect(await node("echo")).toMatchObject({ protocol: "v2", extensions: "", same: 19, of: 19, code: 4001 });
      expect(await ending(before)).toBe("4001 done");
    });

    test("ws on Node sends fragments with pings between", async () => {
      const text = "part 5,part 4,part 3,part 2,part 1,";
      expect(await node("fragments")).toEqual({ text, pong: "within", code: 1005, reason: "" });
    });

    test("ws on Node floods and is cut", async () => {
      const before = server.ends.length;
      expect(await node("flood")).toEqual({ result: "all" });
      expect(await ending(before)).toMatch(/^(?:1006|TransportError|WsClosedError)/);
    });

    test("ws on Node is pinged and closed", async () => {
      expect(await node("asked")).toEqual({ ping: "there?", code: 4002, reason: "thanks" });
    });

    test("ws on Node is refused", async () => {
      expect(await node("refused")).toEqual({ status: 429, retry: "7", body: "slow down" });
    });

    test("Bun's WebSocket echoes, and closes", async () => {
      const before = server.ends.length;
      // Bun's declarations know neither `tls` nor an object of options beside the DOM's.
      const options = { protocols: ["v1"], tls: { ca: Bun.file(testPath("ca.crt")) } } as unknown as string[];
      const ws = new WebSocket(`${server.url}echo`, options);
      ws.binaryType = "arraybuffer";
      await new Promise((resolve, reject) => {
        ws.onopen = resolve;
        ws.onerror = reject;
      });
      expect(ws.protocol).toBe("v1");
      for (const size of SIZES) {
        const answer = new Promise<MessageEvent>((resolve) => {
          ws.onmessage = resolve;
        });
        ws.send(pattern(size));
        expect(Buffer.compare(new Uint8Array((await answer).data), pattern(size))).toBe(0);
      }
      const closed = new Promise<CloseEvent>((resolve) => {
        ws.onclose = resolve;
      });
      ws.close(4003, "bye");
      expect(await closed).toMatchObject({ code: 4003 });
      expect(await ending(before)).toBe("4003 bye");
    });

    test("our stream echoes messages larger than every buffer", async () => {
      const before = server.ends.length;
      const ws = await WsStream.connect(`${server.url}echo`, { tls: testTls(), protocols: ["v2"] });
      expect(ws.protocol).toBe("v2");
      for (const size of [...SIZES, 10 << 20]) {
        ws.sendBinary(pattern(size));
        const msg = await ws.recv();
        expect(msg?.kind === "binary" && Buffer.compare(msg.bytes(), pattern(size))).toBe(0);
      }
      ws.close(1000);
      expect(await readAll(ws)).toEqual(["close 1000"]);
      expect(await ending(before)).toBe("1000");
    });

    test("our client is refused with status, fields and body", async () => {
      const error = await rejection(WsStream.connect(`${server.url}refuse`, { tls: testTls() }), HandshakeError);
      expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 429, body: "slow down" });
      expect(error.headers).toContainEqual(["Retry-After", "7"]);
    });
  });
});
