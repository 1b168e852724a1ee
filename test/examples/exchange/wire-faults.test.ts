import { expect, test } from "bun:test";
import { parseFault } from "../../../examples/exchange/faults.ts";
import { type Exchange, startExchange } from "../../../examples/exchange/server.ts";
import { RawClient } from "./raw-client.ts";

async function startFaulty(...faults: string[]): Promise<Exchange> {
  return startExchange({ rate: 0, eventsPerWindow: 50, symbols: ["BTCUSDT"], faults: faults.map(parseFault) });
}

async function subscribed(exchange: Exchange, stream: string): Promise<RawClient> {
  const client = await RawClient.connect(`${exchange.url}/ws/btcusdt@${stream}`);
  await client.until(() => client.head.endsWith("\r\n\r\n"));
  return client;
}

/** By how much each number is above the one before it. */
function steps(numbers: readonly unknown[]): number[] {
  return numbers.slice(1).map((each, at) => Number(each) - Number(numbers[at]));
}

test("gap: one diff is missing from the sequence", async () => {
  await using exchange = await startFaulty("gap@3");
  using client = await subscribed(exchange, "depth@100ms");
  exchange.step(500);
  await client.until(() => client.messages.length === 9);
  const isNext = client.events.slice(1).map((event, at) => Number(event["U"]) === Number(client.events[at]?.["u"]) + 1);
  expect(isNext).toEqual([true, true, false, true, true, true, true, true]);
});

test("gap and duplicate of trades: an id is missing, an id comes twice", async () => {
  await using exchange = await startFaulty("gap=trade@2", "duplicate=trade@5");
  using client = await subscribed(exchange, "trade");
  exchange.step(100);
  await client.until(() => client.messages.length >= 8);
  expect(steps(client.events.slice(0, 8).map((event) => event["t"]))).toEqual([1, 2, 1, 1, 0, 1, 1]);
});

test("stall: silence, no FIN, no pong", async () => {
  await using exchange = await startFaulty("stall@4");
  using client = await subscribed(exchange, "bookTicker");
  exchange.step(100);
  await client.until(() => client.messages.length === 4);
  client.sendPing("hello?");
  exchange.step(100);
  await Bun.sleep(100);
  expect([client.messages.length, client.ends]).toEqual([4, []]);
  expect(exchange.connections).toBe(1);
});

test("rst: the connection is reset", async () => {
  await using exchange = await startFaulty("rst@4");
  using client = await subscribed(exchange, "bookTicker");
  exchange.step(100);
  await client.until(() => client.ends.length > 0);
  expect(client.ends).toEqual(["ECONNRESET"]);
});

test("fin: the events, then FIN, no close frame", async () => {
  await using exchange = await startFaulty("fin@4");
  using client = await subscribed(exchange, "bookTicker");
  exchange.step(100);
  await client.until(() => client.ends.length > 0);
  expect(client.messages.map((msg) => msg.kind)).toEqual(["text", "text", "text", "text"]);
  expect(client.ends[0]).toBe("end");
});

test("close: a close frame with the code, and FIN only after the answer", async () => {
  await using exchange = await startFaulty("close=1012@2");
  using client = await subscribed(exchange, "bookTicker");
  exchange.step(100);
  await client.until(() => client.messages.length === 3);
  expect(client.messages[2]).toMatchObject({ kind: "close", code: 1012 });
  await Bun.sleep(50);
  expect(client.ends).toEqual([]);
  client.sendClose(1012);
  await client.until(() => client.ends.length > 0);
  expect(client.ends[0]).toBe("end");
});

test("shutdown: the event, then more events, then 1001", async () => {
  await using exchange = await startFaulty("shutdown=20@2");
  using client = await subscribed(exchange, "bookTicker");
  exchange.step(10);
  await client.until(() => client.messages.at(-1)?.kind === "close");
  expect(client.events[2]).toMatchObject({ e: "serverShutdown" });
  expect(client.events.length).toBeGreaterThan(5);
  expect(client.messages.at(-1)).toMatchObject({ kind: "close", code: 1001 });
});

test("split: byte after byte, upgrade included, and every frame is still whole", async () => {
  await using exchange = await startFaulty("split=2000");
  using client = await subscribed(exchange, "bookTicker");
  exchange.step(20);
  await client.until(() => client.messages.length >= 15);
  // The machine may join a few on the way.
  expect(client.chunks.filter((length) => length === 1).length).toBeGreaterThan(1_000);
  expect(client.events[0]).toMatchObject({ s: "BTCUSDT" });
  expect(steps(client.events.map((event) => event["u"])).every((step) => step > 0)).toBe(true);
});

test("coalesce: nothing until enough waits, then many frames at once", async () => {
  await using exchange = await startFaulty("coalesce=8000");
  using client = await subscribed(exchange, "bookTicker");
  const before = client.chunks.length;
  exchange.step(200);
  await client.until(() => client.messages.length >= 100);
  const afterwards = client.chunks.slice(before);
  expect(Math.max(...afterwards)).toBeGreaterThanOrEqual(8_000);
});

test.each([401, 403, 429, 503])("refuse=%d: the upgrade is answered with the status and a body", async (status) => {
  await using exchange = await startFaulty(`refuse=${status}`);
  using client = await RawClient.connect(`${exchange.url}/ws`);
  await client.until(() => client.ends.length > 0);
  expect(client.head).toStartWith(`HTTP/1.1 ${status} `);
  expect(client.head.includes("\r\nRetry-After: 5\r\n")).toBe(status === 429);
  expect(JSON.parse(client.body)).toMatchObject({ code: expect.any(Number), msg: expect.any(String) });
});
