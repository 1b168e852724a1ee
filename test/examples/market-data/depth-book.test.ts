import { expect, test } from "bun:test";
import { Market } from "../../../examples/exchange/market.ts";
import { areSorted, DepthBook } from "../../../examples/market-data/depth-book.ts";
import type { DepthUpdate, Level, Snapshot } from "../../../examples/market-data/events.ts";

const SNAPSHOT: Snapshot = {
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

test("a comparison counts what is alike and names the first difference, whichever book it is in", () => {
  const compare = (other: Partial<Snapshot>, limit?: number): unknown[] => {
    const theirs = new DepthBook();
    theirs.start({ ...SNAPSHOT, ...other }, limit);
    const { levels, difference } = started().compare(theirs, "there");
    return [levels, difference];
  };
  expect(compare({})).toEqual([4, null]);
  expect(compare({ asks: [["10.1", "1"]] })).toEqual([2, "ask 10.1 has quantity 3 in the book and 1 there"]);
  expect(compare({ bids: [["9.9", "2"]] })).toEqual([0, "bid 10 is in the book and not there"]);
  expect(compare({ bids: [["10.0", "1"]] })).toEqual([1, "bid 9.9 is in the book and not there"]);
  expect(compare({ asks: [["10.05", "1"], ...SNAPSHOT.asks] })).toEqual([2, "ask 10.05 is there and not in the book"]);
  expect(compare({ bids: [...SNAPSHOT.bids, ["9.8", "5"]] })).toEqual([2, "bid 9.8 is there and not in the book"]);
});

test("what lies behind the last level of a cut snapshot is not compared", () => {
  const cut = new DepthBook();
  cut.start({ lastUpdateId: 100, bids: [["10.0", "1"]], asks: [["10.1", "3"]] }, 1);
  const whole = started();
  expect(cut.compare(whole, "there")).toEqual({ levels: 2, difference: null });
  expect(whole.compare(cut, "there")).toEqual({ levels: 2, difference: null });
  // A diff may tell of a level beyond; whether it is the next one nobody knows.
  cut.apply(diff(101, 101, [["9.5", "1"]]));
  expect(whole.compare(cut, "there")).toEqual({ levels: 2, difference: null });
  cut.apply(diff(102, 102, [["10.05", "1"]]));
  expect(whole.compare(cut, "there").difference).toBe("bid 10.05 is there and not in the book");
});

test("against the exchange's own market: every diff applied gives the exchange's own book", () => {
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
      else book.start(truth.snapshot(5_000));
      const best = new DepthBook();
      best.start(truth.snapshot(20), 20);
      expect(book.compare(best, "there")).toEqual({ levels: 40, difference: null });
      windows++;
    },
  };
  while (market.events < 100_000) market.step(listener);
  expect(windows).toBeGreaterThan(400);
  expect(book.bids.isSorted() && book.asks.isSorted()).toBe(true);
  const truth = market.symbols[0]?.book.snapshot(5_000) ?? SNAPSHOT;
  const whole = new DepthBook();
  whole.start(truth);
  expect(book.updateId).toBe(truth.lastUpdateId);
  expect(book.compare(whole, "there")).toEqual({ levels: truth.bids.length + truth.asks.length, difference: null });
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
