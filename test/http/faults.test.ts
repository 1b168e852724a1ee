import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { BACKENDS, type Backend, type BackendHttp } from "../helpers/backends/backends.ts";
import { failed, type Told } from "../helpers/backends/told.ts";
import { testPath } from "../helpers/certificates.ts";
import { unusedPort } from "../helpers/daemon.ts";
import { until } from "../helpers/wait.ts";
import { serve } from "../socket/support.ts";
import { type Answer, chunked, type HttpPeer, ok, RawServer } from "./support.ts";

const TRUSTED = { ca: testPath("ca.crt") };
/** Milliseconds: a fault that is not told would be waited for in vain. */
const LIMIT = 20_000;

/** What has come of an answer when it breaks. */
const PLACES: Readonly<Record<string, { readonly answer: string; readonly progress: string; readonly fin?: string }>> =
  {
    "before the answer": { answer: "", progress: "sent" },
    "after a byte of it": { answer: "H", progress: "response-started" },
    "after the status line": { answer: "HTTP/1.1 200 OK\r\n", progress: "response-started" },
    "in its head": { answer: "HTTP/1.1 200 OK\r\nContent-Le", progress: "response-started" },
    "behind an interim one": { answer: "HTTP/1.1 103 Early Hints\r\n\r\n", progress: "response-started" },
    "before its body": { answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", progress: "response-started" },
    "in its body": { answer: "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123456789", progress: "response-started" },
    "in a chunk": {
      answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1234",
      progress: "response-started",
    },
    "before the last chunk": {
      answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
      progress: "response-started",
    },
    "in the trailer section": {
      answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n",
      progress: "response-started",
    },
    "in a body that ends with the connection": {
      answer: "HTTP/1.1 200 OK\r\n\r\nall there is",
      progress: "response-started",
      fin: "all there is",
    },
  };

describe.each(BACKENDS)("the %s backend", (_, start) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await start();
  });
  afterAll(() => backend[Symbol.asyncDispose]());

  /** A connection that has failed sends no byte more, and its descriptor is gone. */
  async function isOver(connection: BackendHttp, server: RawServer, before: number): Promise<void> {
    const requests = server.requests.length;
    expect(await connection.standing()).toEqual({ state: "closed", isReusable: false });
    const error = await failed(connection.ask("/again"));
    expect([error.code, error.progress, error.bytesSent]).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
    await Promise.all(server.peers.map((peer) => peer.until(({ gone, sawEnd }) => gone || sawEnd)));
    expect(server.requests.length).toBe(requests);
    if (backend.name === "spin") expect(await backend.socketsOpen()).toBe(before);
  }

  describe.each(Object.entries(PLACES))("an answer that breaks %s", (__, { answer, progress, fin }) => {
    const breaking =
      (how: (peer: HttpPeer) => void): Answer =>
      (_request, peer) => {
        if (answer !== "") peer.send(answer);
        // Not in the same segment: a reset overtakes what was not read.
        setTimeout(() => how(peer), 20);
        return null;
      };

    async function broken(how: (peer: HttpPeer) => void, timeout = LIMIT): Promise<void> {
      using server = new RawServer({ answer: breaking(how) });
      const before = await backend.socketsOpen();
      const connection = await backend.openHttp(server.url);
      const asked = { method: "POST", body: '{"price":10}', timeout } as const;
      const error = await failed(connection.ask("/order", asked));
      const code = timeout === LIMIT ? "REQUEST_CONNECTION_LOST" : "REQUEST_TIMEOUT";
      const sent = server.peers[0]?.bytesReceived;
      expect([error.name, error.code, error.progress, error.bytesSent]).toEqual(["RequestError", code, progress, sent]);
      expect(error.message).toEndWith(`(${progress}, ${sent} bytes)`);
      expect(server.requests.length).toBe(1);
      await isOver(connection, server, before);
    }

    test("by RST", () => broken((peer) => peer.reset()));
    test("by silence", () => broken(() => {}, 60));

    test("by FIN", async () => {
      if (fin === undefined) {
        await broken((peer) => peer.end());
        return;
      }
      using server = new RawServer({ answer: breaking((peer) => peer.end()) });
      await using connection = await backend.openHttp(server.url);
      expect(await connection.ask("/", { timeout: LIMIT })).toMatchObject({ status: 200, body: fin });
      expect((await connection.standing()).state).toBe("closed");
    });
  });

  describe("a request that the peer does not read", () => {
    const large = "x".repeat(900_000);
    async function stuck(timeout: number, act: (peer: HttpPeer) => void): Promise<Told> {
      using server = new RawServer({ stalled: true, onPeer: act });
      const before = await backend.socketsOpen();
      const connection = await backend.openHttp(server.url, { socket: { sendBufferSize: 8 << 10 } });
      const error = await failed(connection.ask("/", { method: "POST", body: large, timeout }));
      await isOver(connection, server, before);
      return error;
    }

    // What loopback takes at once depends on the kernel: it may be all of it.
    const isPart = ({ progress, bytesSent = 0 }: Told): boolean =>
      progress === (bytesSent < large.length ? "partly-sent" : "sent") && bytesSent > 0;

    test("times out with what the kernel took", async () => {
      const error = await stuck(100, () => {});
      expect([error.code, isPart(error), error.cause?.code]).toEqual(["REQUEST_TIMEOUT", true, "REQUEST_TIMEOUT"]);
    });

    test("and that resets", async () => {
      const error = await stuck(LIMIT, (peer) => void setTimeout(() => peer.reset(), 50));
      expect([error.code, isPart(error), error.cause?.code]).toEqual([
        "REQUEST_CONNECTION_LOST",
        true,
        "CONNECTION_RESET",
      ]);
    });
  });

  describe("a connection that nobody uses", () => {
    test.each<[string, (peer: HttpPeer) => void, string | undefined]>([
      ["FIN", (peer) => peer.end(), undefined],
      ["RST", (peer) => peer.reset(), "CONNECTION_RESET"],
      ["a response that nobody asked for", (peer) => peer.send(ok("unasked")), "HTTP_RESPONSE_UNEXPECTED"],
    ])("is over by %s, before a byte of the next request", async (__, act, cause) => {
      using server = new RawServer();
      const before = await backend.socketsOpen();
      const connection = await backend.openHttp(server.url);
      expect(await connection.ask("/first", { timeout: LIMIT })).toMatchObject({ body: "GET /first HTTP/1.1" });
      const peer = await server.peer();
      const { bytesReceived } = peer;
      act(peer);
      await Bun.sleep(30);
      expect((await connection.standing()).isReusable).toBe(false);
      const error = await failed(connection.ask("/next"));
      expect([error.code, error.progress, error.bytesSent]).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
      if (cause !== undefined) expect(error.cause?.code).toBe(cause);
      expect(peer.bytesReceived).toBe(bytesReceived);
      await isOver(connection, server, before);
    });

    test("is over where an answer said so, or what followed it was not asked for", async () => {
      for (const answer of [
        ok("bye", "Connection: close\r\n"),
        `${ok("one")}more`,
        ok("", "Keep-Alive: timeout=0\r\n"),
      ]) {
        using server = new RawServer({ answer: () => answer });
        await using connection = await backend.openHttp(server.url);
        expect((await connection.ask("/", { timeout: LIMIT })).status).toBe(200);
        expect((await connection.standing()).isReusable).toBe(false);
      }
      using server = new RawServer();
      await using connection = await backend.openHttp(server.url);
      expect((await connection.ask("/", { fields: { Connection: "close" }, timeout: LIMIT })).status).toBe(200);
      expect((await connection.standing()).isReusable).toBe(false);
    });
  });

  test.each([
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
    ["a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["a chunk size over all bounds", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"],
    ["a bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"],
    ["bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
    ["a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"],
    ["garbage", "\x00\xff\x13garbage\r\n\r\n"],
    ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
    ["a head that never ends", "HTTP/1.1 200 OK\r\n".padEnd(100_000, "x-y: 1\r\n")],
    [
      "an upgrade that nobody asked for",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
    ["a body over the limit", "HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n"],
  ])("an answer with %s is refused, and ends the connection", async (__, answer) => {
    using server = new RawServer({ answer: () => answer });
    const before = await backend.socketsOpen();
    const connection = await backend.openHttp(server.url);
    const error = await failed(connection.ask("/", { timeout: LIMIT }));
    expect([error.code, error.progress]).toEqual(["REQUEST_BAD_RESPONSE", "response-started"]);
    await isOver(connection, server, before);
  });

  test("interim answers, chunks, no body at all and a large one come whole, in one segment or byte by byte", async () => {
    const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const cases: readonly (readonly [method: "GET" | "HEAD", answer: string, status: number, body: string])[] = [
      ["GET", `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 P\r\n\r\n${ok("final")}`, 200, "final"],
      ["GET", CHUNKED + chunked("one", "two", "three".repeat(20)), 200, `onetwo${"three".repeat(20)}`],
      ["GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""],
      ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", 304, ""],
      ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", 200, ""],
      ["GET", ok("slowly"), 200, "slowly"],
    ];
    for (const drips of [false, true]) {
      let at = 0;
      using server = new RawServer({
        answer: (_request, peer) => {
          const answer = cases[at]?.[1] ?? "";
          if (!drips) return answer;
          for (const [turn, character] of [...answer].entries()) setTimeout(() => peer.send(character), turn >> 3);
          return null;
        },
      });
      await using connection = await backend.openHttp(server.url);
      for (const [method, , status, body] of cases) {
        expect(await connection.ask("/", { method, timeout: LIMIT })).toMatchObject({ status, body });
        expect((await connection.standing()).isReusable).toBe(true);
        at++;
      }
    }
    using server = new RawServer({ answer: () => ok("x".repeat(3_000_000)) });
    await using connection = await backend.openHttp(server.url);
    expect((await connection.ask("/", { timeout: LIMIT })).body.length).toBe(3_000_000);
  });

  describe("a body that waits for 100 (RFC 9110 section 10.1.1)", () => {
    const asked = { method: "POST", fields: { Expect: "100-continue" }, body: "held back", timeout: LIMIT } as const;

    test("goes when it is asked for, or when nobody has asked for some time", async () => {
      for (const onHead of [() => "HTTP/1.1 100 Continue\r\n\r\n", () => null]) {
        using server = new RawServer({ onHead, answer: ({ body }) => ok(body.toString()) });
        await using connection = await backend.openHttp(server.url, { continueTimeout: 20 });
        expect((await connection.ask("/", asked)).body).toBe("held back");
      }
    });

    test("stays where it is refused, and the connection is over", async () => {
      using server = new RawServer({ onHead: () => ok("no", "", "417 Expectation Failed"), answer: () => null });
      await using connection = await backend.openHttp(server.url, { continueTimeout: 60_000 });
      expect(await connection.ask("/", asked)).toMatchObject({ status: 417, body: "no" });
      expect((await connection.standing()).state).toBe("closed");
      expect(server.requests.length).toBe(0);
    });
  });

  describe("connecting", () => {
    test("fails as what it is: refused, unknown, no URL of HTTP, out of range", async () => {
      using server = new RawServer();
      for (const [url, options, code] of [
        [`http://127.0.0.1:${unusedPort()}`, {}, "CONNECT_REFUSED"],
        ["http://name.invalid", {}, "CONNECT_DNS_FAILED"],
        ["ws://127.0.0.1", {}, "URL_INVALID"],
        [server.url, { connectTimeout: 0 }, "OPTION_OUT_OF_RANGE"],
        [server.url, { socket: { priority: -1 } }, "SOCKET_OPTION_INVALID"],
      ] as const) {
        expect((await failed(backend.openHttp(url, options))).code).toBe(code);
      }
      expect(server.peers).toEqual([]);
    });

    test("time runs out in the phase tls where the server says nothing", async () => {
      using server = serve();
      for (const limits of [{ connectTimeout: 60 }, { tlsTimeout: 60 }]) {
        const error = await failed(backend.openHttp(`https://localhost:${server.port}`, { tls: TRUSTED, ...limits }));
        expect([error.code, error.phase, error.timeout]).toEqual(["CONNECT_TIMEOUT", "tls", 60]);
      }
      await until(() => server.closes.length === 2);
    });

    test("a certificate that is refused is told no request", async () => {
      for (const tls of ["localhost", "self-signed", "expired", "wrong-name"]) {
        using server = new RawServer({ tls });
        const trusted = tls === "localhost" ? {} : { tls: TRUSTED };
        const error = await failed(backend.openHttp(server.url, trusted));
        expect([error.code, error.phase]).toEqual(["TLS_VERIFICATION_FAILED", "tls"]);
        const peer = await server.peer();
        await peer.until(({ gone }) => gone);
        expect(peer.bytesReceived).toBe(0);
      }
    });
  });
});
