import { expect, test } from "bun:test";
import type { BookDiff } from "../../../../examples/exchange/book.ts";
import { Market, type SymbolMarket } from "../../../../examples/exchange/market.ts";
import { PastBooks } from "../../../../examples/exchange/rest/past-books.ts";
import { DepthBook } from "../../../../examples/market-data/depth-book.ts";

/** A market whose diffs are kept, in front of it the books of its past. */
function recorded(windows: number): { market: Market; symbol: SymbolMarket; past: PastBooks; diffs: BookDiff[] } {
  const market = new Market({ seed: 3, symbols: ["BTCUSDT"], eventsPerWindow: 50 });
  const diffs: BookDiff[] = [];
  const past = new PastBooks(market.symbols, windows, {
    trade: () => {},
    quote: () => {},
    windowEnd: ({ book }) => {
      const diff = book.takeDiff();
      if (diff !== null) diffs.push(diff);
    },
  });
  const [symbol] = market.symbols;
  if (symbol === undefined) throw new Error("There is no symbol");
  return { market, symbol, past, diffs };
}

function run(market: Market, past: PastBooks, events: number): void {
  const end = market.events + events;
  while (market.events < end) market.step(past);
}

test("a stale book is so many windows old, and brought forward by what followed it is today's", () => {
  const { market, symbol, past, diffs } = recorded(4);
  const opening = symbol.book.updateId;
  expect(past.book(symbol, "stale").updateId).toBe(opening);
  run(market, past, 150);
  expect(past.book(symbol, "stale").updateId).toBe(opening);
  run(market, past, 350);
  const stale = past.book(symbol, "stale");
  expect(stale.updateId).toBe(diffs.at(-5)?.finalUpdateId ?? 0);

  const rebuilt = new DepthBook();
  rebuilt.start(stale.snapshot(5_000));
  for (const { firstUpdateId: U, finalUpdateId: u, bids: b, asks: a } of diffs.slice(-4)) {
    expect(rebuilt.apply({ E: 0, U, u, b, a })).toBe(0);
  }
  const today = new DepthBook();
  today.start(symbol.book.snapshot(5_000));
  expect(rebuilt.updateId).toBe(today.updateId);
  expect(rebuilt.compare(today, "there").difference).toBeNull();
});

test("an overlapping book ends within the last diff", () => {
  const { market, symbol, past, diffs } = recorded(0);
  run(market, past, 510);
  const { updateId } = past.book(symbol, "overlapping");
  expect(updateId).toBeGreaterThanOrEqual(diffs.at(-1)?.firstUpdateId ?? Number.POSITIVE_INFINITY);
  expect(updateId).toBeLessThan(diffs.at(-1)?.finalUpdateId ?? 0);
});

test("all events go on, in order", () => {
  const seen: string[] = [];
  const market = new Market({ seed: 3, symbols: ["BTCUSDT"], eventsPerWindow: 5 });
  const past = new PastBooks(market.symbols, 1, {
    trade: () => seen.push("trade"),
    quote: () => seen.push("quote"),
    windowEnd: () => seen.push("windowEnd"),
  });
  run(market, past, 11);
  expect(seen.filter((event) => event === "windowEnd")).toHaveLength(2);
  expect(seen.filter((event) => event !== "windowEnd")).toHaveLength(market.events);
});
