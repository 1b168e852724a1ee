import { describe, expect, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import { HttpConnection } from "../../src/http/connection.ts";
import { ConnectError } from "../../src/socket/errors.ts";
import { memoryPair } from "../../src/socket/memory-pair.ts";
import type { TcpSocket } from "../../src/socket/tcp-socket.ts";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import { pattern } from "../helpers/bytes.ts";
import { testTls } from "../helpers/peer-server.ts";
import { FakeProxy } from "../socket/fake-proxy.ts";
import { rejection } from "../socket/support.ts";
import { Client, ok, outcomeOf, RawServer } from "./support.ts";

describe("over TLS", () => {
  test("requests, answers, streams and the end, as in the clear", async () => {
    const big = pattern(3 << 20);
    using server = new RawServer({
      tls: "localhost",
      answer: (request) =>
        request.target === "/big"
          ? Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${big.length}\r\n\r\n`), big])
          : ok(`${request.target} ${request.body.length}`),
    });
    using client = await Client.connect(server, { tls: testTls() });
    expect([client.connection.origin, client.connection.transport.secure]).toEqual([server.url, true]);
    for (let round = 0; round < 50; round++) {
      expect((await client.get(`/${round}`)).bodyText()).toBe(`/${round} 0`);
    }
    const upload = client.writer.post("/up").bodyStream(null).finish();
    const body = Array.from({ length: 100 }, () => pattern(30_000));
    expect((await client.connection.send(upload, client.reader, { body })).bodyText()).toBe("/up 3000000");
    const download = client.writer.get("/big").finish();
    const response = await client.connection.send(download, client.reader, { stream: true });
    const hash = new Bun.CryptoHasher("sha256");
    for await (const piece of response.stream()) hash.update(piece);
    expect(hash.digest("hex")).toBe(new Bun.CryptoHasher("sha256").update(big).digest("hex"));
    expect(client.standing).toBe("idle, told 0");
    const closed = Promise.withResolvers<void>();
    client.connection.onClosed = closed.resolve;
    server.peers[0]?.end();
    await closed.promise;
    expect(await outcomeOf(client.get())).toEqual(["REQUEST_NOT_REUSABLE", "not-sent", 0]);
    expect(server.peers.length).toBe(1);
  });

  test.each(["self-signed", "wrong-name", "expired"])("a certificate that is %s gets no byte", async (name) => {
    using server = new RawServer({ tls: name });
    const error = await rejection(HttpConnection.connect(server.url, { tls: testTls() }), ConnectError);
    expect(error.code).toBe("TLS_VERIFICATION_FAILED");
    const peer = await server.peer();
    await peer.until(({ gone }) => gone);
    expect([peer.bytesReceived, peer.requests.length]).toEqual([0, 0]);
  });

  test("the public roots alone trust no test server", async () => {
    using server = new RawServer({ tls: "localhost" });
    const error = await rejection(HttpConnection.connect(server.url), ConnectError);
    expect(error.code).toBe("TLS_VERIFICATION_FAILED");
    expect((await server.peer()).bytesReceived).toBe(0);
  });
});

test("https: over a transport without TLS is refused, and the transport left alone", async () => {
  const [near, far] = memoryPair();
  const error = await rejection(HttpConnection.connectWith(near, "https://h"), UsageError);
  expect(error.code).toBe("TRANSPORT_NOT_SECURE");
  expect(near.closed).toBe(false);
  far.terminate();
  const [secure] = memoryPair({ secure: true });
  expect((await HttpConnection.connectWith(secure, "https://h:8443/x")).origin).toBe("https://h:8443");
  secure.terminate();
});

test("an IPv6 literal", async () => {
  using server = new RawServer({ hostname: "::1" });
  using client = await Client.connect(server);
  expect((await client.get()).status).toBe(200);
  expect((client.connection.transport as TcpSocket).remoteAddress).toBe("::1");
});

test("socket options are set, and read back", async () => {
  using server = new RawServer();
  using client = await Client.connect(server, { socket: { keepAlive: { idle: 7, interval: 3, count: 2 } } });
  expect(client.connection.socketInfo()?.options.keepAliveIdle).toBe(7);
  client.connection.terminate();
  expect(client.connection.socketInfo()).toBeNull();
});

describe("through a proxy", () => {
  test.each(["http", "socks5"])(
    "%s: the target's name goes there, and the request's path stays its own",
    async (scheme) => {
      using server = new RawServer();
      using proxy = new FakeProxy({ to: server.port });
      const connection = await HttpConnection.connect("http://venue.invalid:81/", {
        proxy: `${scheme}://127.0.0.1:${proxy.port}`,
      });
      using client = new Client(connection);
      for (let round = 0; round < 3; round++) {
        expect((await client.get(`/${round}`)).bodyText()).toBe(`GET /${round} HTTP/1.1`);
      }
      expect(proxy.targets).toEqual(["venue.invalid:81"]);
    },
  );

  test("with TLS to the target within, verified against its name", async () => {
    using server = new RawServer({ tls: "localhost" });
    using proxy = new FakeProxy({ to: server.port });
    const options = { tls: testTls(), proxy: `http://127.0.0.1:${proxy.port}` };
    using client = new Client(await HttpConnection.connect("https://localhost/", options));
    expect((await client.get("/in")).bodyText()).toBe("GET /in HTTP/1.1");
    const error = await rejection(HttpConnection.connect("https://venue.invalid/", options), ConnectError);
    expect(error.code).toBe("TLS_VERIFICATION_FAILED");
    expect(server.peers[1]?.bytesReceived).toBe(0);
  });

  test("that is not there, there is no way round", async () => {
    using server = new RawServer();
    const gone = new FakeProxy();
    gone[Symbol.dispose]();
    await rejection(HttpConnection.connect(server.url, { proxy: `http://127.0.0.1:${gone.port}` }), ConnectError);
    expect(server.peers.length).toBe(0);
  });
});

test("a TlsConfig that verifies nothing is still asked for", async () => {
  using server = new RawServer({ tls: "self-signed" });
  const tls = new TlsConfig({ rejectUnauthorized: false });
  using client = await Client.connect(server, { tls });
  expect((await client.get()).status).toBe(200);
});
