import { describe, expect, test } from "bun:test";
import { inspect } from "node:util";
import { TimeoutError, UsageError } from "../../src/codec/errors.ts";
import { dial } from "../../src/socket/dial.ts";
import { AbortedError, ConnectError } from "../../src/socket/errors.ts";
import { memoryPair } from "../../src/socket/memory-pair.ts";
import { TcpSocket } from "../../src/socket/tcp-socket.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import { WsConnection } from "../../src/ws/connection.ts";
import { WsStream } from "../../src/ws/stream.ts";
import { testPath } from "../helpers/certificates.ts";
import { unusedPort } from "../helpers/daemon.ts";
import { PeerServer, testTls } from "../helpers/peer-server.ts";
import { until } from "../helpers/wait.ts";
import { WsPeer } from "../helpers/ws-peer.ts";
import { blackhole, openDescriptors, rejection, serve } from "../socket/support.ts";

describe("connect", () => {
  test("opens over TCP, with the socket below in reach", async () => {
    using server = new PeerServer();
    const ws = await WsStream.connect(server.url, { socket: { recvBufferSize: 1 << 20 } });
    expect(ws.transport).toBeInstanceOf(TcpSocket);
    expect(ws.transport.secure).toBe(false);
    expect(ws.socketInfo()?.options.noDelay).toBe(true);
    expect(ws.socketInfo()?.options.recvBufferSize).toBeGreaterThanOrEqual(1 << 20);
    ws.terminate();
    await ws.closed;
    expect(ws.socketInfo()).toBeNull();
  });

  test("opens over TLS, and both ways of calling do", async () => {
    using server = new PeerServer({ tls: true });
    const tls = testTls();
    const ws = await WsStream.connect(server.url, { tls });
    expect(ws.transport.secure).toBe(true);
    (await server.peer(0)).text("over TLS");
    expect((await ws.recv())?.text()).toBe("over TLS");
    ws.terminate();

    const heard: string[] = [];
    const connection = await WsConnection.connect(server.url, { message: (_, msg) => heard.push(msg.text()) }, { tls });
    const peer = await server.peer(1);
    peer.text("over TLS, too");
    await until(() => heard.length === 1);
    expect(heard).toEqual(["over TLS, too"]);
    connection.terminate();
  });

  test("takes a URL object, and refuses what is no WebSocket URL", async () => {
    using server = new PeerServer();
    (await WsStream.connect(new URL(server.url))).terminate();
    for (const url of [`http://127.0.0.1:${server.port}/`, "nonsense"]) {
      expect((await rejection(WsStream.connect(url), UsageError)).code).toBe("URL_INVALID");
      expect((await rejection(WsConnection.connect(url, {}), UsageError)).code).toBe("URL_INVALID");
    }
    expect(server.peers).toHaveLength(1);
  });

  test("checks options before it dials", async () => {
    using server = new PeerServer();
    const error = await rejection(WsStream.connect(server.url, { bufferCapacity: 0 }), UsageError);
    expect(error.code).toBe("OPTION_OUT_OF_RANGE");
    expect((await rejection(WsConnection.connect(server.url, {}, { closeTimeout: 0 }), UsageError)).code).toBe(
      "OPTION_OUT_OF_RANGE",
    );
    (await WsStream.connect(server.url)).terminate();
    expect(server.peers).toHaveLength(1);
  });
});

describe("a signal", () => {
  test("cuts before anything is dialled", async () => {
    using server = new PeerServer();
    const error = await rejection(WsStream.connect(server.url, { signal: AbortSignal.abort("no") }), AbortedError);
    expect(error).toMatchObject({ code: "ABORTED", cause: "no" });
    (await WsStream.connect(server.url)).terminate();
    expect(server.peers).toHaveLength(1);
  });

  test("cuts in the phase tcp", async () => {
    using hole = blackhole();
    const signal = AbortSignal.timeout(30);
    const error = await rejection(WsStream.connect(`ws://127.0.0.1:${hole.port}/`, { signal }), AbortedError);
    expect(error).toMatchObject({ code: "ABORTED", phase: "tcp" });
  });

  test("cuts in the phase tls", async () => {
    using server = serve();
    const controller = new AbortController();
    const options = { tls: testTls(), signal: controller.signal };
    const opening = rejection(WsStream.connect(`wss://127.0.0.1:${server.port}/`, options), AbortedError);
    await until(() => server.received().length > 0);
    controller.abort();
    expect(await opening).toMatchObject({ code: "ABORTED", phase: "tls" });
    await until(() => server.closes.length === 1);
  });

  test("cuts in the phase handshake over TLS", async () => {
    using server = new PeerServer({ tls: true, answer: () => null });
    const controller = new AbortController();
    const opening = rejection(
      WsConnection.connect(server.url, {}, { tls: testTls(), signal: controller.signal }),
      AbortedError,
    );
    const peer = await server.peer();
    await peer.until(({ request }) => request !== null);
    controller.abort();
    expect(await opening).toMatchObject({ code: "ABORTED", phase: "handshake" });
    await peer.until(({ gone }) => gone);
  });

  test("is let go of: many connects on one signal leave nothing behind", async () => {
    using server = new PeerServer();
    const { signal } = new AbortController();
    let listeners = 0;
    const watched = new Proxy(signal, {
      get(target, name) {
        if (name === "addEventListener") listeners++;
        if (name === "removeEventListener") listeners--;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    for (let round = 0; round < 5; round++) (await WsStream.connect(server.url, { signal: watched })).terminate();
    await rejection(WsStream.connect(server.url, { signal: watched, headers: { Upgrade: "x" } }), UsageError);
    expect(listeners).toBe(0);
  });
});

describe("connectWith", () => {
  test("refuses wss over a transport without TLS, and leaves it alone", async () => {
    const [client, server] = memoryPair();
    const error = await rejection(WsStream.connectWith(client, "wss://h/"), UsageError);
    expect(error.code).toBe("TRANSPORT_NOT_SECURE");
    expect((await rejection(WsConnection.connectWith(client, "wss://h/", {}), UsageError)).code).toBe(error.code);
    expect(client.closed).toBe(false);
    const peer = new WsPeer(server);
    (await WsStream.connectWith(client, "ws://h/")).terminate();
    expect(peer.request?.line).toBe("GET / HTTP/1.1");
  });

  test("takes wss over a secure one", async () => {
    const [client, server] = memoryPair({ secure: true });
    const peer = new WsPeer(server);
    const ws = await WsStream.connectWith(client, "wss://venue.example/a");
    expect(peer.request?.field("Host")).toBe("venue.example");
    expect(ws.url).toBe("wss://venue.example/a");
    ws.terminate();
  });

  test("takes a socket that was dialled before, and is given what it missed", async () => {
    using server = new PeerServer({ tls: true });
    const socket = await dial({ hostname: "localhost", port: server.port, tls: testTls() });
    const ws = await WsStream.connectWith(socket, server.url);
    expect(ws.transport).toBe(socket);
    const peer = await server.peer();
    peer.text("hello").close(1000);
    expect((await ws.recv())?.text()).toBe("hello");
    expect((await ws.recv())?.closeCode).toBe(1000);
    ws.terminate();
  });

  test("takes ws over a secure one", async () => {
    const [client, server] = memoryPair({ secure: true });
    new WsPeer(server);
    (await WsStream.connectWith(client, "ws://h/")).terminate();
  });
});

test("what failed to open holds no descriptor", async () => {
  using refusing = new PeerServer({ answer: () => "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n" });
  using silent = new PeerServer({ answer: () => null });
  using mute = serve();
  const untrusting = new TlsConfig({ ca: testPath("self-signed.crt") });
  using secure = new PeerServer({ tls: true });
  const before = openDescriptors();
  const attempts = Array.from({ length: 10 }, () => [
    WsStream.connect(refusing.url),
    WsStream.connect(silent.url, { connectTimeout: 50 }),
    WsStream.connect(`wss://127.0.0.1:${mute.port}/`, { tls: testTls(), tlsTimeout: 50 }),
    WsStream.connect(secure.url, { tls: untrusting }),
    WsStream.connect(`ws://127.0.0.1:${unusedPort()}/`),
  ]).flat();
  for (const outcome of await Promise.allSettled(attempts)) expect(outcome.status).toBe("rejected");
  await until(() => openDescriptors() <= before);
});

test("what stands in a URL's query is in no error and not in console.log, but in the url", async () => {
  using server = new PeerServer();
  using silent = new PeerServer({ answer: () => null });
  const query = "?token=secret";
  const ws = await WsStream.connect(`${server.url}${query}`);
  expect(ws.url).toContain("?token=secret");
  const reason = new Error("enough");
  const failures = [
    await rejection(WsStream.connect(`${silent.url}${query}`, { connectTimeout: 30 }), TimeoutError),
    await rejection(WsStream.connect(`${silent.url}${query}`, { signal: abortAfter(30, reason) }), AbortedError),
    await rejection(WsStream.connect(`ws://127.0.0.1:${unusedPort()}/${query}`), ConnectError),
    await rejection(WsStream.connectWith(ws.transport, `wss://h/${query}`), UsageError),
  ];
  for (const shown of [ws, ...failures]) expect(inspect(shown, { depth: 9 })).not.toContain("token=secret");
  expect(Bun.inspect(ws)).toContain(`${server.url}?…`);
  ws.terminate();
});

function abortAfter(delay: number, reason: Error): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), delay);
  return controller.signal;
}
