import { expect, test } from "bun:test";
import { Market } from "../../../examples/exchange/market.ts";
import { BookSync } from "../../../examples/market-data/book-sync.ts";
import { DepthBook } from "../../../examples/market-data/depth-book.ts";
import type { DepthUpdate, Snapshot } from "../../../examples/market-data/events.ts";

/** A diff that sets the bid at 10 to the number of its last update. */
function diff(U: number, u: number): DepthUpdate {
  return { E: 0, U, u, b: [["10", `${u}`]], a: [] };
}

function snapshot(lastUpdateId: number): Snapshot {
  return { lastUpdateId, bids: [["10", `${lastUpdateId}`]], asks: [["11", "1"]] };
}

function buffering(...diffs: readonly (readonly [U: number, u: number])[]): BookSync {
  const sync = new BookSync(5_000);
  for (const [U, u] of diffs) expect(sync.receive(diff(U, u))).toBeNull();
  return sync;
}

/** The update id, and the quantity that tells which diff was the last to be applied. */
function stateOf({ book }: BookSync): [updateId: number, quantity: number] {
  return [book.updateId, book.bids.bestQuantity];
}

test("a snapshot older than the first buffered diff is stale; the next one may do", () => {
  const sync = buffering([101, 105], [106, 110]);
  expect(sync.take(snapshot(99))).toBe("stale");
  expect(sync.isLive).toBe(false);
  expect(sync.take(snapshot(103))).toBe("started");
  expect(stateOf(sync)).toEqual([110, 110]);
});

test("a snapshot that ends right before the first buffered diff misses nothing", () => {
  const sync = buffering([101, 105]);
  expect(sync.take(snapshot(100))).toBe("started");
  expect(stateOf(sync)).toEqual([105, 105]);
});

test("diffs that the snapshot holds are dropped, the one that overlaps its end is applied", () => {
  const sync = buffering([101, 105], [106, 110], [111, 115]);
  expect(sync.take(snapshot(108))).toBe("started");
  expect(stateOf(sync)).toEqual([115, 115]);
  const ends = buffering([101, 105], [106, 110]);
  expect(ends.take(snapshot(110))).toBe("started");
  expect(stateOf(ends)).toEqual([110, 110]);
});

test("a snapshot ahead of the stream waits for it", () => {
  const sync = buffering([101, 105]);
  sync.take(snapshot(112));
  expect(stateOf(sync)).toEqual([112, 112]);
  expect(sync.receive(diff(106, 110))).toBeNull();
  expect(stateOf(sync)).toEqual([112, 112]);
  expect(sync.receive(diff(111, 115))).toBeNull();
  expect(stateOf(sync)).toEqual([115, 115]);
});

test("a diff that comes twice is dropped, live or buffering", () => {
  const sync = buffering([101, 105], [101, 105], [106, 110]);
  sync.take(snapshot(104));
  expect(sync.receive(diff(106, 110))).toBeNull();
  expect(sync.isLive).toBe(true);
  expect(stateOf(sync)).toEqual([110, 110]);
});

test("a gap starts the book over, and a snapshot of before the gap no longer does", () => {
  const sync = buffering([101, 105]);
  sync.take(snapshot(103));
  expect(sync.receive(diff(109, 112))).toEqual({ from: 106, to: 108 });
  expect(sync.isLive).toBe(false);
  expect(sync.take(snapshot(107))).toBe("stale");
  expect(sync.receive(diff(113, 115))).toBeNull();
  expect(sync.take(snapshot(110))).toBe("started");
  expect(stateOf(sync)).toEqual([115, 115]);
});

test("a gap while buffering: what came before it is of no more use", () => {
  const sync = buffering([101, 105]);
  expect(sync.receive(diff(108, 110))).toEqual({ from: 106, to: 107 });
  expect(sync.take(snapshot(104))).toBe("stale");
  expect(sync.take(snapshot(107))).toBe("started");
  expect(stateOf(sync)).toEqual([110, 110]);
});

test("a snapshot taken before there was any diff: too old, it is given up without a word of a gap", () => {
  const sync = new BookSync(5_000);
  expect(sync.take(snapshot(90))).toBe("started");
  expect(sync.receive(diff(101, 105))).toBeNull();
  expect(sync.isLive).toBe(false);
  expect(sync.take(snapshot(101))).toBe("started");
  expect(stateOf(sync)).toEqual([105, 105]);
});

test("a snapshot changes nothing about a live book", () => {
  const sync = buffering([101, 105]);
  sync.take(snapshot(103));
  expect(sync.take(snapshot(200))).toBe("started");
  expect(stateOf(sync)).toEqual([105, 105]);
});

test("against the exchange's own market, with diffs lost, doubled, and snapshots of any age: the books end equal", () => {
  const market = new Market({ seed: 9, symbols: ["BTCUSDT"], eventsPerWindow: 40 });
  const sync = new BookSync(5_000);
  const snapshots: Snapshot[] = [];
  let gaps = 0;
  let stale = 0;
  let windows = 0;
  const listener = {
    trade: () => {},
    quote: ({ book }: (typeof market.symbols)[number]) => {
      // In the midst of a window now and then, as a request of its own would come.
      if (market.events % 97 === 0) snapshots.push(book.snapshot(5_000));
    },
    windowEnd: ({ book }: (typeof market.symbols)[number]) => {
      const change = book.takeDiff();
      if (change === null) return;
      const { firstUpdateId: U, finalUpdateId: u, bids: b, asks: a } = change;
      windows++;
      if (windows % 50 !== 7) {
        for (let copies = windows % 31 === 3 ? 2 : 1; copies > 0; copies--) {
          if (sync.receive({ E: 0, U, u, b, a }) !== null) gaps++;
        }
      }
      // The answer is up to three snapshots old.
      const answer = snapshots.at(-1 - (windows % 3));
      if (!sync.isLive && answer !== undefined && sync.take(answer) === "stale") stale++;
    },
  };
  while (windows < 1_005) market.step(listener);
  expect(gaps).toBeGreaterThan(10);
  expect(stale).toBeGreaterThan(5);
  const truth = new DepthBook();
  truth.start(market.symbols[0]?.book.snapshot(5_000) ?? snapshot(0));
  expect(sync.book.updateId).toBe(truth.updateId);
  expect(sync.book.compare(truth, "there").difference).toBeNull();
});
