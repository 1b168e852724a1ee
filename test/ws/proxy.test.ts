import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { WsConnection } from "../../src/ws/connection.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { BACKENDS, type Backend } from "../helpers/backends/backends.ts";
import { failed } from "../helpers/backends/told.ts";
import { pattern } from "../helpers/bytes.ts";
import { identity, testPath } from "../helpers/certificates.ts";
import { unusedPort } from "../helpers/daemon.ts";
import { testTls } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import { FakeProxy } from "../socket/fake-proxy.ts";
import { type RealProxy, realProxies } from "../socket/real-proxy.ts";
import { serve } from "../socket/support.ts";
import { Diary } from "./support.ts";

const TLS = testTls();
const TRUSTED = { ca: testPath("ca.crt") };

describe.each(BACKENDS)("by the %s backend", (_, start) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await start();
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  describe.each([false, true])("a proxy that is scripted, the target over TLS: %p", (secure) => {
    test.each(["http", "socks5", "socks5h"])("%s: carries a stream", async (scheme) => {
      using server = new EchoServer(secure);
      using proxy = new FakeProxy({ to: server.port, login: "user:word", drip: true });
      const options = { tls: TRUSTED, proxy: `${scheme}://user:word@127.0.0.1:${proxy.port}` };
      const ws = await backend.openWs(server.url, options);
      await ws.sendText("by stream");
      expect(await ws.recv()).toBe("text by stream");
      await ws.dispose();
      expect(proxy.targets).toEqual([`localhost:${server.port}`]);
      expect(server.authorizations).toEqual([null]);
    });

    test.each(["http", "socks5", "socks5h"])("%s: carries requests", async (scheme) => {
      using server = new EchoServer(secure);
      using proxy = new FakeProxy({ to: server.port, login: "user:word", drip: true });
      const options = { tls: TRUSTED, proxy: `${scheme}://user:word@127.0.0.1:${proxy.port}` };
      await using connection = await backend.openHttp(server.url.replace("ws", "http"), options);
      for (let turn = 0; turn < 2; turn++) {
        expect(await connection.ask("/", { timeout: 20_000 })).toMatchObject({ status: 426, body: "upgrade" });
      }
      expect(proxy.targets).toEqual([`localhost:${server.port}`]);
    });

    test("a login in the WebSocket's URL is the server's, that of the proxy the proxy's", async () => {
      using server = new EchoServer(secure);
      using proxy = new FakeProxy({ to: server.port, login: "user:word" });
      const url = server.url.replace("//", "//me:mine@");
      const options = { tls: TRUSTED, proxy: `http://user:word@127.0.0.1:${proxy.port}` };
      await (await backend.openWs(url, options)).terminate();
      expect(server.authorizations).toEqual([`Basic ${btoa("me:mine")}`]);
      expect(Buffer.concat(proxy.asked).toString()).not.toContain(btoa("me:mine"));
    });

    test("no tunnel, no connection: the server hears of nothing", async () => {
      using server = new EchoServer(secure);
      using silent = serve();
      using refusing = serve({ onData: (socket) => socket.write("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno") });
      for (const open of [
        (proxy: string) => backend.openWs(server.url, { tls: TRUSTED, proxy, connectTimeout: 100 }),
        (proxy: string) =>
          backend.openHttp(server.url.replace("ws", "http"), { tls: TRUSTED, proxy, connectTimeout: 100 }),
      ]) {
        const refused = await failed(open(`http://127.0.0.1:${refusing.port}`));
        expect(refused).toMatchObject({ code: "PROXY_REFUSED", phase: "proxy", status: 403, body: "no" });
        const timeout = await failed(open(`socks5://127.0.0.1:${silent.port}`));
        expect(timeout).toMatchObject({ code: "CONNECT_TIMEOUT", phase: "proxy", timeout: 100 });
        const unreachable = await failed(open(`http://127.0.0.1:${unusedPort()}`));
        expect(unreachable).toMatchObject({ code: "PROXY_UNREACHABLE", phase: "proxy" });
        for (const nonsense of ["", "127.0.0.1:3128"]) {
          expect(await failed(open(nonsense))).toMatchObject({ name: "UsageError", code: "PROXY_INVALID" });
        }
      }
      expect(server.requests).toBe(0);
    });
  });

  test.each(["http", "socks5"])(
    "%s: a server with another's certificate gets not one byte of the upgrade",
    async (scheme) => {
      using server = serve({ tls: identity("wrong-name") });
      using proxy = new FakeProxy({ to: server.port });
      const options = {
        tls: TRUSTED,
        headers: { "X-API-KEY": "secret" },
        proxy: `${scheme}://127.0.0.1:${proxy.port}`,
      };
      const error = await failed(backend.openWs("wss://localhost/", options));
      expect(error).toMatchObject({ code: "TLS_VERIFICATION_FAILED", reason: "ERR_TLS_CERT_ALTNAME_INVALID" });
      await until(() => proxy.closed === 1);
      expect(server.received().length).toBe(0);
    },
  );

  test("time that runs out in the upgrade is told so, through a proxy too", async () => {
    using server = serve();
    using proxy = new FakeProxy({ to: server.port });
    const options = { proxy: `http://127.0.0.1:${proxy.port}`, connectTimeout: 150 };
    const error = await failed(backend.openWs("ws://venue.invalid/?key=secret", options));
    expect(error).toMatchObject({ code: "CONNECT_TIMEOUT", phase: "handshake", timeout: 150 });
    expect(error.shown).not.toContain("secret");
  });

  describe.each(realProxies())("%s", (__, startProxy) => {
    let proxy: RealProxy;

    beforeAll(async () => {
      proxy = await startProxy();
    });
    afterAll(() => proxy[Symbol.asyncDispose]());

    test.each([false, true])("carries messages of all sizes, the target over TLS: %p", async (secure) => {
      using server = new EchoServer(secure);
      for (const url of [server.url, server.url.replace("localhost", "127.0.0.1")]) {
        const ws = await backend.openWs(url, { tls: TRUSTED, proxy: proxy.url });
        for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
          const sent = pattern(size);
          await ws.sendBinary(sent);
          const message = await ws.recvBytes();
          if (message === null || Buffer.compare(message.bytes, sent) !== 0)
            throw new Error(`${size} came back changed`);
        }
        await ws.dispose();
      }
      expect(server.requests).toBe(2);
    });

    test("50 at a time", async () => {
      using server = new EchoServer(true);
      const visits = Array.from({ length: 50 }, async (___, number) => {
        const ws = await backend.openWs(server.url, { tls: TRUSTED, proxy: proxy.url });
        await ws.sendText(`number ${number}`);
        const line = await ws.recv();
        await ws.dispose();
        return line;
      });
      expect(await Promise.all(visits)).toEqual(Array.from({ length: 50 }, (___, number) => `text number ${number}`));
    });

    test("refuses who does not say who they are, or says it wrongly", async () => {
      using server = new EchoServer(false);
      for (const login of ["", "user:wrong@"]) {
        const url = proxy.url.replace("user:word@", login);
        const error = await failed(backend.openWs(server.url, { proxy: url }));
        expect(error).toMatchObject({ code: "PROXY_AUTH_FAILED", phase: "proxy", address: `127.0.0.1:${proxy.port}` });
        if (url.startsWith("http")) expect(error).toMatchObject({ status: login === "" ? 407 : 401 });
      }
      expect(server.requests).toBe(0);
    });

    test("tells that nobody listens there, or that the name is unknown", async () => {
      for (const url of [`ws://127.0.0.1:${unusedPort()}/`, "ws://venue.invalid/"]) {
        const error = await failed(backend.openWs(url, { proxy: proxy.url }));
        expect(error).toMatchObject({ code: "PROXY_REFUSED", phase: "proxy" });
        expect(error.status).toBeGreaterThan(0);
      }
    });

    test("does not stand between the certificate and its verification", async () => {
      using server = serve({ tls: identity("wrong-name") });
      const url = `wss://127.0.0.1:${server.port}/`;
      const error = await failed(backend.openWs(url, { tls: TRUSTED, proxy: proxy.url }));
      expect(error).toMatchObject({ code: "TLS_VERIFICATION_FAILED", phase: "tls" });
      await until(() => server.closes.length === 1);
      expect(server.received().length).toBe(0);
    });
  });
});

describe.each([false, true])("a proxy that is scripted, the target over TLS: %p", (secure) => {
  test.each(["http", "socks5", "socks5h"])("%s: carries a connection", async (scheme) => {
    using server = new EchoServer(secure);
    using proxy = new FakeProxy({ to: server.port, login: "user:word", drip: true });
    const options = { tls: TLS, proxy: `${scheme}://user:word@127.0.0.1:${proxy.port}` };
    const ws = await WsStream.connect(server.url, options);
    expect(ws.transport.secure).toBe(secure);
    ws.terminate();
    const diary = new Diary();
    const connection = await WsConnection.connect(server.url, diary.handlers, options);
    connection.sendText("by connection");
    await until(() => diary.messages.length === 1);
    expect(diary.messages[0]).toMatchObject({ kind: "text", text: "by connection" });
    connection.terminate();
    expect(proxy.targets).toEqual([`localhost:${server.port}`, `localhost:${server.port}`]);
    expect(server.authorizations).toEqual([null, null]);
  });
});

/** Bun's server on every loopback address that `localhost` may mean to a proxy. */
class EchoServer implements Disposable {
  readonly port: number;
  readonly url: string;
  /** Of each upgrade request. */
  readonly authorizations: (string | null)[] = [];
  readonly #servers: Bun.Server<undefined>[] = [];

  constructor(secure: boolean) {
    this.port = this.#listen("127.0.0.1", 0, secure);
    this.url = `${secure ? "wss" : "ws"}://localhost:${this.port}/`;
    try {
      this.#listen("::1", this.port, secure);
    } catch {
      // Without IPv6 nobody is told that address.
    }
  }

  get requests(): number {
    return this.authorizations.length;
  }

  [Symbol.dispose](): void {
    for (const server of this.#servers) void server.stop(true);
  }

  #listen(hostname: string, port: number, secure: boolean): number {
    const server = Bun.serve<undefined>({
      hostname,
      port,
      ...(secure ? { tls: identity("localhost") } : {}),
      fetch: (request, self) => {
        this.authorizations.push(request.headers.get("Authorization") ?? request.headers.get("Proxy-Authorization"));
        return self.upgrade(request, { data: undefined }) ? undefined : new Response("upgrade", { status: 426 });
      },
      websocket: { maxPayloadLength: 4 << 20, message: (ws, message) => void ws.send(message) },
    });
    this.#servers.push(server);
    return server.port ?? 0;
  }
}
