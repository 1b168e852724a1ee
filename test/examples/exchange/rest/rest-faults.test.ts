import { expect, test } from "bun:test";
import { parseFault } from "../../../../examples/exchange/faults.ts";
import { TEST_HMAC_KEY } from "../../../../examples/exchange/rest/keys.ts";
import { type Exchange, startExchange } from "../../../../examples/exchange/server.ts";
import { RawClient } from "../raw-client.ts";
import { RawHttp, type RawResponse, requestText } from "../raw-http.ts";
import { signedTarget } from "./signed.ts";

const DEPTH = "/api/v3/depth?symbol=BTCUSDT&limit=100";
const PING = requestText("GET", "/api/v3/ping", "");

async function startFaulty(...faults: string[]): Promise<Exchange> {
  return startExchange({ rate: 0, eventsPerWindow: 50, symbols: ["BTCUSDT"], faults: faults.map(parseFault) });
}

/** Sends an order; the answer may never come. */
function sendOrder(client: RawHttp, name: string): void {
  const query = `symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=1&newClientOrderId=${name}`;
  const target = signedTarget("/api/v3/order", query, TEST_HMAC_KEY);
  client.send(requestText("POST", target, "", `X-MBX-APIKEY: ${TEST_HMAC_KEY.apiKey}`));
}

function names(exchange: Exchange): string[] {
  return exchange.orders.map(({ clientOrderId }) => clientOrderId);
}

function lastUpdateId({ body }: RawResponse): number {
  return JSON.parse(body.toString()).lastUpdateId;
}

test("rest-delay: the answer takes its time, and the next request waits for it", async () => {
  await using exchange = await startFaulty("rest-delay=60");
  using client = await RawHttp.connect(exchange.port);
  const begin = performance.now();
  client.send(`${PING}${PING}`);
  await client.response(1);
  expect(performance.now() - begin).toBeGreaterThan(110);
});

test("rest-chunked and rest-trailers: chunks of the size asked for, a field behind them", async () => {
  await using exchange = await startFaulty("rest-chunked=1000", "rest-trailers");
  using client = await RawHttp.connect(exchange.port);
  const { headers, body, trailers } = await client.get(DEPTH);
  expect([headers["transfer-encoding"], headers["trailer"], headers["content-length"]]).toEqual([
    "chunked",
    "X-Body-Length",
    undefined,
  ]);
  expect(JSON.parse(body.toString())).toEqual(JSON.parse(JSON.stringify(exchange.snapshot("BTCUSDT", 100))));
  expect(trailers).toEqual({ "x-body-length": `${body.length}` });
  expect(client.bytes.includes("\r\n3e8\r\n")).toBe(true);
  expect((await client.request("HEAD", DEPTH, "")).headers["transfer-encoding"]).toBe("chunked");
  expect((await (await fetch(`${exchange.restUrl}/api/v3/ping`)).text()).trim()).toBe("{}");
});

test("rest-trailers alone: one chunk", async () => {
  await using exchange = await startFaulty("rest-trailers");
  using client = await RawHttp.connect(exchange.port);
  expect((await client.get("/api/v3/ping")).trailers).toEqual({ "x-body-length": "2" });
});

test("rest-gzip: only for those who take it", async () => {
  await using exchange = await startFaulty("rest-gzip");
  using client = await RawHttp.connect(exchange.port);
  const plain = await client.get(DEPTH);
  const zipped = await client.get(DEPTH, "Accept-Encoding: br, gzip;q=0.5");
  expect([plain.headers["content-encoding"], zipped.headers["content-encoding"]]).toEqual([undefined, "gzip"]);
  expect(zipped.body.length).toBeLessThan(plain.body.length);
  expect(Buffer.from(Bun.gunzipSync(new Uint8Array(zipped.body))).toString()).toBe(plain.body.toString());
  expect(await (await fetch(`${exchange.restUrl}/api/v3/ping`)).json()).toEqual({});
});

test("rest-slow: the body comes in portions", async () => {
  await using exchange = await startFaulty("rest-slow=3");
  using client = await RawHttp.connect(exchange.port);
  await client.get(DEPTH);
  expect(client.chunks.length).toBeGreaterThan(8);
});

test("rest-no-length: only the end of the connection ends the body", async () => {
  await using exchange = await startFaulty("rest-no-length");
  using client = await RawHttp.connect(exchange.port);
  const { headers, body } = await client.get("/api/v3/ping");
  expect([headers["connection"], headers["content-length"], body.toString()]).toEqual(["close", undefined, "{}"]);
});

test.each<[fault: string, statuses: number[]]>([
  ["rest-interim", [100, 103]],
  ["rest-interim=103", [103]],
  ["rest-interim=102", [102]],
])("%s: before each answer", async (fault, interim) => {
  await using exchange = await startFaulty(fault);
  using client = await RawHttp.connect(exchange.port);
  await client.get("/api/v3/ping");
  await client.get("/api/v3/ping");
  expect(client.responses.map(({ status }) => status)).toEqual([...interim, 200, ...interim, 200]);
});

test("rest-close: the answer says so, and the connection ends", async () => {
  await using exchange = await startFaulty("rest-close@1");
  using client = await RawHttp.connect(exchange.port);
  client.send(`${PING}${PING}${PING}`);
  await client.until(() => client.ends.length > 0);
  expect(client.responses.map(({ headers }) => headers["connection"])).toEqual(["keep-alive", "close"]);
  expect(client.ends[0]).toBe("end");
});

test("rest-idle: FIN without a word", async () => {
  await using exchange = await startFaulty("rest-idle=30");
  using client = await RawHttp.connect(exchange.port);
  expect((await client.get("/api/v3/ping")).headers).not.toHaveProperty("keep-alive");
  await client.until(() => client.ends.length > 0);
  expect([client.ends[0], client.responses.length]).toEqual(["end", 1]);
});

test("rest-idle: a request that crosses the FIN is not acted upon", async () => {
  await using exchange = await startFaulty("rest-idle=20");
  using client = await RawHttp.connect(exchange.port);
  sendOrder(client, "first");
  await client.response(0);
  // Synchronously, so that the exchange in this process cannot see the request before its own timer is due.
  const due = performance.now() + 40;
  while (performance.now() < due);
  sendOrder(client, "second");
  await client.until(() => client.ends.length > 0);
  await Bun.sleep(20);
  expect([names(exchange), client.responses.length]).toEqual([["first"], 1]);
});

test("rest-idle: not while there are requests", async () => {
  await using exchange = await startFaulty("rest-idle=500", "rest-delay=60");
  using client = await RawHttp.connect(exchange.port);
  for (let count = 0; count < 10; count++) await client.get("/api/v3/ping");
  expect(client.ends).toEqual([]);
});

test("rest-keep-alive: the answer tells the time, and it is kept", async () => {
  await using exchange = await startFaulty("rest-keep-alive=1");
  using client = await RawHttp.connect(exchange.port);
  expect((await client.get("/api/v3/ping")).headers["keep-alive"]).toBe("timeout=1");
  await client.until(() => client.ends.length > 0);
  expect(client.ends[0]).toBe("end");
});

test.each(["rest-stray=0@1", "rest-stray=10@1"])("%s: an answer that nobody asked for", async (fault) => {
  await using exchange = await startFaulty(fault);
  using client = await RawHttp.connect(exchange.port);
  await client.get("/api/v3/ping");
  await client.get("/api/v3/ping");
  expect((await client.response(2)).body.toString()).toBe('{"unsolicited":true}');
  expect(client.ends).toEqual([]);
});

test("rest-truncate: less than was promised, then FIN", async () => {
  await using exchange = await startFaulty("rest-truncate=4@0");
  using client = await RawHttp.connect(exchange.port);
  client.send(requestText("GET", DEPTH, ""));
  await client.until(() => client.ends.length > 0);
  expect([client.ends[0], client.responses]).toEqual(["end", []]);
  expect(client.bytes.toString()).toEndWith('\r\n\r\n{"la');
});

test.each([
  ["rest-fail@1", 503, -1001, ["first", "third"]],
  ["rest-fail=429@1", 429, -1003, ["first", "third"]],
  ["rest-unknown@1", 503, -1000, ["first", "second", "third"]],
  ["rest-unknown=504@1", 504, -1007, ["first", "second", "third"]],
] as const)("%s: what it says of an order, and what became of it", async (fault, status, code, placed) => {
  await using exchange = await startFaulty(fault);
  using client = await RawHttp.connect(exchange.port);
  for (const [at, name] of ["first", "second", "third"].entries()) {
    sendOrder(client, name);
    await client.response(at);
  }
  const second = await client.response(1);
  expect([second.status, JSON.parse(second.body.toString()).code]).toEqual([status, code]);
  expect(names(exchange)).toEqual([...placed]);
});

test.each([
  ["rest-cut=before@1", "ECONNRESET", ["first"]],
  ["rest-cut=after@1", "ECONNRESET", ["first", "second"]],
  ["rest-fin=before@1", "end", ["first"]],
  ["rest-fin=after@1", "end", ["first", "second"]],
] as const)("%s: the connection ends instead of the answer", async (fault, end, placed) => {
  await using exchange = await startFaulty(fault);
  using client = await RawHttp.connect(exchange.port);
  sendOrder(client, "first");
  await client.response(0);
  sendOrder(client, "second");
  await client.until(() => client.ends.length > 0);
  expect([client.ends[0], client.responses.length]).toEqual([end, 1]);
  expect(names(exchange)).toEqual([...placed]);
});

test("split: an answer that comes byte by byte", async () => {
  await using exchange = await startFaulty("split=300");
  using client = await RawHttp.connect(exchange.port);
  expect((await client.get("/api/v3/ping")).status).toBe(200);
  expect(client.chunks.filter((length) => length === 1).length).toBeGreaterThan(100);
});

test("rest-stale: the snapshot is older than what a stream begins with, and catches up in time", async () => {
  await using exchange = await startFaulty("rest-stale=4");
  exchange.step(500);
  using client = await RawHttp.connect(exchange.port);
  using stream = await RawClient.connect(`${exchange.url}/ws/btcusdt@depth@100ms`);
  await stream.until(() => stream.head !== "");
  exchange.step(50);
  await stream.until(() => stream.events.length === 1);
  const begins = Number(stream.events[0]?.["U"]);
  expect(lastUpdateId(await client.get(DEPTH))).toBeLessThan(begins - 1);
  exchange.step(200);
  expect(lastUpdateId(await client.get(DEPTH))).toBeGreaterThanOrEqual(begins);
});

test("rest-overlap: the snapshot ends within an event that was sent already", async () => {
  await using exchange = await startFaulty("rest-overlap");
  using client = await RawHttp.connect(exchange.port);
  using stream = await RawClient.connect(`${exchange.url}/ws/btcusdt@depth@100ms`);
  await stream.until(() => stream.head !== "");
  exchange.step(250);
  await stream.until(() => stream.events.length === 5);
  const last = stream.events.at(-1);
  const id = lastUpdateId(await client.get(DEPTH));
  expect(id).toBeGreaterThanOrEqual(Number(last?.["U"]));
  expect(id).toBeLessThan(Number(last?.["u"]));
});
