import { expect, test } from "bun:test";
import { MarketFeed } from "../../../examples/market-data/market-feed.ts";

const NOW = 1_700_000_000_000_000;

function subscribed(): MarketFeed {
  const feed = new MarketFeed(["ABC"], () => {});
  feed.receive({ result: null, id: 1 }, NOW);
  feed.receiveSnapshot("ABC", { lastUpdateId: 1, bids: [["1", "1"]], asks: [["2", "1"]] });
  feed.receive({ stream: "abc@depth@100ms", data: { U: 2, u: 2, b: [], a: [] } }, NOW);
  return feed;
}

test("it asks for the four streams of each symbol, in lower case", () => {
  expect(new MarketFeed(["ABC"], () => {}).streams).toEqual([
    "abc@trade",
    "abc@bookTicker",
    "abc@depth20@100ms",
    "abc@depth@100ms",
  ]);
});

test("times in milliseconds and in microseconds give the same latency, once warm", () => {
  const feed = subscribed();
  feed.latencyFrom = NOW + 1_000;
  for (const [E, arrival] of [
    [NOW, NOW + 500],
    [NOW / 1_000, NOW + 4_000],
    [NOW, NOW + 4_000],
  ] as const) {
    feed.receive({ stream: "abc@trade", data: { E, t: 1, p: "1", q: "1" } }, arrival);
  }
  expect([feed.latency.count, feed.latency.percentile(1), feed.latency.max]).toEqual([2, 4_000, 4_000]);
});

test("a refused subscription, a shutdown and a long silence are problems", () => {
  const feed = subscribed();
  feed.receive({ code: 2, msg: "Invalid request", id: 1 }, NOW);
  feed.receive({ stream: "!serverShutdown", data: { e: "serverShutdown", E: 1 } }, NOW + 100);
  feed.receive({ stream: "unknown@stream", data: {} }, NOW + 100);
  feed.finish(NOW + 3_000_000);
  expect(feed.problems).toEqual([
    'subscription: the venue answered {"code":2,"msg":"Invalid request","id":1}',
    "venue: serverShutdown",
    "connection: silent for the last 3.0 s",
  ]);
});

test("nothing at all is a problem", () => {
  const feed = new MarketFeed(["ABC"], () => {});
  feed.finish(NOW);
  expect(feed.problems).toEqual(["subscription: never answered", "ABC book: never started"]);
});

test("many problems are counted, the first hundred kept", () => {
  const feed = new MarketFeed([], () => {});
  for (let count = 0; count < 250; count++) feed.report(`${count}`);
  expect([feed.problemCount, feed.problems.length, feed.problems[99]]).toEqual([250, 100, "99"]);
});
