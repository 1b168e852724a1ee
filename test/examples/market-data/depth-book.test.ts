import { expect, test } from "bun:test";
import { Market } from "../../../examples/exchange/market.ts";
import { areSorted, DepthBook } from "../../../examples/market-data/depth-book.ts";
import type { DepthUpdate, Level, PartialDepth } from "../../../examples/market-data/events.ts";

const SNAPSHOT: PartialDepth = {
  lastUpdateId: 100,
  bids: [
    ["10.0", "1"],
    ["9.9", "2"],
  ],
  asks: [
    ["10.1", "3"],
    ["10.2", "4"],
  ],
};

function started(): DepthBook {
  const book = new DepthBook();
  book.start(SNAPSHOT);
  return book;
}

function diff(U: number, u: number, b: readonly Level[], a: readonly Level[] = []): DepthUpdate {
  return { E: 0, U, u, b, a };
}

test("a snapshot is the book", () => {
  const { bids, asks, updateId } = started();
  expect([bids.bestPrice, bids.bestQuantity, bids.length]).toEqual([10, 1, 2]);
  expect([asks.bestPrice, asks.bestQuantity, asks.length]).toEqual([10.1, 3, 2]);
  expect(updateId).toBe(100);
});

test("a diff sets, adds and removes levels; removing what is not there is nothing unusual", () => {
  const book = started();
  const missing = book.apply(
    diff(
      101,
      105,
      [
        ["10.0", "0"],
        ["9.9", "7"],
        ["9.7", "1"],
        ["9.5", "0.00"],
      ],
      [["10.05", "2"]],
    ),
  );
  expect(missing).toBe(0);
  expect([book.bids.bestPrice, book.bids.bestQuantity, book.bids.length]).toEqual([9.9, 7, 2]);
  expect([book.asks.bestPrice, book.asks.length, book.updateId]).toEqual([10.05, 3, 105]);
  expect(book.bids.isSorted() && book.asks.isSorted()).toBe(true);
});

test("an old diff is dropped, an overlapping one applied, one after a gap not", () => {
  const book = started();
  expect(book.apply(diff(90, 100, [["10.0", "9"]]))).toBe(0);
  expect(book.bids.bestQuantity).toBe(1);
  expect(book.apply(diff(95, 103, [["10.0", "8"]]))).toBe(0);
  expect(book.bids.bestQuantity).toBe(8);
  expect(book.apply(diff(107, 110, [["10.0", "7"]]))).toBe(3);
  expect([book.bids.bestQuantity, book.updateId]).toEqual([8, 103]);
});

test("verify names a wrong quantity and a level too many, and fills in what the book cannot know", () => {
  const book = started();
  expect(book.verify(SNAPSHOT)).toBeNull();
  const deeper: PartialDepth = { ...SNAPSHOT, bids: [...SNAPSHOT.bids, ["9.8", "5"]] };
  expect(book.verify(deeper)).toBeNull();
  expect(book.bids.length).toBe(3);
  expect(book.verify({ ...deeper, asks: [["10.1", "1"]] })).toBe(
    "ask 10.1 has quantity 3 in the book and 1 in depth20",
  );
  expect(book.verify({ ...deeper, bids: [["9.9", "2"]] })).toBe("bid 10 is in the book and not in depth20");
});

test("against the exchange's own market: every diff applied gives the exchange's own best twenty", () => {
  const market = new Market({ seed: 5, symbols: ["BTCUSDT"], eventsPerWindow: 200 });
  const book = new DepthBook();
  let windows = 0;
  const listener = {
    trade: () => {},
    quote: () => {},
    windowEnd: ({ book: truth }: (typeof market.symbols)[number]) => {
      const change = truth.takeDiff();
      if (change === null) return;
      const { firstUpdateId: U, finalUpdateId: u, bids: b, asks: a } = change;
      if (book.isStarted) expect(book.apply({ E: 0, U, u, b, a })).toBe(0);
      else book.start(truth.snapshot(20));
      expect(book.verify(truth.snapshot(20))).toBeNull();
      windows++;
    },
  };
  while (market.events < 100_000) market.step(listener);
  expect(windows).toBeGreaterThan(400);
  expect(book.bids.isSorted() && book.asks.isSorted()).toBe(true);
});

test("sorted means strictly, best first, and no empty level", () => {
  expect(areSorted(SNAPSHOT.bids, "bid")).toBe(true);
  expect(areSorted(SNAPSHOT.bids, "ask")).toBe(false);
  expect(areSorted(SNAPSHOT.asks, "ask")).toBe(true);
  expect(
    areSorted(
      [
        ["10", "1"],
        ["10", "2"],
      ],
      "bid",
    ),
  ).toBe(false);
  expect(areSorted([["10", "0"]], "bid")).toBe(false);
});
