import { beforeEach, expect, test } from "bun:test";
import type { BookTicker, DepthUpdate, PartialDepth, TradeEvent } from "../../../examples/market-data/events.ts";
import { SymbolFeed } from "../../../examples/market-data/symbol-feed.ts";

let problems: string[];
let resyncs: string[];
let wanted: number;
let feed: SymbolFeed;

beforeEach(() => {
  problems = [];
  resyncs = [];
  wanted = 0;
  feed = new SymbolFeed("ABC", {
    problem: (text) => problems.push(text),
    resync: (text) => resyncs.push(text),
    wantSnapshot: () => wanted++,
  });
});

function diff(U: number, u: number, b: DepthUpdate["b"] = []): DepthUpdate {
  return { E: 0, U, u, b, a: [] };
}

function depth(lastUpdateId: number, bid = "10", ask = "11"): PartialDepth {
  return { lastUpdateId, bids: [[bid, "1"]], asks: [[ask, "1"]] };
}

function ticker(u: number, b = "10", a = "11"): BookTicker {
  return { u, b, B: "1", a, A: "1" };
}

function trade(t: number, p = "10"): TradeEvent {
  return { E: 0, t, p, q: "1" };
}

test("a snapshot is wanted with the first diff; what came before it is applied to it, what is older dropped", () => {
  expect(wanted).toBe(0);
  feed.receiveDiff(diff(1, 5, [["10", "9"]]));
  feed.receiveDiff(diff(6, 8, [["10", "7"]]));
  expect(wanted).toBe(2);
  expect(feed.receiveSnapshot(depth(5))).toBe("started");
  expect([feed.book.updateId, feed.book.bids.bestQuantity]).toEqual([8, 7]);
  feed.receiveDiff(diff(9, 9));
  expect([wanted, feed.checks.diffs, problems]).toEqual([2, 2, []]);
});

test("a gap in the diffs is healed by a snapshot, and told", () => {
  feed.receiveSnapshot(depth(5));
  feed.receiveDiff(diff(6, 8));
  feed.receiveDiff(diff(12, 14, [["10", "3"]]));
  expect([feed.book.isStarted, wanted, resyncs]).toEqual([false, 1, []]);
  expect(feed.receiveSnapshot(depth(10))).toBe("stale");
  expect(feed.receiveSnapshot(depth(14))).toBe("started");
  feed.receiveDiff(diff(15, 15));
  feed.checkBook();
  expect([feed.book.updateId, problems]).toEqual([15, []]);
  expect(resyncs).toEqual(["ABC depth: gap of 3 updates, 9 to 11 never came; its book started over from update 14"]);
});

test("a gap that no snapshot made up for is a problem", () => {
  feed.receiveSnapshot(depth(5));
  feed.receiveDiff(diff(6, 8));
  feed.receiveDiff(diff(10, 10));
  feed.checkBook();
  expect(problems).toEqual(["ABC depth: gap of 1 updates, 9 to 9 never came, and no snapshot made up for it"]);
});

test("a diff that comes twice is named, and applied once", () => {
  feed.receiveSnapshot(depth(5));
  for (let times = 0; times < 2; times++) feed.receiveDiff(diff(6, 8));
  expect(problems).toEqual(["ABC depth: updates 6 to 8 came after update 8"]);
  expect([feed.book.updateId, resyncs]).toEqual([8, []]);
});

test("the proof: a snapshot that is brought to the book's update id", () => {
  feed.receiveDiff(diff(1, 5));
  feed.receiveSnapshot(depth(5));
  wanted = 0;
  feed.beginProof();
  expect(wanted).toBe(1);
  expect(feed.receiveSnapshot(depth(7))).toBe("started");
  expect(feed.proof?.isMade).toBe(false);
  feed.receiveDiff(diff(6, 9, [["10", "2"]]));
  expect([feed.proof?.isMade, feed.proof?.levels, wanted]).toEqual([true, 2, 1]);
  feed.checkBook();
  expect(problems).toEqual([]);
});

test("a book that differs from the exchange's, and one that was not compared, are problems", () => {
  feed.receiveDiff(diff(1, 5));
  feed.receiveSnapshot(depth(5));
  feed.beginProof();
  feed.checkBook();
  feed.receiveSnapshot(depth(5, "9.5"));
  feed.checkBook();
  expect(problems).toEqual([
    "ABC book: could not be compared with the exchange's",
    "ABC book: at update 5 bid 10 is in the book and not at the exchange",
  ]);
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
  feed.receiveSnapshot(depth(5));
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
  feed.receiveSnapshot(depth(5));
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
  feed.receiveSnapshot(depth(5));
  feed.receiveDiff({ E: 0, U: 6, u: 6, b: [["12", "1"]], a: [] });
  feed.checkBook();
  expect(problems).toEqual([
    "ABC book: never started",
    "ABC book: bid 12 is not below ask 11 at update 6",
    "ABC book: bid 12 is not below ask 11",
  ]);
});
