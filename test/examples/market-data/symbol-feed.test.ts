import { beforeEach, expect, test } from "bun:test";
import type { BookTicker, PartialDepth, TradeEvent } from "../../../examples/market-data/events.ts";
import { SymbolFeed } from "../../../examples/market-data/symbol-feed.ts";

let problems: string[];
let feed: SymbolFeed;

beforeEach(() => {
  problems = [];
  feed = new SymbolFeed("ABC", (text) => problems.push(text));
});

function depth(lastUpdateId: number, bid = "10", ask = "11"): PartialDepth {
  return { lastUpdateId, bids: [[bid, "1"]], asks: [[ask, "1"]] };
}

function ticker(u: number, b = "10", a = "11"): BookTicker {
  return { u, b, B: "1", a, A: "1" };
}

function trade(t: number, p = "10"): TradeEvent {
  return { E: 0, t, p, q: "1" };
}

test("diffs that came before the snapshot are applied to it, older ones dropped", () => {
  feed.receiveDiff({ E: 0, U: 1, u: 5, b: [["10", "9"]], a: [] });
  feed.receiveDiff({ E: 0, U: 6, u: 8, b: [["10", "7"]], a: [] });
  feed.receiveDepth(depth(5));
  expect([feed.book.updateId, feed.book.bids.bestQuantity]).toEqual([8, 7]);
  expect(problems).toEqual([]);
  expect(feed.checks.diffs).toBe(1);
});

test("a gap in the diffs is named, and the book starts again from the next depth20", () => {
  feed.receiveDepth(depth(5));
  feed.receiveDiff({ E: 0, U: 6, u: 8, b: [], a: [] });
  feed.receiveDiff({ E: 0, U: 12, u: 14, b: [["10", "3"]], a: [] });
  expect(problems).toEqual(["ABC depth: gap of 3 updates, 9 to 11 never came"]);
  expect(feed.book.isStarted).toBe(false);
  feed.receiveDepth(depth(14));
  feed.receiveDiff({ E: 0, U: 15, u: 15, b: [], a: [] });
  expect([feed.book.updateId, problems.length]).toEqual([15, 1]);
});

test("a diff that comes twice is named", () => {
  feed.receiveDepth(depth(5));
  for (let times = 0; times < 2; times++) feed.receiveDiff({ E: 0, U: 6, u: 8, b: [], a: [] });
  expect(problems).toEqual(["ABC depth: updates 6 to 8 came after update 8"]);
});

test("trade ids must follow each other", () => {
  for (const id of [1, 2, 3, 6, 6]) feed.receiveTrade(trade(id));
  expect(problems).toEqual([
    "ABC trade: gap of 2 between trade 3 and trade 6",
    "ABC trade: trade 6 came after trade 6",
  ]);
  expect(feed.checks.trades).toBe(2);
});

test("the tick direction is that of the last change of price", () => {
  const directions = ["10", "11", "11", "9"].map((price, at) => {
    feed.receiveTrade(trade(at + 1, price));
    return feed.tickDirection;
  });
  expect(directions).toEqual([0, 1, 1, -1]);
});

test("bookTicker: ids rise, bid below ask", () => {
  feed.receiveTicker(ticker(5));
  feed.receiveTicker(ticker(5));
  feed.receiveTicker(ticker(6, "11", "11"));
  expect(problems).toEqual([
    "ABC bookTicker: update 5 came after update 5",
    "ABC bookTicker: bid 11 is not below ask 11",
  ]);
});

test("the book must agree with bookTicker at the same update id, and only there", () => {
  feed.receiveDepth(depth(5));
  feed.receiveTicker(ticker(8));
  feed.receiveDiff({ E: 0, U: 6, u: 8, b: [], a: [] });
  expect([feed.checks.tops, problems]).toEqual([1, []]);
  feed.receiveTicker(ticker(9, "10.5"));
  feed.receiveDiff({ E: 0, U: 9, u: 10, b: [], a: [] });
  expect(problems).toEqual([]);
  feed.receiveTicker(ticker(11, "10.5"));
  feed.receiveDiff({ E: 0, U: 11, u: 11, b: [], a: [] });
  expect(problems).toEqual(["ABC book: at update 11 it is 10 × 1 / 11 × 1 and bookTicker says 10.5 × 1 / 11 × 1"]);
});

test("depth20 must be sorted and agree with the book at the same update id", () => {
  feed.receiveDepth(depth(5));
  feed.receiveDepth(depth(5));
  expect([feed.checks.depths, problems]).toEqual([1, []]);
  feed.receiveDepth(depth(5, "9.5"));
  feed.receiveDepth({
    lastUpdateId: 6,
    bids: [
      ["9", "1"],
      ["10", "1"],
    ],
    asks: [],
  });
  expect(problems).toEqual([
    "ABC depth20: at update 5 bid 10 is in the book and not in depth20",
    "ABC depth20: levels of update 6 are not sorted",
  ]);
});

test("a crossed book and one that never started are named at the end", () => {
  feed.checkBook();
  feed.receiveDepth(depth(5));
  feed.receiveDiff({ E: 0, U: 6, u: 6, b: [["12", "1"]], a: [] });
  feed.checkBook();
  expect(problems).toEqual([
    "ABC book: never started",
    "ABC book: bid 12 is not below ask 11 at update 6",
    "ABC book: bid 12 is not below ask 11",
  ]);
});
