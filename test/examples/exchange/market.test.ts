import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { BookDiff, Level } from "../../../examples/exchange/book.ts";
import { Market, type MarketListener, type SymbolMarket } from "../../../examples/exchange/market.ts";

const SYMBOLS = ["BTCUSDT", "ETHUSDT", "XYZ"];

/** Everything that happens, one line each. */
class Log implements MarketListener {
  readonly lines: string[] = [];
  trade({ book, lastTrade }: SymbolMarket): void {
    this.lines.push(`${book.spec.name} trade ${JSON.stringify(lastTrade)}`);
  }
  quote({ book }: SymbolMarket): void {
    this.lines.push(`${book.spec.name} quote ${book.updateId} ${book.bestBid} ${book.bestAsk}`);
  }
  windowEnd({ book }: SymbolMarket): void {
    this.lines.push(`${book.spec.name} diff ${JSON.stringify(book.takeDiff())}`);
  }
}

function run(seed: number, events: number): Log {
  const market = new Market({ seed, symbols: SYMBOLS, eventsPerWindow: 300 });
  const log = new Log();
  while (market.events < events) market.step(log);
  return log;
}

test("the same seed gives the same market, here and on every other machine", () => {
  const { lines } = run(7, 20_000);
  expect(lines).toEqual(run(7, 20_000).lines);
  expect(createHash("sha256").update(lines.join("\n")).digest("hex")).toBe(
    "46c1d1ef4e019412d72abc526d50353d2c814a06c5cdd1067620514da167c411",
  );
});

test("another seed gives another market", () => {
  expect(run(7, 100).lines).not.toEqual(run(8, 100).lines);
});

test("a symbol's market does not depend on its neighbours", () => {
  const alone = new Market({ seed: 7, symbols: ["BTCUSDT"], eventsPerWindow: 300 });
  const together = new Market({ seed: 7, symbols: SYMBOLS, eventsPerWindow: 300 });
  expect<unknown>(alone.symbol("BTCUSDT")?.book.snapshot(100)).toEqual(together.symbol("BTCUSDT")?.book.snapshot(100));
});

test("a book never crosses, and prices stay inside the last twenty levels within a window", () => {
  const market = new Market({ seed: 3, symbols: SYMBOLS, eventsPerWindow: 2_000 });
  const reach = new Map<SymbolMarket, { lowestBid: number; highestAsk: number }>();
  let quotes = 0;
  const listener: MarketListener = {
    trade: () => {},
    quote: (symbol) => {
      const { bestBid, bestAsk } = symbol.book;
      const { lowestBid, highestAsk } = reach.get(symbol) ?? { lowestBid: 0, highestAsk: Number.POSITIVE_INFINITY };
      if (!(bestBid < bestAsk && bestBid >= lowestBid && bestAsk <= highestAsk)) {
        throw new Error(`${bestBid} and ${bestAsk} where ${lowestBid} and ${highestAsk} are the limits`);
      }
      quotes++;
    },
    windowEnd: (symbol) => {
      const { bids, asks } = symbol.book.snapshot(20);
      expect([bids.length, asks.length]).toEqual([20, 20]);
      const { bestBid, bestAsk } = symbol.book;
      const worst = (levels: readonly Level[]): number => Number(levels.at(-1)?.[0]);
      const ticks = 10 ** symbol.book.spec.priceDecimals;
      const lowestBid = bestBid - Math.round((Number(bids[0]?.[0]) - worst(bids)) * ticks);
      const highestAsk = bestAsk + Math.round((worst(asks) - Number(asks[0]?.[0])) * ticks);
      reach.set(symbol, { lowestBid, highestAsk });
    },
  };
  while (market.events < 200_000) market.step(listener);
  expect(quotes).toBeGreaterThan(100_000);
});

test("a snapshot and the diffs after it make the book; update ids and trade ids leave no gap", () => {
  const market = new Market({ seed: 11, symbols: ["BTCUSDT"], eventsPerWindow: 100 });
  const [symbol] = market.symbols;
  if (symbol === undefined) throw new Error("no symbol");
  const opening = symbol.book.snapshot(10_000);
  const bids = new Map(opening.bids);
  const asks = new Map(opening.asks);
  let updateId = opening.lastUpdateId;
  let tradeId = symbol.lastTrade.id;
  const apply = (diff: BookDiff): void => {
    expect(diff.firstUpdateId).toBe(updateId + 1);
    updateId = diff.finalUpdateId;
    for (const [price, quantity] of diff.bids) change(bids, price, quantity);
    for (const [price, quantity] of diff.asks) change(asks, price, quantity);
  };
  const listener: MarketListener = {
    trade: ({ lastTrade }) => {
      expect(lastTrade.id).toBe(tradeId + 1);
      tradeId = lastTrade.id;
    },
    quote: () => {},
    windowEnd: ({ book }) => {
      const diff = book.takeDiff();
      if (diff !== null) apply(diff);
    },
  };
  while (market.events < 20_000) market.step(listener);
  const rest = symbol.book.takeDiff();
  if (rest !== null) apply(rest);

  const { lastUpdateId, ...levels } = symbol.book.snapshot(10_000);
  expect(updateId).toBe(lastUpdateId);
  expect<unknown>({ bids: sorted(bids).reverse(), asks: sorted(asks) }).toEqual({ ...levels });
  expect(tradeId).toBe(symbol.lastTrade.id);
});

function change(side: Map<string, string>, price: string, quantity: string): void {
  if (Number(quantity) === 0) side.delete(price);
  else side.set(price, quantity);
}

function sorted(side: Map<string, string>): Level[] {
  return [...side].sort(([one], [other]) => Number(one) - Number(other));
}
