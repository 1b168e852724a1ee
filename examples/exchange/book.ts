import type { SymbolSpec } from "./symbols.ts";

/** A price level as venues send it: price and quantity as decimal strings. */
export type Level = readonly [price: string, quantity: string];

/** The best levels of a book at one update id, best first on both sides. */
export interface BookSnapshot {
  readonly lastUpdateId: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

/** What changed in a book since the last diff: absolute quantities, "0.00000000" removes. */
export interface BookDiff extends Omit<BookSnapshot, "lastUpdateId"> {
  /** `U`: the first update id within. */
  readonly firstUpdateId: number;
  /** `u`: the last update id within. */
  readonly finalUpdateId: number;
}

export type Side = "bid" | "ask";

/**
 * One symbol's full order book. A price is an index into `SPAN` consecutive ticks around the start price, a quantity
 * a count of lots. Each change of a level takes one update id and is noted for the next {@link takeDiff}.
 */
export class Book {
  readonly spec: SymbolSpec;
  /** The id of the latest change. */
  updateId: number;
  /** The index of the highest bid; 0 <= bestBid < bestAsk < SPAN. */
  bestBid: number;
  /** The index of the lowest ask. */
  bestAsk: number;
  readonly #bids: Ladder = makeLadder();
  readonly #asks: Ladder = makeLadder();
  readonly #lowestPrice: number;
  readonly #texts: BookTexts;
  #diffedUpdateId: number;

  constructor(spec: SymbolSpec, firstUpdateId: number, texts: BookTexts = makeTexts()) {
    this.spec = spec;
    this.#texts = texts;
    this.updateId = firstUpdateId;
    this.#diffedUpdateId = firstUpdateId;
    // Half the span below the start, or what there is above a price of one tick.
    this.#lowestPrice = Math.max(1, spec.startPrice - SPAN / 2);
    this.bestBid = spec.startPrice - this.#lowestPrice;
    this.bestAsk = this.bestBid + 1;
  }

  /** The quantity at a price index, in lots; 0 where there is no level. */
  lots(side: Side, index: number): number {
    return this.#ladder(side).lots[index] ?? 0;
  }

  /** Fills a level before the market opens: takes no update id and is in no diff. */
  seed(side: Side, index: number, lots: number): void {
    this.#ladder(side).lots[index] = lots;
  }

  /** Sets a level to an absolute quantity; 0 removes it. The best prices follow. */
  change(side: Side, index: number, lots: number): void {
    const ladder = this.#ladder(side);
    ladder.lots[index] = lots;
    this.updateId++;
    if (ladder.isTouched[index] === 0) {
      ladder.isTouched[index] = 1;
      ladder.touched.push(index);
    }
    if (side === "bid") this.bestBid = this.#next(ladder.lots, Math.max(index, this.bestBid), -1);
    else this.bestAsk = this.#next(ladder.lots, Math.min(index, this.bestAsk), 1);
  }

  /** The best `limit` levels of each side. */
  snapshot(limit: number): BookSnapshot {
    return { lastUpdateId: this.updateId, bids: this.#levels("bid", limit), asks: this.#levels("ask", limit) };
  }

  /** The book as it is now, untouched by what happens to this one. */
  copy(): Book {
    const copy = new Book(this.spec, this.updateId, this.#texts);
    copy.bestBid = this.bestBid;
    copy.bestAsk = this.bestAsk;
    copy.#bids.lots.set(this.#bids.lots);
    copy.#asks.lots.set(this.#asks.lots);
    return copy;
  }

  /** What changed since the last call, best price first, or null when nothing did. */
  takeDiff(): BookDiff | null {
    if (this.updateId === this.#diffedUpdateId) return null;
    const firstUpdateId = this.#diffedUpdateId + 1;
    this.#diffedUpdateId = this.updateId;
    const bids = this.#takeTouched("bid");
    const asks = this.#takeTouched("ask");
    return { firstUpdateId, finalUpdateId: this.updateId, bids, asks };
  }

  priceText(index: number): string {
    const { prices } = this.#texts;
    let text = prices[index] ?? "";
    if (text === "") {
      text = decimalText(this.#lowestPrice + index, this.spec.priceDecimals);
      prices[index] = text;
    }
    return text;
  }

  lotsText(lots: number): string {
    const { quantities } = this.#texts;
    let text = quantities[lots] ?? "";
    if (text === "") {
      text = decimalText(lots, this.spec.lotDecimals);
      if (lots < CACHED_LOTS) quantities[lots] = text;
    }
    return text;
  }

  #ladder(side: Side): Ladder {
    return side === "bid" ? this.#bids : this.#asks;
  }

  #next(lots: Int32Array, from: number, step: 1 | -1): number {
    let index = from;
    while (index > 0 && index < SPAN - 1 && lots[index] === 0) index += step;
    return index;
  }

  #levels(side: Side, limit: number): Level[] {
    const levels: Level[] = [];
    const step = side === "bid" ? -1 : 1;
    let index = side === "bid" ? this.bestBid : this.bestAsk;
    for (; index >= 0 && index < SPAN && levels.length < limit; index += step) {
      const lots = this.lots(side, index);
      if (lots > 0) levels.push([this.priceText(index), this.lotsText(lots)]);
    }
    return levels;
  }

  #takeTouched(side: Side): Level[] {
    const { touched, isTouched } = this.#ladder(side);
    touched.sort(side === "bid" ? (one, other) => other - one : (one, other) => one - other);
    const levels: Level[] = [];
    for (const index of touched) {
      isTouched[index] = 0;
      levels.push([this.priceText(index), this.lotsText(this.lots(side, index))]);
    }
    touched.length = 0;
    return levels;
  }
}

/** How many consecutive ticks a book covers. */
export const SPAN = 4096;

/** Quantities below this are rendered once: all that the market makes. */
const CACHED_LOTS = 1 << 15;

/** A count of units of 10^−decimals with eight decimals, as the venue prints every number. */
export function decimalText(units: number, decimals: number): string {
  const digits = units.toString().padStart(decimals + 1, "0");
  const point = digits.length - decimals;
  return `${digits.slice(0, point)}.${digits.slice(point).padEnd(8, "0")}`;
}

/** Prices by index and small quantities by lots, empty until they are first asked for. */
interface BookTexts {
  readonly prices: string[];
  readonly quantities: string[];
}

function makeTexts(): BookTexts {
  return { prices: new Array<string>(SPAN).fill(""), quantities: new Array<string>(CACHED_LOTS).fill("") };
}

interface Ladder {
  readonly lots: Int32Array;
  /** The indexes changed since the last diff, each once, and a flag per index to keep it so. */
  readonly touched: number[];
  readonly isTouched: Uint8Array;
}

function makeLadder(): Ladder {
  return { lots: new Int32Array(SPAN), touched: [], isTouched: new Uint8Array(SPAN) };
}
