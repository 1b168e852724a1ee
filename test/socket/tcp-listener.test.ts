import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { type NexusError, TimeoutError, UsageError } from "../../src/codec/errors.ts";
import { libc } from "../../src/ffi/libc.ts";
import { dial } from "../../src/socket/dial.ts";
import { AbortedError, ConnectError, ListenError, SocketOptionError, TlsConfigError } from "../../src/socket/errors.ts";
import { type BindOptions, TcpListener } from "../../src/socket/tcp-listener.ts";
import type { TcpSocket } from "../../src/socket/tcp-socket.ts";
import { TlsConfig, type TlsOptions } from "../../src/socket/tls-config.ts";
import { testPath } from "../helpers/certificates.ts";
import { turn, until } from "../helpers/wait.ts";
import { bytesOf, openDescriptors, Recorder, rejection } from "./support.ts";

const TRUSTING = new TlsConfig({ ca: testPath("ca.crt") });
const SERVER: TlsOptions = { cert: testPath("localhost.crt"), key: testPath("localhost.key") };

let opened: { terminate(): void }[] = [];
afterEach(() => {
  for (const socket of opened) socket.terminate();
  opened = [];
});

function bind(options: Partial<BindOptions> = {}): TcpListener {
  return TcpListener.bind({ hostname: "127.0.0.1", port: 0, ...options });
}

async function connect(
  { port }: TcpListener,
  tls: TlsConfig | null = null,
  hostname = "127.0.0.1",
): Promise<TcpSocket> {
  const socket = await dial({ hostname, port, tls }, {});
  opened.push(socket);
  return socket;
}

async function accept(listener: TcpListener): Promise<TcpSocket> {
  const socket = await listener.accept();
  if (socket === null) throw new Error("the listener is closed");
  opened.push(socket);
  return socket;
}

/** A socket that says nothing of its own. */
async function connectRaw({ port }: TcpListener): Promise<Bun.Socket> {
  const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {}, error() {} } });
  opened.push(socket);
  return socket;
}

/** Remembers what was refused. */
function watching(): { readonly refusals: NexusError[]; readonly onRefused: (error: NexusError) => void } {
  const refusals: NexusError[] = [];
  return { refusals, onRefused: (error) => void refusals.push(error) };
}

describe.each([
  ["plain", null],
  ["TLS", new TlsConfig(SERVER)],
] as const)("%s", (_, tls) => {
  const trusting = tls === null ? null : TRUSTING;

  test("gives a socket that is connected both ways", async () => {
    using listener = bind({ tls });
    const client = await connect(listener, trusting);
    const server = await accept(listener);
    expect([server.secure, server.remoteAddress, server.remotePort, server.localPort]).toEqual([
      tls !== null,
      "127.0.0.1",
      client.localPort,
      listener.port,
    ]);
    expect(server.tlsVersion).toBe(tls === null ? null : "TLSv1.3");
    const [there, back] = [new Recorder(), new Recorder()];
    client.attach(back);
    server.attach(there);
    client.write(bytesOf("ping"), 0, 4);
    server.write(bytesOf("pong"), 0, 4);
    await until(() => there.text === "ping" && back.text === "pong");
    client.shutdown();
    await until(() => there.events.includes("end"));
    expect(there.closed).toBe(false);
    server.shutdown();
    await until(() => there.closed && back.closed);
    expect([there.error, back.error]).toEqual([null, null]);
  });

  test("keeps what a client sends before it is accepted, and its FIN", async () => {
    using listener = bind({ tls });
    const client = await connect(listener, trusting);
    client.write(bytesOf("early"), 0, 5);
    client.shutdown();
    await until(() => listener.waiting === 1);
    await turn();
    const server = await accept(listener);
    const recorder = new Recorder();
    server.attach(recorder);
    await until(() => recorder.events.includes("end"));
    expect([recorder.text, recorder.events]).toEqual(["early", ["bytes", "end"]]);
  });

  test("serves accepts in order, whichever comes first", async () => {
    using listener = bind({ tls });
    const first = listener.accept();
    const second = listener.accept();
    const clients = [
      await connect(listener, trusting),
      await connect(listener, trusting),
      await connect(listener, trusting),
    ];
    const sockets = [await first, await second, await accept(listener)];
    expect(sockets.map((socket) => socket?.remotePort)).toEqual(clients.map(({ localPort }) => localPort));
    for (const socket of sockets) socket?.terminate();
  });

  test("can be iterated until it is closed", async () => {
    const listener = bind({ tls });
    const ports: number[] = [];
    const serving = (async () => {
      for await (const socket of listener) {
        ports.push(socket.remotePort);
        opened.push(socket);
        if (ports.length === 2) listener.close();
      }
    })();
    const clients = [await connect(listener, trusting), await connect(listener, trusting)];
    await serving;
    expect(ports).toEqual(clients.map(({ localPort }) => localPort));
  });

  test("closed, it cuts what waits, ends waiting accepts, and leaves what was taken", async () => {
    const listener = bind({ tls });
    const client = await connect(listener, trusting);
    const taken = await accept(listener);
    const unaccepted = new Recorder();
    (await connect(listener, trusting)).attach(unaccepted);
    await until(() => listener.waiting === 1);
    listener.close();
    listener.close();
    expect([await listener.accept(), listener.waiting]).toEqual([null, 0]);
    await until(() => unaccepted.closed);
    const recorder = new Recorder();
    client.attach(recorder);
    taken.write(bytesOf("still"), 0, 5);
    await until(() => recorder.text === "still");
    await rejection(dial({ hostname: "127.0.0.1", port: listener.port, tls: null }, {}), ConnectError);
  });

  test("bounds what waits by backlog, and cuts one more", async () => {
    const { refusals, onRefused } = watching();
    using listener = bind({ tls, backlog: 2, onRefused });
    await connect(listener, trusting);
    await connect(listener, trusting);
    await until(() => listener.waiting === 2);
    const over = new Recorder();
    void dial({ hostname: "127.0.0.1", port: listener.port, tls: trusting }, {}).then(
      (socket) => socket.attach(over),
      () => over.events.push("close"),
    );
    await until(() => over.closed && refusals.length === 1);
    expect([listener.waiting, listener.refused, refusals[0]?.code]).toEqual([2, 1, "LISTEN_BACKLOG_FULL"]);
    expect(refusals[0]).toBeInstanceOf(ListenError);
    expect(refusals[0]?.message).toContain("2 connections wait where backlog is 2");
    (await accept(listener)).terminate();
    await connect(listener, trusting);
    await until(() => listener.waiting === 2);
  });

  test("does not give a connection that has gone, nor count it", async () => {
    using listener = bind({ tls, backlog: 2 });
    const gone = await connect(listener, trusting);
    await until(() => listener.waiting === 1);
    gone.terminate();
    const kept = await connect(listener, trusting);
    await until(() => listener.waiting === 2);
    await turn();
    const third = await connect(listener, trusting);
    await until(() => listener.waiting === 2);
    expect((await accept(listener)).remotePort).toBe(kept.localPort);
    expect((await accept(listener)).remotePort).toBe(third.localPort);
    expect(listener.refused).toBe(0);
  });

  test("sets the options on what it accepts, and they are read back", async () => {
    const asked = bind({
      tls,
      socket: {
        noDelay: false,
        keepAlive: { idle: 11, interval: 7, count: 4 },
        recvBufferSize: 65_536,
        sendBufferSize: 32_768,
        userTimeout: 9_000,
        notSentLowAt: 16_384,
        typeOfService: 0x10,
      },
    });
    using listener = asked;
    await connect(listener, trusting);
    const server = await accept(listener);
    expect(server.socketInfo()?.options).toMatchObject({
      noDelay: false,
      keepAlive: true,
      keepAliveIdle: 11,
      keepAliveInterval: 7,
      keepAliveCount: 4,
      recvBufferSize: 131_072,
      sendBufferSize: 65_536,
      userTimeout: 9_000,
      notSentLowAt: 16_384,
      typeOfService: 0x10,
    });
    expect(server.socketInfo()?.tcp?.state).toBe("established");
  });

  test("turns Nagle off where nothing else is asked for", async () => {
    using listener = bind({ tls });
    await connect(listener, trusting);
    expect((await accept(listener)).socketInfo()?.options).toMatchObject({ noDelay: true, keepAlive: false });
  });

  test("leaves no descriptor behind after 1,000 connections", async () => {
    const listener = bind({ tls });
    const before = openDescriptors();
    for (let round = 0; round < 1_000; round += 20) {
      const clients = await Promise.all(Array.from({ length: 20 }, () => connect(listener, trusting)));
      const accepted = new Map<number, TcpSocket>();
      while (accepted.size < clients.length) {
        const server = await accept(listener);
        accepted.set(server.remotePort, server);
      }
      for (const [at, client] of clients.entries()) {
        const server = accepted.get(client.localPort);
        if (server === undefined) throw new Error("the client was not accepted");
        if (at % 3 === 0) server.terminate();
        else if (at % 3 === 1) client.terminate();
        server.attach(new Recorder());
        client.attach(new Recorder());
        if (at % 3 === 2) {
          server.shutdown();
          client.shutdown();
        }
      }
      opened = [];
    }
    await until(() => openDescriptors() <= before);
    listener.close();
    await until(() => openDescriptors() < before);
  }, 60_000);
});

describe("accept", () => {
  test("can be given up, and leaves the connection to the next one", async () => {
    using listener = bind();
    const abort = new AbortController();
    const first = listener.accept({ signal: abort.signal });
    const second = listener.accept();
    abort.abort(new Error("no time"));
    const error = await rejection(first, AbortedError);
    expect([error.phase, (error.cause as Error).message]).toEqual(["accept", "no time"]);
    const client = await connect(listener);
    expect((await second)?.remotePort).toBe(client.localPort);
    const refused = await rejection(listener.accept({ signal: AbortSignal.abort() }), AbortedError);
    expect(refused.code).toBe("ABORTED");
  });

  test("gives null to all that wait when the listener is closed", async () => {
    const listener = bind();
    const waiting = [listener.accept(), listener.accept({ signal: new AbortController().signal })];
    listener.close();
    expect(await Promise.all(waiting)).toEqual([null, null]);
  });
});

describe("TLS", () => {
  test("is not given before its handshake: a silent client is cut after tlsTimeout", async () => {
    const { refusals, onRefused } = watching();
    using listener = bind({ tls: new TlsConfig(SERVER), tlsTimeout: 100, onRefused });
    const silent = await connectRaw(listener);
    await until(() => refusals.length === 1);
    expect([listener.waiting, listener.refused]).toEqual([0, 1]);
    expect(refusals[0]).toBeInstanceOf(TimeoutError);
    expect(refusals[0]).toMatchObject({ code: "ACCEPT_TIMEOUT", timeout: 100, phase: "tls" });
    await until(() => silent.readyState <= 0);
  });

  test.each([
    ["plain HTTP", (socket: Bun.Socket) => void socket.write("GET / HTTP/1.1\r\n\r\n")],
    ["nonsense", (socket: Bun.Socket) => void socket.write(new Uint8Array(100))],
    ["a FIN", (socket: Bun.Socket) => void socket.shutdown()],
    ["an RST", (socket: Bun.Socket) => void socket.terminate()],
    [
      "half a hello and an RST",
      (socket: Bun.Socket) => {
        socket.write(Uint8Array.of(22, 3, 1, 1, 0, 1, 0, 0));
        socket.terminate();
      },
    ],
  ])("refuses %s", async (__, misbehave) => {
    const { refusals, onRefused } = watching();
    using listener = bind({ tls: new TlsConfig(SERVER), onRefused });
    misbehave(await connectRaw(listener));
    await until(() => refusals.length === 1);
    expect(refusals[0]).toBeInstanceOf(ConnectError);
    expect(refusals[0]).toMatchObject({ code: "TLS_HANDSHAKE_FAILED", phase: "tls" });
    expect(listener.waiting).toBe(0);
  });

  test("refuses a client that does not trust it", async () => {
    const { refusals, onRefused } = watching();
    using listener = bind({ tls: new TlsConfig(SERVER), onRefused });
    await rejection(dial({ hostname: "localhost", port: listener.port, tls: new TlsConfig() }, {}), ConnectError);
    // In TLS 1.3 the server may be done before it hears of it: then the connection is given, and ends.
    await until(() => refusals.length + listener.waiting === 1);
  });

  test("bounds the handshakes under way, and cuts one more", async () => {
    const { refusals, onRefused } = watching();
    using listener = bind({ tls: new TlsConfig(SERVER), maxHandshakes: 2, onRefused });
    await connectRaw(listener);
    await connectRaw(listener);
    const third = await connectRaw(listener);
    await until(() => refusals.length === 1 && third.readyState <= 0);
    expect(refusals[0]?.message).toContain("2 TLS handshakes are under way");
  });

  test("closing ends handshakes under way", async () => {
    const listener = bind({ tls: new TlsConfig(SERVER) });
    const silent = await connectRaw(listener);
    await turn();
    listener.close();
    await until(() => silent.readyState <= 0);
    expect(listener.refused).toBe(0);
  });

  test("agrees on a protocol by ALPN", async () => {
    using listener = bind({ tls: new TlsConfig({ ...SERVER, alpn: ["http/1.1"] }) });
    await connect(listener, new TlsConfig({ ca: testPath("ca.crt"), alpn: ["h2", "http/1.1"] }));
    expect((await accept(listener)).alpnProtocol).toBe("http/1.1");
  });

  const asking = new TlsConfig({ ...SERVER, ca: testPath("ca.crt"), requestCert: true });
  const withClient = (name: string): TlsConfig =>
    new TlsConfig({ ca: testPath("ca.crt"), cert: testPath(`${name}.crt`), key: testPath(`${name}.key`) });

  test("lets a client with a certificate in that it asks for", async () => {
    using listener = bind({ tls: asking });
    await connect(listener, withClient("client"));
    expect((await accept(listener)).secure).toBe(true);
  });

  test.each([
    ["without a certificate", TRUSTING, "TLS_HANDSHAKE_FAILED"],
    ["with one that nobody trusts", withClient("self-signed"), "TLS_VERIFICATION_FAILED"],
    ["with one that has run out", withClient("expired"), "TLS_VERIFICATION_FAILED"],
  ])("cuts a client %s where it asks for one", async (__, tls, code) => {
    const { refusals, onRefused } = watching();
    using listener = bind({ tls: asking, onRefused });
    const client = await dial({ hostname: "127.0.0.1", port: listener.port, tls }, {}).catch(() => null);
    const recorder = new Recorder();
    client?.attach(recorder);
    await until(() => refusals.length === 1 && (client === null || recorder.closed || client.closed));
    expect([refusals[0]?.code as string, listener.waiting]).toEqual([code, 0]);
    client?.terminate();
  });

  test("needs a certificate, and ca where it asks for one", () => {
    const bare = (): TcpListener => bind({ tls: new TlsConfig() });
    expect(bare).toThrow(TlsConfigError);
    expect(bare).toThrow("cert");
    expect(() => new TlsConfig({ ...SERVER, requestCert: true })).toThrow("requestCert");
  });
});

describe("binding", () => {
  test("to a port that is taken fails, as does an address of another machine", () => {
    using listener = bind();
    const again = errorOf(() => bind({ port: listener.port }));
    expect(again).toBeInstanceOf(ListenError);
    expect(again).toMatchObject({ code: "LISTEN_FAILED", osCode: "EADDRINUSE", address: `127.0.0.1:${listener.port}` });
    expect(errorOf(() => bind({ hostname: "203.0.113.7" }))).toMatchObject({ osCode: "EADDRNOTAVAIL" });
    expect(errorOf(() => bind({ hostname: "no.such.host.invalid" }))).toMatchObject({ code: "LISTEN_FAILED" });
  });

  test.each(["::1", "[::1]", "localhost", "::"])("to %p works", async (hostname) => {
    using listener = bind({ hostname });
    await connect(listener, null, hostname === "localhost" || hostname === "::" ? "127.0.0.1" : "::1");
    expect((await accept(listener)).remotePort).toBeGreaterThan(0);
    expect(listener.hostname).toBe(hostname);
  });

  test("sets IPv6 options on an IPv6 listener", async () => {
    using listener = bind({ hostname: "::1", socket: { typeOfService: 0x20 } });
    await connect(listener, null, "::1");
    expect((await accept(listener)).socketInfo()?.options.typeOfService).toBe(0x20);
  });

  test.each<[string, Partial<BindOptions>, string]>([
    ["no host", { hostname: "" }, "LISTEN_BAD_ADDRESS"],
    ["a negative port", { port: -1 }, "LISTEN_BAD_ADDRESS"],
    ["a port over 65535", { port: 65_536 }, "LISTEN_BAD_ADDRESS"],
    ["a backlog of 0", { backlog: 0 }, "OPTION_OUT_OF_RANGE"],
    ["half a handshake", { maxHandshakes: 0.5 }, "OPTION_OUT_OF_RANGE"],
    ["no time for TLS", { tlsTimeout: 0 }, "OPTION_OUT_OF_RANGE"],
    ["a local address", { socket: { localAddress: "127.0.0.1" } }, "SOCKET_OPTION_INVALID"],
    ["an option out of range", { socket: { priority: -1 } }, "SOCKET_OPTION_INVALID"],
  ])("with %s is the caller's fault", (_, options, code) => {
    const error = errorOf(() => bind(options));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code });
  });

  test("with an option that the kernel refuses fails at once, and leaves nothing", () => {
    const before = openDescriptors();
    const constants = libc()?.constants;
    if (constants === undefined || process.platform !== "linux") throw new Error("made for Linux");
    // Without CAP_NET_ADMIN; with it the kernel takes any priority, and the bound is what is tested.
    const error = errorOf(() => bind({ socket: { priority: 7 } }).close());
    if (error !== null) expect(error).toBeInstanceOf(SocketOptionError);
    expect(openDescriptors()).toBe(before);
  });

  test("an onRefused that throws stops nothing", async () => {
    using listener = bind({
      tls: new TlsConfig(SERVER),
      onRefused() {
        throw new Error("thrown in onRefused");
      },
    });
    const report = spyOn(console, "error").mockImplementation(() => {});
    try {
      (await connectRaw(listener)).terminate();
      await until(() => listener.refused === 1);
      expect(report.mock.calls).toEqual([[new Error("thrown in onRefused")]]);
    } finally {
      report.mockRestore();
    }
    await connect(listener, TRUSTING);
    expect((await accept(listener)).secure).toBe(true);
  });
});

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return null;
}
