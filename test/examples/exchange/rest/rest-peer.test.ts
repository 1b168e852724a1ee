import { expect, test } from "bun:test";
import { TEST_HMAC_KEY } from "../../../../examples/exchange/rest/keys.ts";
import { EXCHANGE_CA, startExchange } from "../../../../examples/exchange/server.ts";
import { RawClient } from "../raw-client.ts";
import { RawHttp, requestText } from "../raw-http.ts";
import { signedTarget } from "./signed.ts";

/** Nothing happens but what a test lets happen. */
const STILL = { rate: 0, symbols: ["BTCUSDT"] };
const ORDER = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.5&price=1.0";
const PING = requestText("GET", "/api/v3/ping", "");
const NOTHING_HERE = requestText("GET", "/nothing", "");

test("fetch: time and depth, over TCP and over TLS", async () => {
  for (const tls of [false, true]) {
    await using exchange = await startExchange({ ...STILL, tls });
    const ask = (path: string): Promise<Response> =>
      fetch(`${exchange.restUrl}${path}`, tls ? { tls: { ca: Bun.file(EXCHANGE_CA) } } : {});
    const time = await ask("/api/v3/time");
    const { serverTime } = (await time.json()) as { serverTime: number };
    expect(Math.abs(Date.now() - serverTime)).toBeLessThan(5_000);
    expect(time.headers.get("content-type")).toBe("application/json;charset=UTF-8");
    expect(time.headers.get("x-mbx-used-weight-1m")).toBe("1");
    const depth = await ask("/api/v3/depth?symbol=BTCUSDT&limit=5000");
    expect(await depth.json()).toEqual(JSON.parse(JSON.stringify(exchange.snapshot("BTCUSDT", 5_000))));
  }
});

test("fetch: signed orders, in the query and in the body, are in the exchange's log", async () => {
  await using exchange = await startExchange(STILL);
  const headers = { "X-MBX-APIKEY": TEST_HMAC_KEY.apiKey };
  const url = `${exchange.restUrl}/api/v3/order`;
  const target = signedTarget("", `${ORDER}&newClientOrderId=in-query`, TEST_HMAC_KEY);
  expect((await fetch(`${url}${target}`, { method: "POST", headers })).status).toBe(200);
  const body = signedTarget("", `${ORDER}&newClientOrderId=in-body`, TEST_HMAC_KEY).slice(1);
  expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
  const again = await fetch(url, { method: "POST", headers, body });
  expect([again.status, await again.json()]).toEqual([400, { code: -2010, msg: "Duplicate order sent." }]);
  expect(exchange.orders.map(({ clientOrderId }) => clientOrderId)).toEqual(["in-query", "in-body"]);
});

test("a connection stays for the next request", async () => {
  await using exchange = await startExchange(STILL);
  using client = await RawHttp.connect(exchange.port);
  for (let count = 1; count <= 3; count++) {
    const { status, headers } = await client.get("/api/v3/time");
    expect([status, headers["connection"], headers["x-mbx-used-weight-1m"]]).toEqual([200, "keep-alive", `${count}`]);
  }
  expect([exchange.connections, client.ends]).toEqual([1, []]);
});

test("requests in one segment are answered in order, each whole", async () => {
  await using exchange = await startExchange(STILL);
  using client = await RawHttp.connect(exchange.port);
  client.methods.push("GET", "HEAD", "GET", "POST", "GET");
  const head = requestText("HEAD", "/api/v3/ping", "");
  client.send(`${PING}${head}${NOTHING_HERE}${requestText("POST", "/api/v3/order", "a=1")}${PING}`);
  await client.response(4);
  expect(client.responses.map(({ status, body }) => [status, body.length > 0])).toEqual([
    [200, true],
    [200, false],
    [404, true],
    [401, true],
    [200, true],
  ]);
  expect(client.responses[1]?.headers["content-length"]).toBe("2");
});

test("requests that come byte by byte are answered as if they came whole", async () => {
  await using exchange = await startExchange(STILL);
  using client = await RawHttp.connect(exchange.port);
  await client.sendBytes(`${PING}${requestText("POST", "/api/v3/order", "symbol=BTCUSDT")}${PING}`);
  await client.response(2);
  expect(client.responses.map(({ status }) => status)).toEqual([200, 401, 200]);
});

test("many requests at once, with answers that take time, are all answered in order", async () => {
  await using exchange = await startExchange({
    ...STILL,
    weightLimit: 100_000,
    faults: [{ kind: "rest-delay", value: 1 }],
  });
  using client = await RawHttp.connect(exchange.port);
  const count = 100;
  // More than the exchange lets wait: the rest stays in the kernel meanwhile.
  const padding = `X-Padding: ${"x".repeat(4_000)}`;
  for (let at = 0; at < count; at++) client.send(requestText("GET", at % 2 ? "/nothing" : "/api/v3/ping", "", padding));
  await client.response(count - 1);
  expect(client.responses.map(({ status }) => status)).toEqual(
    Array.from({ length: count }, (_, at) => (at % 2 ? 404 : 200)),
  );
});

test("a client that says close is answered and left", async () => {
  await using exchange = await startExchange(STILL);
  using client = await RawHttp.connect(exchange.port);
  const { headers } = await client.get("/api/v3/ping", "Connection: x, Close");
  await client.until(() => client.ends.length > 0);
  expect([headers["connection"], client.ends[0]]).toEqual(["close", "end"]);
});

test("a client that waits for 100 gets it before the answer", async () => {
  await using exchange = await startExchange(STILL);
  using client = await RawHttp.connect(exchange.port);
  client.send(requestText("POST", "/api/v3/order", "", "Content-Length: 3", "Expect: 100-continue"));
  await client.until(() => client.responses.length === 1);
  client.send("a=1");
  await client.response(0);
  expect(client.responses.map(({ status }) => status)).toEqual([100, 401]);
});

test.each<[why: string, bytes: string, status: number]>([
  ["what is no request", "hello\r\n\r\n", 400],
  ["two lengths", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
  ["a chunked body", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 501],
  ["the end of HTTP/1.1", "GET / HTTP/1.0\r\n\r\n", 505],
])("%s is answered, nothing behind it is read, and the connection ends", async (_, bytes, status) => {
  await using exchange = await startExchange(STILL);
  using client = await RawHttp.connect(exchange.port);
  client.send(`${PING}${bytes}${PING}`);
  await client.until(() => client.ends.length > 0);
  expect(client.responses.map((each) => each.status)).toEqual([200, status]);
});

test("requests first, then a WebSocket on the same connection", async () => {
  await using exchange = await startExchange(STILL);
  using client = await RawHttp.connect(exchange.port);
  await client.get("/api/v3/ping");
  client.send(
    requestText(
      "GET",
      "/ws/btcusdt@bookTicker",
      "",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==",
    ),
  );
  await client.until(() => client.responses.length === 2);
  expect(client.responses[1]?.status).toBe(101);
  const before = client.bytes.length;
  exchange.step(10);
  await client.until(() => client.bytes.length > before);
  expect(client.bytes.toString()).toContain('"s":"BTCUSDT"');
});

test("requests and streams share the port, and a client that reads no answer is no burden for the others", async () => {
  await using exchange = await startExchange({ ...STILL, weightLimit: 1_000_000 });
  using greedy = await RawHttp.connect(exchange.port);
  for (let count = 0; count < 20; count++) {
    greedy.send(requestText("GET", "/api/v3/depth?symbol=BTCUSDT&limit=5000", ""));
  }
  using stream = await RawClient.connect(`${exchange.url}/ws/btcusdt@bookTicker`);
  await stream.until(() => stream.head !== "");
  exchange.step(10);
  await stream.until(() => stream.messages.length > 0);
  await greedy.response(19);
});

test("stopping ends connections that are idle", async () => {
  const exchange = await startExchange(STILL);
  using client = await RawHttp.connect(exchange.port);
  await client.get("/api/v3/ping");
  await exchange.stop();
  await client.until(() => client.ends.length > 0);
  expect(exchange.connections).toBe(0);
});
