import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { TimeoutError, UsageError } from "../../src/codec/errors.ts";
import type { IpAddress } from "../../src/socket/address.ts";
import { type DialMeans, type DialOptions, type DialTarget, dial, dialWith } from "../../src/socket/dial.ts";
import { AbortedError, ConnectError, SocketOptionError } from "../../src/socket/errors.ts";
import type { SocketOptions } from "../../src/socket/options.ts";
import { bunConnector, tcpConnector } from "../../src/socket/tcp-connect.ts";
import type { TcpSocket } from "../../src/socket/tcp-socket.ts";
import { TlsConfig, tlsInternals } from "../../src/socket/tls-config.ts";
import { eventWay, type RawClient, spinWay, type Way } from "../helpers/backends/backends.ts";
import { configOf, type RawOptions, type RawTarget, type TestTls } from "../helpers/backends/means.ts";
import { failed } from "../helpers/backends/told.ts";
import { identity, testPath } from "../helpers/certificates.ts";
import { until } from "../helpers/wait.ts";
import { alpn, blackhole, openDescriptors, Recorder, rejection, serve } from "./support.ts";

const CA = testPath("ca.crt");
const CONFIG = new TlsConfig({ ca: CA });

const resolver = async (hostname: string): Promise<readonly IpAddress[]> => {
  if (hostname === "two.example")
    return [
      { address: "::1", family: 6 },
      { address: "127.0.0.1", family: 4 },
    ];
  if (hostname === "none.example") return [];
  return [{ address: "127.0.0.1", family: 4 }];
};

/** The ways to a connection: descriptors of our own, and plain Bun.connect as on a platform without libc. */
const WAYS: readonly (readonly [string, DialMeans])[] = [
  ["over a descriptor of our own", { resolver, connector: tcpConnector }],
  ["over Bun.connect", { resolver, connector: bunConnector }],
];

for (const [way, means] of WAYS) {
  const connect = (target: DialTarget, options: DialOptions = {}): Promise<TcpSocket> =>
    dialWith(target, options, means);

  describe(way, () => {
    test("IPv4 and IPv6 literals, and names", async () => {
      using v4 = serve();
      using v6 = serve({ hostname: "::1" });
      for (const [hostname, port, address] of [
        ["127.0.0.1", v4.port, "127.0.0.1"],
        ["::1", v6.port, "::1"],
        ["[::1]", v6.port, "::1"],
        ["named.example", v4.port, "127.0.0.1"],
      ] as const) {
        const socket = await connect({ hostname, port, tls: null });
        expect([socket.remoteAddress, socket.remotePort]).toEqual([address, port]);
        socket.terminate();
      }
    });

    test("a banner that comes with the connection is not lost", async () => {
      using server = serve({ onOpen: (socket) => socket.write("220 ready") });
      const socket = await connect({ hostname: "127.0.0.1", port: server.port, tls: null });
      const recorder = new Recorder();
      socket.attach(recorder);
      await until(() => recorder.text === "220 ready");
      socket.terminate();
    });

    test("a port where nobody listens refuses", async () => {
      const descriptors = openDescriptors();
      for (const tls of [null, CONFIG]) {
        const error = await rejection(connect({ hostname: "127.0.0.1", port: 1, tls }), ConnectError);
        expect(error).toMatchObject({
          code: "CONNECT_REFUSED",
          phase: "tcp",
          address: "127.0.0.1:1",
          osCode: "ECONNREFUSED",
          errno: 111,
        });
        expect(error.message).toBe("Cannot connect to 127.0.0.1:1: ECONNREFUSED");
      }
      await until(() => openDescriptors() === descriptors);
    });

    test("a dead address is passed over at once, a live one wins", async () => {
      using server = serve();
      const socket = await connect({ hostname: "two.example", port: server.port, tls: null });
      expect(socket.remoteAddress).toBe("127.0.0.1");
      socket.terminate();
    });

    test("when every address fails, the error lists them", async () => {
      const error = await rejection(connect({ hostname: "two.example", port: 1, tls: null }), ConnectError);
      expect(error).toMatchObject({ code: "CONNECT_REFUSED", phase: "tcp", osCode: "ECONNREFUSED" });
      expect(error.message).toBe(
        "Cannot connect to two.example:1: all 2 addresses failed: [::1]:1 ECONNREFUSED, 127.0.0.1:1 ECONNREFUSED",
      );
      expect(error.errors.map((each) => (each as ConnectError).address)).toEqual(["[::1]:1", "127.0.0.1:1"]);
      expect(error.cause).toBeInstanceOf(AggregateError);
    });

    test("a name without an address", async () => {
      const error = await rejection(connect({ hostname: "none.example", port: 1, tls: null }), ConnectError);
      expect(error).toMatchObject({ code: "CONNECT_DNS_FAILED", phase: "dns" });
    });

    test("abort during tls", async () => {
      using server = serve();
      const controller = new AbortController();
      const reason = new Error("changed my mind");
      const promise = connect({ hostname: "localhost", port: server.port, tls: CONFIG }, { signal: controller.signal });
      await until(() => server.received().length > 0);
      controller.abort(reason);
      const error = await rejection(promise, AbortedError);
      expect(error).toMatchObject({ code: "ABORTED", phase: "tls", cause: reason });
      await until(() => server.closes.length === 1);
    });

    test("an aborted signal opens nothing", async () => {
      using server = serve();
      const promise = connect(
        { hostname: "127.0.0.1", port: server.port, tls: null },
        { signal: AbortSignal.abort("no") },
      );
      expect(await rejection(promise, AbortedError)).toMatchObject({ phase: "dns", cause: "no" });
      await Bun.sleep(5);
      expect(server.sockets.length).toBe(0);
    });

    test("a signal that fires later does nothing to an open connection", async () => {
      using server = serve();
      const controller = new AbortController();
      const socket = await connect(
        { hostname: "127.0.0.1", port: server.port, tls: null },
        { signal: controller.signal },
      );
      controller.abort();
      expect(socket.closed).toBe(false);
      socket.terminate();
    });

    test("phases are told as they begin, and what the callback throws ends it", async () => {
      using server = serve({ tls: identity("localhost") });
      const phases: string[] = [];
      const target = { hostname: "localhost", port: server.port, tls: CONFIG };
      (await connect(target, { onPhase: (phase) => phases.push(phase) })).terminate();
      expect(phases).toEqual(["dns", "tcp", "tls"]);
      for (const when of phases) {
        const fault = new Error(when);
        const onPhase = (phase: string): void => {
          if (phase === when) throw fault;
        };
        expect(await rejection(connect(target, { onPhase }), Error)).toBe(fault);
      }
      await until(() => server.closes.length === server.sockets.length);
    });
  });
}

const ALL: readonly (readonly [string, Way])[] = [...WAYS.map(([name, means]) => eventWay(name, means)), spinWay()].map(
  (way) => [way.name, way],
);

describe.each(ALL)("TLS %s", (_, way) => {
  beforeAll(() => way.start());
  afterAll(() => way.stop());
  const connect = (target: RawTarget, options: RawOptions = {}): Promise<RawClient> => way.open(target, options);

  test("a good certificate, for a name, an IP literal, and a name given apart", async () => {
    using server = serve({ tls: identity("localhost"), onData: (socket, chunk) => socket.write(chunk) });
    for (const target of [
      { hostname: "localhost" },
      { hostname: "127.0.0.1" },
      { hostname: "venue.example", tls: { ca: CA, serverName: "localhost" } },
    ]) {
      const socket = await connect({ tls: { ca: CA }, ...target, port: server.port });
      expect([socket.facts.secure, socket.facts.tlsVersion]).toEqual([true, "TLSv1.3"]);
      expect(await socket.exchange("x")).toBe("x");
      await socket.terminate();
    }
  });

  const REFUSED: readonly (readonly [certificate: string, hostname: string, reason: string, tls: TestTls])[] = [
    ["self-signed", "localhost", "DEPTH_ZERO_SELF_SIGNED_CERT", { ca: CA }],
    ["expired", "localhost", "CERT_HAS_EXPIRED", { ca: CA }],
    ["wrong-name", "localhost", "ERR_TLS_CERT_ALTNAME_INVALID", { ca: CA }],
    ["wrong-name", "127.0.0.1", "ERR_TLS_CERT_ALTNAME_INVALID", { ca: CA }],
    ["localhost", "venue.example", "ERR_TLS_CERT_ALTNAME_INVALID", { ca: CA }],
    ["localhost", "localhost", "ERR_TLS_CERT_ALTNAME_INVALID", { ca: CA, serverName: "127.0.0.9" }],
    ["localhost", "localhost", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", {}],
  ];

  test.each(REFUSED)("a %s certificate for %s is refused: %s", async (certificate, hostname, reason, tls) => {
    using server = serve({ tls: identity(certificate) });
    const before = await way.socketsOpen();
    const error = await failed(connect({ hostname, port: server.port, tls }));
    const address = `127.0.0.1:${server.port}`;
    expect(error).toMatchObject({ name: "ConnectError", code: "TLS_VERIFICATION_FAILED", phase: "tls", address });
    expect(error.reason).toBe(way.near ? reason : reason.replace("VERIFY_LEAF_SIGNATURE", "GET_ISSUER_CERT_LOCALLY"));
    expect(error.message).toStartWith(`Cannot verify ${tls.serverName ?? hostname} at ${address}: ${error.reason} (`);
    await until(() => server.closes.length === 1);
    expect(server.received().length).toBe(0);
    while ((await way.socketsOpen()) > before) await Bun.sleep(1);
  });

  test("with rejectUnauthorized false any certificate will do", async () => {
    for (const certificate of ["self-signed", "expired", "wrong-name"]) {
      using server = serve({ tls: identity(certificate), onData: (socket, chunk) => socket.write(chunk) });
      const tls = { ca: CA, rejectUnauthorized: false };
      const socket = await connect({ hostname: "localhost", port: server.port, tls });
      expect(await socket.exchange("x")).toBe("x");
      await socket.terminate();
    }
  });

  test("a client certificate is shown where the server asks for one; without it nothing is heard", async () => {
    const tls = {
      ...identity("localhost"),
      ca: await Bun.file(CA).text(),
      requestCert: true,
      rejectUnauthorized: true,
    };
    using server = serve({ tls, onData: (socket, chunk) => socket.write(chunk) });
    const cert = testPath("client.crt");
    for (const identified of [
      { cert, key: testPath("client.key") },
      { cert, key: testPath("client-encrypted.key"), passphrase: "test" },
    ]) {
      const socket = await connect({ hostname: "localhost", port: server.port, tls: { ca: CA, ...identified } });
      expect(await socket.exchange("x")).toBe("x");
      await socket.terminate();
    }
    const before = server.received().length;
    // In TLS 1.3 the client's part of the handshake is over before the server has seen that there is no certificate.
    const unknown = await connect({ hostname: "localhost", port: server.port, tls: { ca: CA } }).catch(() => null);
    expect((await unknown?.exchange("secret")) ?? "").toBe("");
    await unknown?.terminate();
    expect(server.received().length).toBe(before);
  });

  test("a server that speaks no TLS, or hangs up, or has no version in common", async () => {
    using plain = serve({ onOpen: (socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n") });
    using rude = serve({ onData: (socket) => socket.terminate() });
    using polite = serve({ onData: (socket) => socket.shutdown() });
    for (const { port } of [plain, rude, polite]) {
      const error = await failed(connect({ hostname: "localhost", port, tls: { ca: CA } }));
      expect(error).toMatchObject({ code: "TLS_HANDSHAKE_FAILED", phase: "tls", address: `127.0.0.1:${port}` });
    }
  });

  test("a session is resumed with the same host and port under the same config, once it is known", async () => {
    using server = serve({ tls: identity("localhost"), onData: (socket, chunk) => socket.write(chunk) });
    using other = serve({ tls: identity("localhost"), onData: (socket, chunk) => socket.write(chunk) });
    const tls = { ca: CA, shared: `resumed ${server.port}` };
    const reused: boolean[] = [];
    const visit = async (port: number, config: TestTls): Promise<void> => {
      const socket = await connect({ hostname: "localhost", port, tls: config });
      reused.push(socket.facts.sessionReused);
      expect(await socket.exchange("x")).toBe("x");
      await socket.terminate();
    };
    for (let i = 0; i < 3; i += 1) await visit(server.port, tls);
    await visit(other.port, tls);
    await visit(server.port, { ca: CA, resume: false, shared: `never resumed ${server.port}` });
    await visit(server.port, { ca: CA, resume: false, shared: `never resumed ${server.port}` });
    await visit(server.port, { ca: CA, serverName: "127.0.0.1", shared: `resumed ${server.port}, by another name` });
    expect(reused).toEqual([false, true, true, false, false, false, false]);
    if (way.near) expect(tlsInternals.sessions(configOf(tls)).size).toBe(2);
  });

  test("a resumed session still obeys the certificate's name", async () => {
    using server = serve({ tls: identity("localhost"), onData: (socket, chunk) => socket.write(chunk) });
    const tls = { ca: CA, shared: `named ${server.port}` };
    const first = await connect({ hostname: "localhost", port: server.port, tls });
    expect(await first.exchange("x")).toBe("x");
    await first.shutdown();
    const error = await failed(connect({ hostname: "venue.example", port: server.port, tls }));
    expect(error.code).toBe("TLS_VERIFICATION_FAILED");
    await first.terminate();
    const again = await connect({ hostname: "localhost", port: server.port, tls });
    expect(again.facts.sessionReused).toBe(true);
    await again.terminate();
  });

  test("a server that accepts and says nothing is given up in phase tls, by either limit", async () => {
    using server = serve();
    const before = await way.socketsOpen();
    for (const limits of [{ timeout: 300 }, { timeout: 60_000, tlsTimeout: 300 }]) {
      const error = await failed(connect({ hostname: "localhost", port: server.port, tls: { ca: CA } }, limits));
      expect(error).toMatchObject({ name: "TimeoutError", code: "CONNECT_TIMEOUT", phase: "tls", timeout: 300 });
      expect(error.message).toBe(`Cannot connect to localhost:${server.port}: 300 ms ran out during tls`);
    }
    await until(() => server.closes.length === 2);
    while ((await way.socketsOpen()) > before + 2) await Bun.sleep(1);
    // All that came was the client's hello, not a byte of the user's.
    expect(server.received()[0]).toBe(22);
  });

  test("TLS 1.3 and 1.2 are spoken, and no less than is asked for; ALPN agrees", async () => {
    const onData = (socket: { write(bytes: Uint8Array): number }, chunk: Uint8Array) => socket.write(chunk);
    using newest = serve({ tls: identity("localhost"), onData });
    using older = serve({ tls: { ...identity("localhost"), maxVersion: 0x0303 } as Bun.TLSOptions, onData });
    const ALPNProtocols = Buffer.from(alpn("http/1.1"));
    using agreeing = serve({ tls: { ...identity("localhost"), ALPNProtocols }, onData });
    for (const [{ port }, tls, version, protocol] of [
      [newest, { ca: CA, minVersion: "TLSv1.3" }, "TLSv1.3", null],
      [older, { ca: CA }, "TLSv1.2", null],
      [agreeing, { ca: CA, alpn: ["other", "http/1.1"] }, "TLSv1.3", "http/1.1"],
    ] as const) {
      const socket = await connect({ hostname: "localhost", port, tls });
      expect([socket.facts.tlsVersion, socket.facts.alpnProtocol]).toEqual([version, protocol]);
      expect(await socket.exchange("hello")).toBe("hello");
      await socket.terminate();
    }
    const refused = connect({ hostname: "localhost", port: older.port, tls: { ca: CA, minVersion: "TLSv1.3" } });
    expect((await failed(refused)).code).toBe("TLS_HANDSHAKE_FAILED");
  });

  test("a session that is not taken up is no way past the certificate", async () => {
    const tls = { ca: CA, shared: `stale ${way.name}` };
    using good = new Listening("localhost", 0);
    const { port } = good;
    const first = await connect({ hostname: "localhost", port, tls });
    expect(await first.exchange("x")).toBe("x");
    await first.terminate();
    good.stop();
    for (const name of ["self-signed", "expired", "wrong-name"]) {
      using bad = new Listening(name, port);
      expect(await failed(connect({ hostname: "localhost", port, tls }))).toMatchObject({
        code: "TLS_VERIFICATION_FAILED",
      });
      expect(bad.received).toBe(0);
      bad.stop();
    }
    using again = new Listening("localhost", port);
    const last = await connect({ hostname: "localhost", port, tls });
    expect([await last.exchange("x"), last.facts.sessionReused]).toEqual(["x", false]);
    await last.terminate();
    again.stop();
  });

  test("a session of TLS 1.2 is resumed, too", async () => {
    const old = { ...identity("localhost"), maxVersion: 0x0303 } as Bun.TLSOptions;
    using server = serve({ tls: old, onData: (socket, chunk) => socket.write(chunk) });
    const tls = { ca: CA, shared: `old ${server.port}` };
    const reused: boolean[] = [];
    for (let visit = 0; visit < 2; visit++) {
      const socket = await connect({ hostname: "localhost", port: server.port, tls });
      reused.push(socket.facts.sessionReused);
      expect(await socket.exchange("x")).toBe("x");
      await socket.terminate();
    }
    expect(reused).toEqual([false, true]);
  });
});

test("abort and timeout during tcp close the attempt at once", async () => {
  using hole = blackhole();
  const descriptors = openDescriptors();
  const target = { hostname: "127.0.0.1", port: hole.port, tls: null };
  const timeout = await rejection(dial(target, { timeout: 30 }), TimeoutError);
  expect(timeout).toMatchObject({ code: "CONNECT_TIMEOUT", phase: "tcp", timeout: 30 });
  expect(openDescriptors()).toBe(descriptors);
  const controller = new AbortController();
  const aborted = rejection(dial(target, { signal: controller.signal }), AbortedError);
  await until(() => openDescriptors() > descriptors);
  controller.abort();
  expect((await aborted).phase).toBe("tcp");
  expect(openDescriptors()).toBe(descriptors);
});

test("abort and timeout during dns leave the resolver behind", async () => {
  const answer = Promise.withResolvers<readonly IpAddress[]>();
  using server = serve();
  const means: DialMeans = { resolver: () => answer.promise, connector: tcpConnector };
  const target = { hostname: "slow.example", port: server.port, tls: null };
  const controller = new AbortController();
  const aborted = rejection(dialWith(target, { signal: controller.signal }, means), AbortedError);
  const timeout = await rejection(dialWith(target, { timeout: 10 }, means), TimeoutError);
  controller.abort();
  expect([timeout.phase, (await aborted).phase]).toEqual(["dns", "dns"]);
  answer.resolve([{ address: "127.0.0.1", family: 4 }]);
  await Bun.sleep(5);
  expect(server.sockets.length).toBe(0);
});

test("a blackholed address does not hold up a live one, and is closed when that wins", async () => {
  using hole = blackhole();
  using server = serve();
  const descriptors = openDescriptors();
  const two: Resolver = async () => [
    { address: "127.0.0.2", family: 4 },
    { address: "127.0.0.1", family: 4 },
  ];
  const means: DialMeans = {
    resolver: two,
    // Both on loopback, so that the first address goes to the hole's port.
    connector: (options) => (ip, done) =>
      ip.address === "127.0.0.2"
        ? tcpConnector({ ...options, port: hole.port })({ address: "127.0.0.1", family: 4 }, done)
        : tcpConnector(options)(ip, done),
  };
  const socket = await dialWith({ hostname: "two.example", port: server.port, tls: null }, {}, means);
  expect(socket.remotePort).toBe(server.port);
  await until(() => server.sockets.length === 1);
  expect(openDescriptors()).toBe(descriptors + 2);
  socket.terminate();
});

type Resolver = DialMeans["resolver"];

test("a plain Bun.connect that was given up closes itself when it arrives late", async () => {
  using server = serve();
  const means: DialMeans = { resolver, connector: bunConnector };
  const controller = new AbortController();
  const promise = dialWith(
    { hostname: "127.0.0.1", port: server.port, tls: null },
    { signal: controller.signal },
    means,
  );
  // The race starts on the next microtask; the connection is open a turn of the loop later.
  await Promise.resolve();
  await Promise.resolve();
  controller.abort();
  await rejection(promise, AbortedError);
  await until(() => server.closes.length === server.sockets.length && server.sockets.length > 0);
});

describe("options before connect", () => {
  const options: SocketOptions = {
    noDelay: false,
    keepAlive: { idle: 10, interval: 5, count: 3 },
    recvBufferSize: 100_000,
    sendBufferSize: 60_000,
    quickAck: true,
    userTimeout: 9000,
    notSentLowAt: 32_768,
    priority: 5,
    typeOfService: 0x08,
    localAddress: "127.0.0.5",
  };

  test.each([null, CONFIG])("are in force on the open connection, and read back (%#)", async (tls) => {
    using server = serve(tls === null ? {} : { tls: identity("localhost") });
    const socket = await dial({ hostname: "127.0.0.1", port: server.port, tls }, { socket: options });
    const info = socket.socketInfo();
    expect(info).toMatchObject({ localAddress: "127.0.0.5", remotePort: server.port });
    expect(info?.options).toMatchObject({
      noDelay: false,
      keepAlive: true,
      keepAliveIdle: 10,
      keepAliveInterval: 5,
      keepAliveCount: 3,
      recvBufferSize: 200_000,
      sendBufferSize: 120_000,
      quickAck: true,
      userTimeout: 9000,
      notSentLowAt: 32_768,
      priority: 5,
      typeOfService: 8,
    });
    await until(() => server.sockets.length === 1);
    expect(server.sockets[0]?.remoteAddress).toBe("127.0.0.5");
    socket.terminate();
  });

  test.each(["self-signed", "expired", "wrong-name"])(
    "a %s certificate is refused all the same",
    async (certificate) => {
      using server = serve({ tls: identity(certificate) });
      const error = await rejection(
        dial({ hostname: "localhost", port: server.port, tls: CONFIG }, { socket: options }),
        ConnectError,
      );
      expect(error).toMatchObject({ code: "TLS_VERIFICATION_FAILED", phase: "tls" });
      await until(() => server.closes.length === 1);
      expect(server.received().length).toBe(0);
    },
  );

  test("an address that this machine has not is refused by name, and nothing stays open", async () => {
    using server = serve();
    const descriptors = openDescriptors();
    const target = { hostname: "127.0.0.1", port: server.port, tls: null };
    const error = await rejection(dial(target, { socket: { localAddress: "192.0.2.1" } }), SocketOptionError);
    expect(error).toMatchObject({ code: "SOCKET_OPTION_REFUSED", option: "localAddress", osCode: "EADDRNOTAVAIL" });
    expect(openDescriptors()).toBe(descriptors);
  });

  test("a source address picks the addresses of its family", async () => {
    using server = serve();
    const means: DialMeans = { resolver, connector: tcpConnector };
    const target = { hostname: "two.example", port: server.port, tls: null };
    const socket = await dialWith(target, { socket: { localAddress: "127.0.0.1" } }, means);
    expect(socket.remoteAddress).toBe("127.0.0.1");
    socket.terminate();
  });
});

test("the caller's mistakes are UsageErrors, and open nothing", async () => {
  const good = { hostname: "127.0.0.1", port: 443, tls: null };
  for (const [target, options, code] of [
    [{ ...good, hostname: "" }, {}, "CONNECT_BAD_TARGET"],
    [{ ...good, port: 0 }, {}, "CONNECT_BAD_TARGET"],
    [{ ...good, port: 65_536 }, {}, "CONNECT_BAD_TARGET"],
    [{ ...good, port: 1.5 }, {}, "CONNECT_BAD_TARGET"],
    [good, { timeout: 0 }, "CONNECT_BAD_TIMEOUT"],
    [good, { timeout: 2 ** 31 }, "CONNECT_BAD_TIMEOUT"],
    [good, { tlsTimeout: Number.NaN }, "CONNECT_BAD_TIMEOUT"],
    [good, { socket: { priority: -1 } }, "SOCKET_OPTION_INVALID"],
  ] as const) {
    expect((await rejection(dial(target, options), UsageError)).code).toBe(code);
  }
});

test("an empty name to verify is refused, not taken for another", async () => {
  using server = serve({ tls: identity("localhost") });
  const target = { hostname: "127.0.0.1", port: server.port, tls: CONFIG, serverName: "" };
  expect((await rejection(dial(target), UsageError)).code).toBe("CONNECT_BAD_TARGET");
  expect((await rejection(dial({ ...target, hostname: "localhost" }), UsageError)).code).toBe("CONNECT_BAD_TARGET");
  await until(() => server.closes.length === server.sockets.length);
});

test("NODE_TLS_REJECT_UNAUTHORIZED does not turn verification off, and nothing keeps a process that is done", async () => {
  using bad = serve({ tls: identity("self-signed") });
  using good = serve({ tls: identity("localhost") });
  using silent = serve();
  using hole = blackhole();
  const script = `
    import { dial, TlsConfig } from ${JSON.stringify(join(import.meta.dir, "../../src/socket/mod.ts"))};
    const tls = new TlsConfig({ ca: ${JSON.stringify(CA)} });
    const tell = (promise) => promise.then((socket) => { socket.terminate(); return "open"; }, (error) => error.code);
    const options = { timeout: 600_000 };
    const ended = AbortSignal.timeout(50);
    console.log(await Promise.all([
      tell(dial({ hostname: "localhost", port: ${bad.port}, tls }, options)),
      tell(dial({ hostname: "localhost", port: ${good.port}, tls }, options)),
      tell(dial({ hostname: "localhost", port: ${silent.port}, tls }, { ...options, signal: ended })),
      tell(dial({ hostname: "127.0.0.1", port: ${hole.port}, tls: null }, { ...options, signal: ended })),
    ]).then((all) => all.join(" ")));
  `;
  const child = Bun.spawn([process.execPath, "-e", script], {
    env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: "0" },
    stdout: "pipe",
    stderr: "ignore",
  });
  expect((await new Response(child.stdout).text()).trim()).toBe("TLS_VERIFICATION_FAILED open ABORTED ABORTED");
  expect(await child.exited).toBe(0);
  expect(bad.received().length).toBe(0);
}, 30_000);

test("2,000 connections, opened and closed, leave no descriptor behind", async () => {
  using plain = serve();
  using secure = serve({ tls: identity("localhost") });
  const before = openDescriptors();
  const visit = async (i: number): Promise<void> => {
    const tls = i % 10 === 0 ? CONFIG : null;
    const target = { hostname: "127.0.0.1", port: (tls === null ? plain : secure).port, tls };
    const socket = await dial(target, i % 2 === 0 ? {} : { socket: { recvBufferSize: 50_000 } });
    const recorder = new Recorder();
    socket.attach(recorder);
    if (i % 3 === 0) socket.shutdown();
    socket.terminate();
    expect(recorder.closed).toBe(true);
  };
  for (let i = 0; i < 2000; i += 20) await Promise.all(Array.from({ length: 20 }, (_, k) => visit(i + k)));
  await until(() => plain.closes.length === plain.sockets.length && secure.closes.length === secure.sockets.length);
  await until(() => openDescriptors() <= before);
  expect(plain.sockets.length + secure.sockets.length).toBe(2000);
}, 30_000);

/** An echo over TLS on a port that others have had before. */
class Listening implements Disposable {
  /** Bytes of plaintext. */
  received = 0;
  readonly #listener: Bun.TCPSocketListener<undefined>;

  constructor(certificate: string, port: number) {
    this.#listener = Bun.listen<undefined>({
      hostname: "127.0.0.1",
      port,
      tls: identity(certificate),
      socket: {
        data: (socket, chunk) => {
          this.received += chunk.length;
          socket.write(chunk);
        },
        handshake() {},
        error() {},
      },
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  stop(): void {
    this.#listener.stop(true);
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
