import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BACKENDS, type Backend } from "../helpers/backends/backends.ts";
import type { TestWsOptions } from "../helpers/backends/means.ts";
import { failed, type Told } from "../helpers/backends/told.ts";
import { joined, utf8 } from "../helpers/bytes.ts";
import { testPath } from "../helpers/certificates.ts";
import { unusedPort } from "../helpers/daemon.ts";
import { frameBytes } from "../helpers/frames.ts";
import { PeerServer } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import { type Answer, acceptance, acceptOf, type PeerRequest, type WsPeer } from "../helpers/ws-peer.ts";
import { blackhole, serve, type TestServer } from "../socket/support.ts";

const TRUSTED = { ca: testPath("ca.crt") };
const HELLO = frameBytes({ opcode: 1, payload: utf8("hello") });

describe.each(BACKENDS)("the %s backend", (_, start) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await start();
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  /** What connecting to a server with this answer fails with; the server's end of it, too. */
  async function refusalBy(answer: Answer, options: TestWsOptions = {}): Promise<{ error: Told; peer: WsPeer }> {
    using server = new PeerServer({ answer });
    const error = await failed(backend.openWs(server.url, options));
    expect(error.name).toBe("HandshakeError");
    const peer = await server.peer();
    // A server that said no is left in order; whether it ends its half is its own affair.
    const inOrder = error.code === "HANDSHAKE_REFUSED" && backend.name === "spin";
    await peer.until(({ gone, sawEnd }) => gone || (inOrder && sawEnd));
    return { error, peer };
  }

  describe("connect", () => {
    test("reaches an IPv6 literal", async () => {
      using server = new PeerServer({ hostname: "::1" });
      const ws = await backend.openWs(`ws://[::1]:${server.port}/`);
      expect((await server.peer()).request?.field("Host")).toBe(`[::1]:${server.port}`);
      await ws.terminate();
    });

    test("says who refused", async () => {
      const port = unusedPort();
      const error = await failed(backend.openWs(`ws://127.0.0.1:${port}/`));
      expect(error).toMatchObject({ code: "CONNECT_REFUSED", phase: "tcp", address: `127.0.0.1:${port}` });
    });

    test("sends not one byte to a server whose certificate is not trusted", async () => {
      using server = new PeerServer({ tls: true });
      const error = await failed(backend.openWs(server.url));
      expect(error).toMatchObject({ code: "TLS_VERIFICATION_FAILED", phase: "tls" });
      for (const peer of server.peers) {
        await peer.until(({ gone }) => gone);
        expect(peer.bytesReceived).toBe(0);
      }
    });

    test("speaks TLS only to who speaks TLS, and plain only to who is plain", async () => {
      using plain = new PeerServer();
      const error = await failed(
        backend.openWs(`wss://127.0.0.1:${plain.port}/`, { tls: TRUSTED, connectTimeout: 500 }),
      );
      expect(error).toMatchObject({ phase: "tls" });
    });

    test("checks options and URL before it dials", async () => {
      using server = new PeerServer();
      for (const options of [{ bufferCapacity: 0 }, { maxMessageSize: 0 }, { closeTimeout: 0 }]) {
        const error = await failed(backend.openWs(server.url, options));
        expect([error.name, error.code]).toEqual(["UsageError", "OPTION_OUT_OF_RANGE"]);
      }
      for (const url of [`http://127.0.0.1:${server.port}/`, "nonsense"]) {
        expect((await failed(backend.openWs(url))).code).toBe("URL_INVALID");
      }
      for (const options of [
        { headers: { Upgrade: "h2c" } },
        { headers: { "X-A": "1\r\nX-B: 2" } },
        { headers: { "X A": "1" } },
        { protocols: ["a b"] },
        { protocols: ["a", "a"] },
      ]) {
        expect((await failed(backend.openWs(server.url, options))).code).toBe("HANDSHAKE_REQUEST_INVALID");
      }
      expect((await failed(backend.openWs("ws://name.invalid/"))).code).toBe("CONNECT_DNS_FAILED");
      await (await backend.openWs(server.url)).terminate();
      expect(server.peers).toHaveLength(1);
    });

    test("sends the request of RFC 6455 section 4.1, with the user's fields behind, in order and case", async () => {
      using server = new PeerServer();
      const options = {
        headers: [
          ["X-Zebra", "1"],
          ["x-apple", "two words"],
        ] as const,
        protocols: ["v2.json", "v1.json"],
      };
      const ws = await backend.openWs(`${server.url.replace("//", "//user:secret@")}stream?a=1&b=%20`, options);
      const { request } = await server.peer();
      const key = request?.field("Sec-WebSocket-Key");
      expect(Buffer.from(key ?? "", "base64")).toHaveLength(16);
      expect(request?.text.split("\r\n")).toEqual([
        "GET /stream?a=1&b=%20 HTTP/1.1",
        `Host: 127.0.0.1:${server.port}`,
        "Upgrade: websocket",
        "Connection: Upgrade",
        `Sec-WebSocket-Key: ${key}`,
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: v2.json, v1.json",
        "X-Zebra: 1",
        "x-apple: two words",
        `Authorization: Basic ${btoa("user:secret")}`,
      ]);
      await ws.terminate();
    });

    test("shows nothing of a URL's query, but in the url", async () => {
      using server = new PeerServer();
      using silent = new PeerServer({ answer: () => null });
      const query = "?token=secret";
      const ws = await backend.openWs(`${server.url}${query}`);
      expect(ws.opened.url).toContain(query);
      expect(ws.opened.shown).toContain(`${server.url}?…`);
      const failures = [
        await failed(backend.openWs(`${silent.url}${query}`, { connectTimeout: 30 })),
        await failed(backend.openWs(`ws://127.0.0.1:${unusedPort()}/${query}`)),
      ];
      for (const { shown } of [ws.opened, ...failures]) expect(shown).not.toContain("secret");
      await ws.terminate();
    });

    test("leaves no socket where it fails", async () => {
      using refusing = new PeerServer({ answer: () => "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" });
      using silent = new PeerServer({ answer: () => null });
      using mute = serve();
      using secure = new PeerServer({ tls: true });
      const before = await backend.socketsOpen();
      for (let turn = 0; turn < 3; turn++) {
        await failed(backend.openWs(refusing.url));
        await failed(backend.openWs(silent.url, { connectTimeout: 30 }));
        await failed(backend.openWs(`wss://127.0.0.1:${mute.port}/`, { tls: TRUSTED, tlsTimeout: 30 }));
        await failed(backend.openWs(secure.url, { tls: { ca: testPath("self-signed.crt") } }));
        await failed(backend.openWs(`ws://127.0.0.1:${unusedPort()}/`));
      }
      const own = (): number => (backend.name === "event" ? accepted([refusing, silent, secure], mute) : 0);
      while ((await backend.socketsOpen()) > before + own()) await Bun.sleep(1);
    });
  });

  describe("an answer that opens", () => {
    test("gives protocol, fields and URL", async () => {
      using server = new PeerServer({
        answer: (request) => acceptance(request, "Sec-WebSocket-Protocol: v1.json\r\nX-Node: 7\r\nx-node: 8\r\n"),
      });
      const ws = await backend.openWs(`${server.url}p?q#f`, { protocols: ["v2.json", "v1.json"] });
      expect(ws.opened.protocol).toBe("v1.json");
      expect(ws.opened.responseHeaders.slice(-3)).toEqual([
        ["Sec-WebSocket-Protocol", "v1.json"],
        ["X-Node", "7"],
        ["x-node", "8"],
      ]);
      expect(ws.opened.url).toBe(`${server.url}p?q`);
      expect(await ws.state()).toBe("open");
      await ws.terminate();
    });

    test("may choose none of the subprotocols", async () => {
      using server = new PeerServer();
      const ws = await backend.openWs(server.url, { protocols: ["a"] });
      expect(ws.opened.protocol).toBe("");
      await ws.terminate();
    });

    test("may be written in any case, and list other connection options", async () => {
      using server = new PeerServer({
        answer: (request) =>
          `HTTP/1.1 101 \r\nupgrade: WebSocket\r\nCONNECTION: keep-alive, UPGRADE\r\nsec-websocket-accept:\t${acceptOf(request)} \r\n\r\n`,
      });
      const ws = await backend.openWs(server.url);
      await ws.terminate();
    });

    test("may bring the end along: messages, close frame and FIN in one segment", async () => {
      using server = new PeerServer({
        answer: (request) =>
          joined([utf8(acceptance(request)), HELLO, frameBytes({ opcode: 8, payload: Uint8Array.of(3, 0xe9) })]),
        onPeer: (peer) => void peer.until(({ request }) => request !== null).then(() => peer.end()),
      });
      const ws = await backend.openWs(server.url);
      expect(await ws.recv()).toBe("text hello");
      expect(await ws.recv()).toBe("close 1001");
      expect(await ws.recv()).toBeNull();
      expect(await ws.closure()).toEqual({ code: 1001, reason: "" });
      expect((await server.peer()).lines).toEqual(["close 1001"]);
    });

    test("may come behind interim ones, in pieces, with frames in the same segment", async () => {
      const frame = frameBytes({ opcode: 1, payload: utf8("early") });
      using server = new PeerServer({
        answer: () => "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 1",
        onPeer: async (peer) => {
          await peer.until(({ request }) => request !== null);
          await Bun.sleep(5);
          if (peer.request !== null)
            peer.send(joined([utf8(acceptance(peer.request).slice("HTTP/1.1 1".length)), frame]));
        },
      });
      const ws = await backend.openWs(server.url);
      expect(await ws.recv()).toBe("text early");
      await ws.terminate();
    });
  });

  describe("a refusal", () => {
    test.each([401, 403, 429, 503])("with status %i is told with fields and body", async (status) => {
      const body = `{"status":${status}}`;
      const { error } = await refusalBy(
        () =>
          `HTTP/1.1 ${status} No\r\nRetry-After: 5\r\nset-cookie: a\r\nSet-Cookie: b\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status, body });
      expect(error.message).toContain(String(status));
      expect(error.headers).toEqual([
        ["Retry-After", "5"],
        ["set-cookie", "a"],
        ["Set-Cookie", "b"],
        ["Content-Length", String(body.length)],
      ]);
    });

    test("without a length has the body that came before the end", async () => {
      using server = new PeerServer({
        answer: () => "HTTP/1.1 403 Forbidden\r\n\r\nnot ",
        onPeer: (peer) => void peer.until(({ request }) => request !== null).then(() => peer.send("today").end()),
      });
      const error = await failed(backend.openWs(server.url));
      expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 403, body: "not today" });
    });

    test("keeps 4 KiB of a long body, whole or endless, and cuts the connection", async () => {
      for (const field of ["Content-Length: 1000000\r\n", ""]) {
        const { error } = await refusalBy(() => `HTTP/1.1 503 Busy\r\n${field}\r\n${"x".repeat(100_000)}`);
        expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 503, body: "x".repeat(4096) });
      }
    });

    test("is told with what came of its body when time runs out", async () => {
      const { error } = await refusalBy(() => "HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\npart", {
        connectTimeout: 100,
      });
      expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 401, body: "part" });
    });

    test("is a redirect, too: it is not followed", async () => {
      const { error } = await refusalBy(
        () => "HTTP/1.1 302 Found\r\nLocation: ws://elsewhere/\r\nContent-Length: 0\r\n\r\n",
      );
      expect(error).toMatchObject({ code: "HANDSHAKE_REFUSED", status: 302, body: "" });
    });
  });

  describe("an answer that is wrong", () => {
    const right = (request: PeerRequest): string => acceptance(request);
    test.each<[why: string, answer: Answer]>([
      ["no Upgrade", (request) => right(request).replace("Upgrade: websocket\r\n", "")],
      ["another Upgrade", (request) => right(request).replace("websocket", "h2c")],
      ["no Connection", (request) => right(request).replace("Connection: Upgrade\r\n", "")],
      [
        "Connection without Upgrade",
        (request) => right(request).replace("Connection: Upgrade", "Connection: keep-alive"),
      ],
      ["no Accept", (request) => right(request).replace(/Sec-WebSocket-Accept: .*\r\n/, "")],
      [
        "the Accept of another key",
        (request) => right(request).replace(/Accept: .*/, "Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
      ],
      ["the Accept in another case", (request) => right(request).replace(/Accept: .*/, (value) => value.toLowerCase())],
      ["two Accepts", (request) => acceptance(request, `Sec-WebSocket-Accept: ${acceptOf(request)}\r\n`)],
      [
        "an extension that was not offered",
        (request) => acceptance(request, "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
      ],
      ["a subprotocol that was not offered", (request) => acceptance(request, "Sec-WebSocket-Protocol: b\r\n")],
      ["a subprotocol in another case", (request) => acceptance(request, "Sec-WebSocket-Protocol: A\r\n")],
      [
        "two subprotocols",
        (request) => acceptance(request, "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n"),
      ],
      ["a list of subprotocols", (request) => acceptance(request, "Sec-WebSocket-Protocol: a, c\r\n")],
    ])("for %s is HANDSHAKE_INVALID", async (_, answer) => {
      const { error } = await refusalBy(answer, { protocols: ["a", "c"] });
      expect(error).toMatchObject({ code: "HANDSHAKE_INVALID", status: 101 });
    });

    test.each<[why: string, answer: string]>([
      ["garbage", "\x00\xff\x13garbage\r\n\r\n"],
      ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
      ["HTTP/2", "HTTP/2 101 Switching Protocols\r\n\r\n"],
      ["bare line feeds", "HTTP/1.1 101 Switching Protocols\nUpgrade: websocket\n\n"],
      ["a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"],
      ["a field without a name", "HTTP/1.1 200 OK\r\n: b\r\n\r\n"],
      ["a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"],
      ["a head over 16 KiB in one field", `HTTP/1.1 101 Switching Protocols\r\nX: ${"x".repeat(20_000)}\r\n\r\n`],
      ["a head over 16 KiB that never ends", "HTTP/1.1 101 Switching Protocols\r\n".padEnd(100_000, "x-y: 1\r\n")],
      ["a line over 16 KiB that never ends", "x".repeat(100_000)],
    ])("for %s is HANDSHAKE_MALFORMED", async (_, answer) => {
      const { error } = await refusalBy(() => answer);
      expect(error.code).toBe("HANDSHAKE_MALFORMED");
    });

    test("takes a head of 16 KiB", async () => {
      let padding = 0;
      using server = new PeerServer({
        answer: (request) => {
          padding = 16_384 - acceptance(request, "X: \r\n").length;
          return acceptance(request, `X: ${"x".repeat(padding)}\r\n`);
        },
      });
      const ws = await backend.openWs(server.url);
      expect(ws.opened.responseHeaders.at(-1)).toEqual(["X", "x".repeat(padding)]);
      await ws.terminate();
    });
  });

  describe("a connection that ends", () => {
    test("with FIN before the answer is whole is HANDSHAKE_CUT", async () => {
      for (const part of ["", "HTTP/1.1 101 Switch", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"]) {
        using server = new PeerServer({
          answer: () => part,
          onPeer: (peer) => void peer.until(({ request }) => request !== null).then(() => peer.end()),
        });
        const error = await failed(backend.openWs(server.url));
        expect(error).toMatchObject({ code: "HANDSHAKE_CUT", status: 0 });
        expect(error.message).toContain(`after ${part.length} bytes`);
      }
    });

    test("with RST is HANDSHAKE_CUT, with the reset as its cause", async () => {
      using server = new PeerServer({
        answer: () => null,
        onPeer: (peer) => void peer.until(({ request }) => request !== null).then(() => peer.reset()),
      });
      const error = await failed(backend.openWs(server.url));
      expect(error).toMatchObject({ code: "HANDSHAKE_CUT", cause: { code: "CONNECTION_RESET" } });
    });
  });

  describe("time runs out", () => {
    test("in the phase tcp: nobody accepts", async () => {
      using hole = blackhole();
      const error = await failed(backend.openWs(`ws://127.0.0.1:${hole.port}/`, { connectTimeout: 100 }));
      expect(error).toMatchObject({ code: "CONNECT_TIMEOUT", phase: "tcp", timeout: 100 });
    });

    test("in the phase tls: the server says nothing", async () => {
      using server = serve();
      const url = `wss://127.0.0.1:${server.port}/`;
      const error = await failed(backend.openWs(url, { tls: TRUSTED, connectTimeout: 100 }));
      expect(error).toMatchObject({ code: "CONNECT_TIMEOUT", phase: "tls", timeout: 100 });
      const sooner = backend.openWs(url, { tls: TRUSTED, tlsTimeout: 50, connectTimeout: 60_000 });
      expect(await failed(sooner)).toMatchObject({
        code: "CONNECT_TIMEOUT",
        phase: "tls",
        timeout: 50,
      });
      await until(() => server.closes.length === 2);
    });

    test("in the phase handshake: the server says nothing, over TCP and TLS", async () => {
      for (const tls of [false, true]) {
        using server = new PeerServer({ tls, answer: () => null });
        const options = { ...(tls ? { tls: TRUSTED } : {}), connectTimeout: 300 };
        const error = await failed(backend.openWs(server.url, options));
        expect(error).toMatchObject({ code: "CONNECT_TIMEOUT", phase: "handshake", timeout: 300 });
        await (await server.peer()).until(({ gone }) => gone);
      }
    });

    test("in the phase handshake: the server drips", async () => {
      using server = new PeerServer({
        answer: () => "HTTP/1.1 101 Switching Protocols\r\nX: ",
        onPeer: (peer) => void drip(peer),
      });
      const error = await failed(backend.openWs(server.url, { connectTimeout: 150 }));
      expect(error.phase).toBe("handshake");
    });
    test("in the phase handshake, and the connection is cut", async () => {
      using server = new PeerServer({ answer: () => null });
      const error = await failed(backend.openWs(server.url, { connectTimeout: 100 }));
      expect(error).toMatchObject({ code: "CONNECT_TIMEOUT", phase: "handshake", timeout: 100 });
      await (await server.peer()).until(({ gone }) => gone);
    });
  });
});

async function drip(peer: WsPeer): Promise<void> {
  while (!peer.gone) {
    await Bun.sleep(5);
    if (peer.request !== null) peer.send("x");
  }
}

/** Connections that servers in this process have not given back yet. */
function accepted(servers: readonly PeerServer[], mute: TestServer): number {
  const open = servers.flatMap(({ peers }) => peers).filter(({ gone }) => !gone).length;
  return open + mute.sockets.length - mute.closes.length;
}
