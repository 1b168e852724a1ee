import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TimeoutError, UsageError } from "../../src/codec/errors.ts";
import { type DialMeans, dial, dialWith } from "../../src/socket/dial.ts";
import { AbortedError, ConnectError, SocketOptionError } from "../../src/socket/errors.ts";
import { bunConnector, tcpConnector } from "../../src/socket/tcp-connect.ts";
import type { TcpSocket } from "../../src/socket/tcp-socket.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import { eventWay, type RawClient, spinWay, type Way } from "../helpers/backends/backends.ts";
import type { RawOptions, RawTarget, TestTls } from "../helpers/backends/means.ts";
import { failed, type Told } from "../helpers/backends/told.ts";
import { identity, testPath } from "../helpers/certificates.ts";
import { until } from "../helpers/wait.ts";
import { FakeProxy } from "./fake-proxy.ts";
import { blackhole, bytesOf, openDescriptors, Recorder, rejection, serve, type TestServer } from "./support.ts";

const CONFIG = new TlsConfig({ ca: testPath("ca.crt") });

/** Names go to the proxy: nobody here may be asked for one. */
const resolver: DialMeans["resolver"] = async (hostname) => {
  throw new Error(`${hostname} was to be resolved here`);
};

const WAYS: readonly (readonly [string, Way])[] = [
  eventWay("over a descriptor of our own", { resolver, connector: tcpConnector }),
  eventWay("over Bun.connect", { resolver, connector: bunConnector }),
  spinWay(),
].map((way) => [way.name, way]);

const BOTH: readonly (readonly [string, Way])[] = [eventWay("by events"), spinWay()].map((way) => [way.name, way]);

/** As data. */
const TRUSTED: TestTls = { ca: testPath("ca.crt"), resume: false };

const SCHEMES = ["http", "socks5", "socks5h"] as const;

describe.each(WAYS)("%s", (_, way) => {
  beforeAll(() => way.start());
  afterAll(() => way.stop());

  describe.each(SCHEMES)("%s:", (scheme) => {
    const through = (proxy: { port: number }, target: RawTarget, options: RawOptions = {}): Promise<RawClient> =>
      way.open(target, { proxy: `${scheme}://127.0.0.1:${proxy.port}`, ...options });

    test("carries bytes both ways, plain, and hands the proxy the name", async () => {
      using server = echo();
      using proxy = new FakeProxy({ to: server.port });
      const socket = await through(proxy, { hostname: "venue.invalid", port: 4321, tls: null });
      expect(await socket.exchange("hello")).toBe("hello");
      expect(proxy.targets).toEqual(["venue.invalid:4321"]);
      expect(server.received().toString()).toBe("hello");
      const { secure, tlsVersion, info } = socket.facts;
      expect([secure, tlsVersion, info?.remotePort]).toEqual([false, null, proxy.port]);
      await socket.terminate();
    });

    test("carries TLS, verified against the target's name, answers and all byte by byte", async () => {
      using server = echo(identity("localhost"));
      using proxy = new FakeProxy({ to: server.port, drip: true });
      const socket = await through(proxy, { hostname: "localhost", port: 443, tls: TRUSTED });
      expect(await socket.exchange("over TLS")).toBe("over TLS");
      expect([socket.facts.secure, socket.facts.tlsVersion]).toEqual([true, "TLSv1.3"]);
      expect(proxy.targets).toEqual(["localhost:443"]);
      expect(server.received().toString()).toBe("over TLS");
      await socket.terminate();
    });

    test("takes IP literals", async () => {
      using server = echo(identity("localhost"));
      using proxy = new FakeProxy({ to: server.port });
      await (await through(proxy, { hostname: "127.0.0.1", port: 443, tls: TRUSTED })).terminate();
      await (await through(proxy, { hostname: "[::1]", port: 443, tls: TRUSTED })).terminate();
      const v6 = scheme === "http" ? "[::1]:443" : `${"0.".repeat(15)}1:443`;
      expect(proxy.targets).toEqual(["127.0.0.1:443", v6]);
    });

    test("the first bytes of a plain tunnel are not lost, though nobody was attached", async () => {
      using server = echo();
      using proxy = new FakeProxy({ to: server.port, banner: "220 ready\r\n" });
      const socket = await through(proxy, { hostname: "h", port: 1, tls: null });
      await Bun.sleep(5);
      expect(await socket.exchange("x")).toBe("220 ready\r\nx");
      await socket.terminate();
    });

    test("nor are those, and the end, that come later, but before anybody is attached", async () => {
      using server = serve();
      using proxy = new FakeProxy({ to: server.port });
      const socket = await through(proxy, { hostname: "h", port: 1, tls: null });
      await until(() => server.sockets.length === 1);
      server.sockets[0]?.write("220 ready\r\n");
      server.sockets[0]?.shutdown();
      await Bun.sleep(10);
      expect(await socket.exchange("x")).toBe("220 ready\r\n");
      await socket.terminate();
    });

    test("before TLS they have no place, and nothing is sent", async () => {
      using server = echo(identity("localhost"));
      using proxy = new FakeProxy({ to: server.port, banner: "220 ready\r\n" });
      const error = await failed(through(proxy, { hostname: "localhost", port: 1, tls: TRUSTED }));
      expect(error).toMatchObject({ code: "PROXY_BAD_ANSWER", phase: "proxy" });
      await until(() => proxy.closed === 1);
      expect(server.received().length).toBe(0);
    });

    test.each([
      ["self-signed", "localhost", "DEPTH_ZERO_SELF_SIGNED_CERT"],
      ["expired", "localhost", "CERT_HAS_EXPIRED"],
      ["wrong-name", "localhost", "ERR_TLS_CERT_ALTNAME_INVALID"],
      ["wrong-name", "127.0.0.1", "ERR_TLS_CERT_ALTNAME_INVALID"],
      ["localhost", "venue.invalid", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ])("a %s certificate for %s is refused, and no byte of ours went there", async (certificate, hostname, reason) => {
      using server = echo(identity(certificate));
      using proxy = new FakeProxy({ to: server.port });
      const error = await failed(through(proxy, { hostname, port: 443, tls: TRUSTED }));
      expect(error).toMatchObject({ code: "TLS_VERIFICATION_FAILED", phase: "tls", reason, address: null });
      expect(error.message).toContain(`at ${hostname}:443 by proxy 127.0.0.1:${proxy.port}`);
      await until(() => proxy.closed === 1 && server.closes.length === 1);
      expect(server.received().length).toBe(0);
    });

    test("sessions are taken up again, and belong to target and proxy", async () => {
      using server = echo(identity("localhost"));
      using proxy = new FakeProxy({ to: server.port });
      const tls = { ca: testPath("ca.crt"), shared: `${scheme} ${server.port}` };
      const visit = async (port: number): Promise<boolean> => {
        const socket = await through(proxy, { hostname: "localhost", port, tls });
        await socket.exchange("x");
        await socket.terminate();
        return socket.facts.sessionReused;
      };
      expect([await visit(443), await visit(443), await visit(444)]).toEqual([false, true, false]);
    });

    test("user name and password reach the proxy, and nobody else", async () => {
      using server = echo();
      using proxy = new FakeProxy({ to: server.port, login: "us@er:wörd" });
      const url = `${scheme}://us%40er:w%C3%B6rd@127.0.0.1:${proxy.port}`;
      const socket = await through(proxy, { hostname: "h", port: 1, tls: null }, { proxy: url });
      await socket.exchange("mine");
      expect(server.received().toString()).toBe("mine");
      await socket.terminate();
    });

    test("wrong or missing ones are PROXY_AUTH_FAILED, which shows neither", async () => {
      using server = echo();
      using proxy = new FakeProxy({ to: server.port, login: "user:secret" });
      for (const login of ["", "user:wrongword@", "someone:secret@"]) {
        const url = `${scheme}://${login}127.0.0.1:${proxy.port}`;
        const error = await failed(through(proxy, { hostname: "h", port: 1, tls: null }, { proxy: url }));
        expect(error).toMatchObject({ code: "PROXY_AUTH_FAILED", phase: "proxy", address: `127.0.0.1:${proxy.port}` });
        if (scheme === "http") expect(error).toMatchObject({ status: 407, body: "who are" });
        expect(error.shown).not.toMatch(/secret|wrongword|someone|d3Jvbmd3b3Jk/);
      }
      await until(() => proxy.closed === 3);
      expect([proxy.targets, server.sockets.length]).toEqual([[], 0]);
    });
  });
});

test.each(SCHEMES)("%s: phases are told as they begin", async (scheme) => {
  using server = echo(identity("localhost"));
  using proxy = new FakeProxy({ to: server.port });
  const phases: string[] = [];
  const options = { proxy: `${scheme}://127.0.0.1:${proxy.port}`, onPhase: (phase: string) => phases.push(phase) };
  (await dial({ hostname: "localhost", port: 443, tls: CONFIG }, options)).terminate();
  expect(phases).toEqual(["proxy", "tls"]);
});

test.each(SCHEMES)("%s: options are set on the way to the proxy, and fail under their own name", async (scheme) => {
  using server = echo();
  using proxy = new FakeProxy({ to: server.port });
  const target = { hostname: "h", port: 1, tls: null };
  const url = `${scheme}://127.0.0.1:${proxy.port}`;
  const socket = await dial(target, { proxy: url, socket: { recvBufferSize: 100_000 } });
  expect(socket.socketInfo()?.options.recvBufferSize).toBe(200_000);
  socket.terminate();
  const refused = dial(target, { proxy: url, socket: { localAddress: "192.0.2.1" } });
  expect((await rejection(refused, SocketOptionError)).code).toBe("SOCKET_OPTION_REFUSED");
});

test("a large answer through a tunnel is whole, plain and under TLS, and no ciphertext shows", async () => {
  const text = "0123456789abcdef".repeat(8192);
  for (const tls of [null, CONFIG]) {
    using server = serve({
      ...(tls === null ? {} : { tls: identity("localhost") }),
      onData: (socket) => socket.write(text),
    });
    using proxy = new FakeProxy({ to: server.port });
    const socket = await dial({ hostname: "localhost", port: 1, tls }, { proxy: `http://127.0.0.1:${proxy.port}` });
    const recorder = new Recorder();
    socket.attach(recorder);
    socket.write(bytesOf("go"), 0, 2);
    await until(() => recorder.bytes.length >= text.length);
    expect(recorder.text).toBe(text);
    socket.terminate();
  }
});

describe("an https: proxy", () => {
  const target = { hostname: "venue.invalid", port: 80, tls: null };

  test.each(BOTH)("is asked over TLS; what goes to the target counts as plain, %s", async (_, way) => {
    await way.start();
    using server = echo();
    using proxy = new FakeProxy({ to: server.port, tls: identity("localhost"), login: "user:word" });
    const url = `https://user:word@localhost:${proxy.port}`;
    const socket = await way.open(target, { proxy: { url, tls: TRUSTED, headers: { "X-Desk": "7" } } });
    expect(await socket.exchange("hello")).toBe("hello");
    const { secure, tlsVersion } = socket.facts;
    expect([secure, tlsVersion, server.received().toString()]).toEqual([false, null, "hello"]);
    expect(Buffer.concat(proxy.asked).toString()).toContain("\r\nX-Desk: 7\r\n");
    await socket.terminate();
    await way.stop();
  });

  test.each(BOTH)("with a certificate that is not for it is sent nothing, %s", async (_, way) => {
    await way.start();
    using proxy = new FakeProxy({ tls: identity("wrong-name") });
    const url = `https://user:word@localhost:${proxy.port}`;
    const error = await failed(way.open(target, { proxy: { url, tls: TRUSTED } }));
    expect(error).toMatchObject({ code: "PROXY_UNREACHABLE", phase: "proxy", reason: "ERR_TLS_CERT_ALTNAME_INVALID" });
    expect(error.cause).toMatchObject({ code: "TLS_VERIFICATION_FAILED" });
    await until(() => proxy.closed === proxy.clients.length);
    expect(proxy.asked).toEqual([]);
    await way.stop();
  });

  test.each(BOTH)("cannot carry TLS: refused before anything is opened, %s", async (_, way) => {
    await way.start();
    using proxy = new FakeProxy({ tls: identity("localhost") });
    const options = { proxy: { url: `https://localhost:${proxy.port}`, tls: TRUSTED } };
    const error = await failed(way.open({ ...target, tls: TRUSTED }, options));
    expect([error.name, error.code]).toEqual(["UsageError", "PROXY_TLS_IN_TLS"]);
    expect(proxy.clients).toEqual([]);
    await way.stop();
  });
});

describe.each(BOTH)("no tunnel means no connection, %s", (_, way) => {
  beforeAll(() => way.start());
  afterAll(() => way.stop());

  /** A server at the very address that is asked for: it must never hear of it. */
  const refused = async (proxy: string | TestServer, scheme: string, options: RawOptions = {}): Promise<Told> => {
    using target = serve();
    const url = typeof proxy === "string" ? proxy : `${scheme}://127.0.0.1:${proxy.port}`;
    const before = await way.socketsOpen();
    const error = await failed(
      way.open({ hostname: "127.0.0.1", port: target.port, tls: null }, { proxy: url, ...options }),
    );
    expect(error).toMatchObject({ name: "ConnectError", phase: "proxy" });
    await Bun.sleep(2);
    expect(target.sockets).toEqual([]);
    const others = way.near && typeof proxy !== "string" ? proxy.sockets.length : 0;
    while ((await way.socketsOpen()) > before + others) await Bun.sleep(1);
    return error;
  };

  test.each(SCHEMES)("%s: nobody listens", async (scheme) => {
    const error = await refused(`${scheme}://127.0.0.1:1`, scheme);
    expect(error).toMatchObject({
      code: "PROXY_UNREACHABLE",
      address: "127.0.0.1:1",
      osCode: "ECONNREFUSED",
      errno: 111,
    });
    expect(error.cause).toMatchObject({ code: "CONNECT_REFUSED", phase: "tcp" });
  });

  test.each([
    ["http", "HTTP/1.1 403 Filtered\r\nContent-Length: 7\r\n\r\nnot you", "PROXY_REFUSED", 403, "Filtered", "not you"],
    ["http", "HTTP/1.1 200 OK\n\n", "PROXY_BAD_ANSWER", null, null, null],
    ["http", "\x05\x00", "PROXY_BAD_ANSWER", null, null, null],
    ["socks5", "HTTP/1.1 400 Bad Request\r\n\r\n", "PROXY_BAD_ANSWER", null, null, null],
    ["socks5", "\x05\xff", "PROXY_AUTH_FAILED", null, null, null],
  ] as const)("%s: %p is %s", async (scheme, answer, code, status, reason, body) => {
    using proxy = serve({ onData: (socket) => socket.write(Buffer.from(answer, "latin1")) });
    expect(await refused(proxy, scheme)).toMatchObject({ code, status, reason, body });
    await until(() => proxy.closes.length === 1);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("socks5: reply %i", async (reply) => {
    using proxy = serve({
      onData: (socket, chunk) => socket.write(chunk.length === 3 ? Buffer.of(5, 0) : Buffer.of(5, reply)),
    });
    const error = await refused(proxy, "socks5");
    expect(error).toMatchObject({ code: "PROXY_REFUSED", status: reply });
    expect(error.message).toContain(`the proxy answered with reply ${reply} (${error.reason})`);
  });

  /** Says what it has to in answer to the first bytes, and ends. */
  const ending = (words: string, end: "shutdown" | "terminate"): TestServer =>
    serve({
      onData: (socket) => {
        socket.write(Buffer.from(words, "latin1"));
        socket[end]();
      },
    });

  test.each([
    ["http", ""],
    ["http", "HTTP/1.1 2"],
    ["http", "HTTP/1.1 200 OK\r\nVia: fa"],
    ["socks5", ""],
    ["socks5", "\x05"],
  ])("%s: an end behind %p is PROXY_CUT", async (scheme, words) => {
    for (const end of ["shutdown", "terminate"] as const) {
      using proxy = ending(words, end);
      const error = await refused(proxy, scheme);
      expect(error.code).toBe("PROXY_CUT");
    }
  });

  test("a reset is the cause", async () => {
    using proxy = ending("", "terminate");
    expect((await refused(proxy, "http")).cause).toMatchObject({ code: "CONNECTION_RESET" });
  });

  test("socks5: an end within the reply is PROXY_CUT", async () => {
    for (let length = 0; length < 10; length++) {
      using proxy = serve({
        onData: (socket, chunk) => {
          if (chunk.length === 3) {
            socket.write(Buffer.of(5, 0));
            return;
          }
          socket.write(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0).subarray(0, length));
          socket.shutdown();
        },
      });
      expect((await refused(proxy, "socks5")).code).toBe("PROXY_CUT");
    }
  });

  test("http: a refusal whose body does not end is told all the same, soon or when time runs out", async () => {
    using proxy = serve({ onData: (socket) => socket.write("HTTP/1.1 503 Busy\r\n\r\ntry lat") });
    for (const timeout of [100, 60_000]) {
      const error = await refused(proxy, "http", { timeout });
      expect(error).toMatchObject({ code: "PROXY_REFUSED", status: 503, reason: "Busy", body: "try lat" });
    }
  });

  test.each(SCHEMES)("%s: a proxy that ends with its consent is the end of the TLS handshake", async (scheme) => {
    using proxy = serve({
      onData: (socket, chunk) => {
        if (chunk.length === 3) {
          socket.write(Buffer.of(5, 0));
          return;
        }
        socket.write(scheme === "http" ? "HTTP/1.1 200 OK\r\n\r\n" : Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
        socket.end();
      },
    });
    const options = { proxy: `${scheme}://127.0.0.1:${proxy.port}`, timeout: 2_000 };
    const error = await failed(way.open({ hostname: "localhost", port: 1, tls: TRUSTED }, options));
    expect(error).toMatchObject({ phase: "tls" });
  });
});

test.each(SCHEMES)("%s: a proxy whose name is unknown is not reached", async (scheme) => {
  const means: DialMeans = { resolver: async () => [], connector: tcpConnector };
  const target = { hostname: "127.0.0.1", port: 1, tls: null };
  const unknown = await rejection(dialWith(target, { proxy: `${scheme}://none.invalid` }, means), ConnectError);
  expect(unknown).toMatchObject({ code: "PROXY_UNREACHABLE", phase: "proxy" });
  expect(unknown.cause).toMatchObject({ code: "CONNECT_DNS_FAILED" });
});

describe.each(BOTH)("time runs out, %s", (_, way) => {
  beforeAll(() => way.start());
  afterAll(() => way.stop());
  const target = { hostname: "venue.invalid", port: 443, tls: TRUSTED };

  test("time runs out in the phase proxy: nobody accepts, nothing is said, or not enough", async () => {
    using hole = blackhole();
    using silent = serve();
    using slow = serve({ onData: (socket) => socket.write("HTTP/1.1 200 OK\r\nVia: ") });
    const before = await way.socketsOpen();
    for (const { port } of [hole, silent, slow]) {
      const options = { proxy: `http://127.0.0.1:${port}`, timeout: 60 };
      const error = await failed(way.open(target, options));
      expect(error).toMatchObject({ name: "TimeoutError", code: "CONNECT_TIMEOUT", phase: "proxy", timeout: 60 });
      expect(error.message).toContain(`venue.invalid:443 by proxy 127.0.0.1:${port}: 60 ms ran out during proxy`);
    }
    await until(() => silent.closes.length === 1 && slow.closes.length === 1);
    while ((await way.socketsOpen()) > before) await Bun.sleep(1);
    expect(silent.received().toString()).toBe("CONNECT venue.invalid:443 HTTP/1.1\r\nHost: venue.invalid:443\r\n\r\n");
  });

  test("time runs out in the phase tls: the target says nothing", async () => {
    using server = serve();
    for (const scheme of SCHEMES) {
      using proxy = new FakeProxy({ to: server.port });
      for (const limits of [{ timeout: 300 }, { timeout: 60_000, tlsTimeout: 60 }]) {
        const options = { proxy: `${scheme}://127.0.0.1:${proxy.port}`, ...limits };
        expect(await failed(way.open(target, options))).toMatchObject({ code: "CONNECT_TIMEOUT", phase: "tls" });
      }
      await until(() => proxy.closed === 2);
    }
  });
});

describe("limits", () => {
  const target = { hostname: "venue.invalid", port: 443, tls: CONFIG };

  test("time runs out while the resolver is asked for the proxy", async () => {
    const means: DialMeans = { resolver: () => new Promise(() => {}), connector: tcpConnector };
    const error = await rejection(
      dialWith(target, { proxy: "http://proxy.invalid", timeout: 20 }, means),
      TimeoutError,
    );
    expect([error.phase, error.timeout]).toEqual(["proxy", 20]);
  });

  test("a signal cuts it: before it begins, on the way to the proxy, in the talk with it, in a refusal's body", async () => {
    using hole = blackhole();
    using silent = serve();
    using refusing = serve({ onData: (socket) => socket.write("HTTP/1.1 503 Busy\r\n\r\n") });
    const descriptors = openDescriptors();
    const aborted = AbortSignal.abort("early");
    const early = await rejection(dial(target, { proxy: "http://127.0.0.1:1", signal: aborted }), AbortedError);
    expect([early.phase, early.cause]).toEqual(["proxy", "early"]);
    for (const [port, isUnderWay] of [
      [hole.port, () => openDescriptors() > descriptors],
      [silent.port, () => silent.received().length > 0],
      [refusing.port, () => refusing.received().length > 0],
    ] as const) {
      const controller = new AbortController();
      const connecting = rejection(
        dial(target, { proxy: `http://127.0.0.1:${port}`, signal: controller.signal }),
        AbortedError,
      );
      await until(isUnderWay);
      await Bun.sleep(5);
      controller.abort();
      expect((await connecting).phase).toBe("proxy");
    }
    await until(() => silent.closes.length === 1 && refusing.closes.length === 1);
  });
});

test("a signal between the connection to the proxy and the talk with it closes that connection", async () => {
  using proxy = serve();
  const controller = new AbortController();
  const means: DialMeans = {
    resolver,
    connector: (options) => (ip, done) =>
      tcpConnector(options)(ip, (error, tcp) => {
        done(error, tcp);
        controller.abort();
      }),
  };
  const options = { proxy: `http://127.0.0.1:${proxy.port}`, signal: controller.signal };
  const error = await rejection(dialWith({ hostname: "h", port: 1, tls: null }, options, means), AbortedError);
  expect(error.phase).toBe("proxy");
  await until(() => proxy.closes.length === 1);
  expect(proxy.received().length).toBe(0);
});

test("a request that the kernel takes in pieces arrives whole", async () => {
  const long = "a".repeat(500_000);
  using proxy: TestServer = serve({
    onData: (socket) => {
      if (proxy.received().subarray(-4).toString() === "\r\n\r\n") socket.write("HTTP/1.1 200 OK\r\n\r\n");
    },
  });
  const options = { url: `http://127.0.0.1:${proxy.port}`, headers: { "X-Long": long } };
  const target = { hostname: "h", port: 1, tls: null };
  const socket = await dial(target, { proxy: options, socket: { sendBufferSize: 4096 } });
  expect(proxy.received().toString()).toBe(`CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\nX-Long: ${long}\r\n\r\n`);
  socket.terminate();
});

test("the caller's mistakes are UsageErrors, and open nothing", async () => {
  using proxy = serve();
  const url = `http://127.0.0.1:${proxy.port}`;
  const good = { hostname: "h", port: 443, tls: null };
  for (const [target, options, code] of [
    [good, { proxy: "" }, "PROXY_INVALID"],
    [good, { proxy: "proxy.example:3128" }, "PROXY_INVALID"],
    [{ ...good, hostname: "a\r\nX: y" }, { proxy: url }, "CONNECT_BAD_TARGET"],
    [{ ...good, hostname: "" }, { proxy: url }, "CONNECT_BAD_TARGET"],
    [{ ...good, port: 0 }, { proxy: url }, "CONNECT_BAD_TARGET"],
    [good, { proxy: url, timeout: 0 }, "CONNECT_BAD_TIMEOUT"],
    [good, { proxy: url, socket: { priority: -1 } }, "SOCKET_OPTION_INVALID"],
  ] as const) {
    expect((await rejection(dial(target, options), UsageError)).code).toBe(code);
  }
  expect(proxy.sockets).toEqual([]);
});

test("environment variables are not read", async () => {
  using server = echo();
  using proxy = new FakeProxy({ to: server.port });
  const script = `
    import { dial } from ${JSON.stringify(new URL("../../src/socket/mod.ts", import.meta.url).pathname)};
    const direct = await dial({ hostname: "127.0.0.1", port: ${server.port}, tls: null });
    const proxied = await dial({ hostname: "127.0.0.1", port: 1, tls: null }, { proxy: "http://127.0.0.1:${proxy.port}" });
    console.log(direct.remotePort, proxied.remotePort);
    direct.terminate();
    proxied.terminate();
  `;
  const names = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
  const proxies = Object.fromEntries(names.map((name) => [name, "http://127.0.0.1:1"]));
  const env = { ...process.env, ...proxies, NO_PROXY: "*", no_proxy: "*" };
  const child = Bun.spawn([process.execPath, "-e", script], { env, stdout: "pipe", stderr: "inherit" });
  expect((await new Response(child.stdout).text()).trim()).toBe(`${server.port} ${proxy.port}`);
  expect(await child.exited).toBe(0);
}, 30_000);

test("500 tunnels, opened and closed, leave no descriptor behind", async () => {
  using plain = echo();
  using secure = echo(identity("localhost"));
  using plainly = new FakeProxy({ to: plain.port });
  using securely = new FakeProxy({ to: secure.port });
  const before = openDescriptors();
  const visit = async (i: number): Promise<void> => {
    const tls = i % 10 === 0 ? CONFIG : null;
    const proxy = `${i % 2 === 0 ? "http" : "socks5"}://127.0.0.1:${(tls === null ? plainly : securely).port}`;
    const socket = await dial({ hostname: "localhost", port: 1, tls }, { proxy });
    expect(await echoed(socket, "x")).toBe("x");
    if (i % 3 === 0) socket.shutdown();
    socket.terminate();
  };
  for (let i = 0; i < 500; i += 20) await Promise.all(Array.from({ length: 20 }, (_, k) => visit(i + k)));
  await until(() => openDescriptors() <= before);
  expect(plainly.targets.length + securely.targets.length).toBe(500);
}, 30_000);

function echo(tls?: Bun.TLSOptions): TestServer {
  return serve({ ...(tls === undefined ? {} : { tls }), onData: (socket, chunk) => socket.write(chunk) });
}

/** What has come once an echo of `text` must be among it. */
async function echoed(socket: TcpSocket, text: string): Promise<string> {
  const recorder = new Recorder();
  socket.attach(recorder);
  socket.write(bytesOf(text), 0, text.length);
  await until(() => recorder.text.endsWith(text) || recorder.closed);
  return recorder.text;
}
