import type { DepthUpdate, Level, PartialDepth } from "./events.ts";

/**
 * An order book kept from diffs. It starts from a snapshot and follows the venue's rule: diffs that lie before the
 * book are dropped, and the next one must begin where the book ends.
 */
export class DepthBook {
  readonly bids: BookSide = new BookSide("bid");
  readonly asks: BookSide = new BookSide("ask");
  /** The last update id within; 0 until {@link start}. */
  updateId = 0;

  get isStarted(): boolean {
    return this.updateId > 0;
  }

  /** Takes a snapshot as the whole book. */
  start(snapshot: PartialDepth): void {
    this.bids.replace(snapshot.bids);
    this.asks.replace(snapshot.asks);
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

  /**
   * Compares the book with the best levels at the same update id and returns the first difference, or null. Levels that
   * the book cannot know yet, because it started from twenty and they never changed since, are filled in.
   */
  verify(best: PartialDepth): string | null {
    return this.bids.verify(best.bids) ?? this.asks.verify(best.asks);
  }
}

/** One side, sorted worst to best, so that what changes most lies at the end of the arrays. */
export class BookSide {
  readonly #name: "bid" | "ask";
  /** Multiplies a price so that a better one is larger. */
  readonly #sign: 1 | -1;
  readonly #prices: number[] = [];
  readonly #quantities: number[] = [];

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

  replace(levels: readonly Level[]): void {
    this.#prices.length = 0;
    this.#quantities.length = 0;
    for (const level of levels) this.change(level);
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

  /** See {@link DepthBook.verify}. `best` is sorted best first. */
  verify(best: readonly Level[]): string | null {
    let at = this.#prices.length - 1;
    for (const level of best) {
      const price = Number(level[0]);
      const quantity = Number(level[1]);
      const known = this.#prices[at];
      if (known === price) {
        if (this.#quantities[at] !== quantity) {
          return `${this.#name} ${price} has quantity ${this.#quantities[at]} in the book and ${quantity} in depth20`;
        }
        at--;
      } else if (known !== undefined && this.#sign * known > this.#sign * price) {
        return `${this.#name} ${known} is in the book and not in depth20`;
      } else {
        this.change(level);
      }
    }
    return null;
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
