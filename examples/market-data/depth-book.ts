import type { DepthUpdate, Level, Snapshot } from "./events.ts";

/** How far two books were compared, and what was found. */
export interface BookComparison {
  /** Levels that both know and have alike. */
  readonly levels: number;
  /** The first difference in words, or null. */
  readonly difference: string | null;
}

/** An order book kept from diffs: it starts from a snapshot, and each diff must begin where the book ends, or before. */
export class DepthBook {
  readonly bids: BookSide = new BookSide("bid");
  readonly asks: BookSide = new BookSide("ask");
  /** The last update id within; 0 until {@link start}. */
  updateId = 0;

  get isStarted(): boolean {
    return this.updateId > 0;
  }

  /** Takes a snapshot as the whole book; where it has `limit` levels on a side, there may be more that it does not tell. */
  start(snapshot: Snapshot, limit: number = Number.POSITIVE_INFINITY): void {
    this.bids.replace(snapshot.bids, limit);
    this.asks.replace(snapshot.asks, limit);
    this.updateId = snapshot.lastUpdateId;
  }

  /** Forgets everything; a snapshot starts it again. */
  stop(): void {
    this.updateId = 0;
  }

  /** Applies a diff, unless it is old. Returns how many updates are missing before it: above 0, it was not applied. */
  apply(diff: DepthUpdate): number {
    if (diff.u <= this.updateId) return 0;
    const missing = diff.U - this.updateId - 1;
    if (missing > 0) return missing;
    for (const level of diff.b) this.bids.change(level);
    for (const level of diff.a) this.asks.change(level);
    this.updateId = diff.u;
    return 0;
  }

  /** Compares every level that both books know; `where` names the other one. Only at the same update id does it say anything. */
  compare(other: DepthBook, where: string): BookComparison {
    const bids = this.bids.compare(other.bids, where);
    if (bids.difference !== null) return bids;
    const asks = this.asks.compare(other.asks, where);
    return { levels: bids.levels + asks.levels, difference: asks.difference };
  }
}

/** One side, sorted worst to best, so that what changes most lies at the end of the arrays. */
export class BookSide {
  readonly #name: "bid" | "ask";
  /** Multiplies a price so that a better one is larger. */
  readonly #sign: 1 | -1;
  readonly #prices: number[] = [];
  readonly #quantities: number[] = [];
  /** Every level at this price and better is known; infinite where all are. */
  #reach = Number.NaN;

  constructor(name: "bid" | "ask") {
    this.#name = name;
    this.#sign = name === "bid" ? 1 : -1;
  }

  get length(): number {
    return this.#prices.length;
  }

  /** The best price, NaN while there is none. */
  get bestPrice(): number {
    return this.#prices.at(-1) ?? Number.NaN;
  }

  /** The quantity at the best price, NaN while there is none. */
  get bestQuantity(): number {
    return this.#quantities.at(-1) ?? Number.NaN;
  }

  /** Takes these as all levels, best first; `limit` as in {@link DepthBook.start}. */
  replace(levels: readonly Level[], limit: number): void {
    this.#prices.length = 0;
    this.#quantities.length = 0;
    this.#reach = this.#sign * Number.NEGATIVE_INFINITY;
    if (levels.length >= limit) this.#reach = Number(levels.at(-1)?.[0] ?? this.#sign * Number.POSITIVE_INFINITY);
    // Worst first: each goes to the end of the arrays.
    for (const level of levels.toReversed()) this.change(level);
  }

  /** Sets the quantity at a price; 0 removes the level, and removing one that is not there is nothing unusual. */
  change([priceText, quantityText]: Level): void {
    const price = Number(priceText);
    const quantity = Number(quantityText);
    const at = this.#position(price);
    const isKnown = this.#prices[at] === price;
    if (quantity === 0) {
      if (!isKnown) return;
      this.#prices.splice(at, 1);
      this.#quantities.splice(at, 1);
    } else if (isKnown) {
      this.#quantities[at] = quantity;
    } else {
      this.#prices.splice(at, 0, price);
      this.#quantities.splice(at, 0, quantity);
    }
  }

  /** True while every price is better than the one before it: the invariant that the binary search relies on. */
  isSorted(): boolean {
    const sign = this.#sign;
    return this.#prices.every((price, at) => at === 0 || sign * price > sign * (this.#prices[at - 1] ?? Number.NaN));
  }

  /** See {@link DepthBook.compare}. */
  compare(other: BookSide, where: string): BookComparison {
    const sign = this.#sign;
    const reach = sign * Math.max(sign * this.#reach, sign * other.#reach);
    let levels = 0;
    for (;;) {
      const here = this.#prices.at(-1 - levels) ?? Number.NaN;
      const there = other.#prices.at(-1 - levels) ?? Number.NaN;
      const isHere = sign * here >= sign * reach;
      const isThere = sign * there >= sign * reach;
      if (!isHere && !isThere) return { levels, difference: null };
      if (isHere && !(isThere && sign * there >= sign * here)) {
        return { levels, difference: `${this.#name} ${here} is in the book and not ${where}` };
      }
      if (!isHere || here !== there) {
        return { levels, difference: `${this.#name} ${there} is ${where} and not in the book` };
      }
      const quantities = [this.#quantities.at(-1 - levels), other.#quantities.at(-1 - levels)];
      if (quantities[0] !== quantities[1]) {
        const difference = `${this.#name} ${here} has quantity ${quantities[0]} in the book and ${quantities[1]} ${where}`;
        return { levels, difference };
      }
      levels++;
    }
  }

  /** Where `price` is, or where it belongs. */
  #position(price: number): number {
    const wanted = this.#sign * price;
    let low = 0;
    let high = this.#prices.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sign * (this.#prices[middle] ?? Number.NaN) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** True where levels are sorted best first, without a price twice and without an empty level. */
export function areSorted(levels: readonly Level[], side: "bid" | "ask"): boolean {
  const sign = side === "bid" ? 1 : -1;
  let last = Number.POSITIVE_INFINITY;
  for (const [price, quantity] of levels) {
    const rank = sign * Number(price);
    if (!(rank < last && Number(quantity) > 0)) return false;
    last = rank;
  }
  return true;
}
