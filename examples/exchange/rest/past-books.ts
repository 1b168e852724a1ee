import type { Book } from "../book.ts";
import type { MarketListener, SymbolMarket } from "../market.ts";

/** Which moment's book a snapshot shows. */
export type SnapshotAge = "stale" | "overlapping";

/** Keeps books as they were, for snapshots that lag behind the stream. */
export class PastBooks implements MarketListener {
  readonly #next: MarketListener;
  readonly #windows: number;
  readonly #pasts: ReadonlyMap<SymbolMarket, Past>;

  /** `windows` is how many of them a stale book is old; all events go on to `next`. */
  constructor(symbols: readonly SymbolMarket[], windows: number, next: MarketListener) {
    this.#next = next;
    this.#windows = windows;
    this.#pasts = new Map(
      symbols.map((symbol) => {
        const opening = symbol.book.copy();
        return [symbol, { ends: [opening], begun: null, overlapping: opening }];
      }),
    );
  }

  /** Stale: as it was at the end of a window long past. Overlapping: in the midst of the last whole window. */
  book(symbol: SymbolMarket, age: SnapshotAge): Book {
    const past = this.#pasts.get(symbol);
    return (age === "stale" ? past?.ends[0] : past?.overlapping) ?? symbol.book;
  }

  trade(symbol: SymbolMarket): void {
    this.#next.trade(symbol);
  }

  quote(symbol: SymbolMarket): void {
    const past = this.#pasts.get(symbol);
    if (past !== undefined) past.begun ??= symbol.book.copy();
    this.#next.quote(symbol);
  }

  windowEnd(symbol: SymbolMarket): void {
    const past = this.#pasts.get(symbol);
    if (past !== undefined) {
      past.ends.push(symbol.book.copy());
      if (past.ends.length > this.#windows + 1) past.ends.shift();
      past.overlapping = past.begun ?? past.overlapping;
      past.begun = null;
    }
    this.#next.windowEnd(symbol);
  }
}

interface Past {
  /** At the ends of the latest windows, oldest first; never empty. */
  readonly ends: Book[];
  /** After the first quote of the window under way, or null before it. */
  begun: Book | null;
  /** {@link begun} of the last whole window in which there was one. */
  overlapping: Book;
}
