import type { Side } from "./book.ts";
import { Book, SPAN } from "./book.ts";
import { Random } from "./random.ts";
import { nameHash, symbolSpec } from "./symbols.ts";

/** Who is told what happens in the market, synchronously and in order. */
export interface MarketListener {
  /** A trade took place: it is `symbol.lastTrade`. The quote it leaves behind follows. */
  trade(symbol: SymbolMarket): void;
  /** The best price or quantity of a side changed. */
  quote(symbol: SymbolMarket): void;
  /** A window of 100 ms ended: what changed within is due as one diff. Called for each symbol in turn. */
  windowEnd(symbol: SymbolMarket): void;
}

export interface MarketOptions {
  readonly seed: number;
  /** Upper-case names, each once. */
  readonly symbols: readonly string[];
  /** How many events make a window of 100 ms; at least 1. */
  readonly eventsPerWindow: number;
}

/**
 * A seeded market of several symbols. Its only clock is its count of events, so the same seed gives the same trades,
 * quotes and windows, however fast it is driven.
 */
export class Market {
  readonly symbols: readonly SymbolMarket[];
  /** How many trades and quotes there have been. */
  events = 0;
  readonly #random: Random;
  readonly #eventsPerWindow: number;
  #windowEnd: number;

  constructor(options: MarketOptions) {
    this.symbols = options.symbols.map((name) => new SymbolMarket(name, options.seed));
    this.#random = new Random(options.seed);
    this.#eventsPerWindow = Math.max(1, Math.round(options.eventsPerWindow));
    this.#windowEnd = this.#eventsPerWindow;
  }

  /** Lets one thing happen in one symbol (one event, or two where a trade moves the quote), and ends the window when it is due. */
  step(listener: MarketListener): void {
    const count = this.symbols.length;
    // The lower of two draws: the first symbols trade more than the last.
    const symbol = this.symbols[Math.min(this.#random.below(count), this.#random.below(count))];
    if (symbol === undefined) return;
    this.events += symbol.step(listener);
    if (this.events < this.#windowEnd) return;
    this.#windowEnd += this.#eventsPerWindow;
    for (const each of this.symbols) {
      each.startWindow();
      listener.windowEnd(each);
    }
  }

  symbol(name: string): SymbolMarket | null {
    return this.symbols.find((each) => each.book.spec.name === name) ?? null;
  }
}

/** A trade: price and quantity in the book's units. */
export interface Trade {
  /** Consecutive within a symbol. */
  id: number;
  priceIndex: number;
  lots: number;
  /** True when the aggressor sold. */
  buyerIsMaker: boolean;
}

/** One symbol's book and the trader that moves it. */
export class SymbolMarket {
  readonly book: Book;
  /** One object, overwritten by each trade. */
  readonly lastTrade: Trade;
  readonly #random: Random;
  #movesInWindow = 0;

  constructor(name: string, seed: number) {
    this.#random = new Random(seed ^ nameHash(name));
    this.book = new Book(symbolSpec(name), 1_000_000 + this.#random.below(1_000_000_000));
    const { bestBid, bestAsk } = this.book;
    this.lastTrade = { id: this.#random.below(1_000_000_000), priceIndex: bestBid, lots: 0, buyerIsMaker: false };
    for (let index = 0; index < SPAN; index++) {
      const isBest = index === bestBid || index === bestAsk;
      if (isBest || this.#random.chance(0.9)) this.book.seed(index <= bestBid ? "bid" : "ask", index, this.#lots());
    }
  }

  /** Returns how many events it told of. */
  step(listener: MarketListener): number {
    const random = this.#random;
    if (random.chance(0.2) && this.#trade(random.chance(0.5) ? "bid" : "ask")) {
      listener.trade(this);
      listener.quote(this);
      return 2;
    }
    // Deep changes come first, so that the last update id of a step is that of its quote.
    if (random.chance(0.4)) this.#changeDeepLevel();
    if (random.chance(0.2)) this.#changeDeepLevel();
    this.#requote();
    listener.quote(this);
    return 1;
  }

  /** Prices move again: within one window they stay inside the twenty levels of the last depth20. */
  startWindow(): void {
    this.#movesInWindow = 0;
  }

  /** An aggressor takes from the best level of `side`; false when that level is too small to take a part of. */
  #trade(side: Side): boolean {
    const { book, lastTrade } = this;
    const index = side === "bid" ? book.bestBid : book.bestAsk;
    const available = book.lots(side, index);
    const takesAll = this.#random.chance(0.3) && this.#mayDeplete(side);
    if (!takesAll && available < 2) return false;
    const lots = takesAll ? available : 1 + this.#random.below(available - 1);
    lastTrade.id++;
    lastTrade.priceIndex = index;
    lastTrade.lots = lots;
    lastTrade.buyerIsMaker = side === "bid";
    if (takesAll) this.#movesInWindow++;
    book.change(side, index, available - lots);
    return true;
  }

  /** Closes the spread, opens it, or changes a best quantity. */
  #requote(): void {
    const { book } = this;
    const random = this.#random;
    const spread = book.bestAsk - book.bestBid;
    if (spread > 1 && this.#movesInWindow < MOVES_PER_WINDOW && random.chance(0.6)) {
      // The further up the price went, the rarer a higher bid: it comes back to where it began.
      const rises = random.chance(0.5 - (book.bestBid - SPAN / 2) / SPAN);
      this.#movesInWindow++;
      if (rises) book.change("bid", book.bestBid + 1, this.#lots());
      else book.change("ask", book.bestAsk - 1, this.#lots());
      return;
    }
    const side: Side = random.chance(0.5) ? "bid" : "ask";
    const index = side === "bid" ? book.bestBid : book.bestAsk;
    if (random.chance(0.1) && this.#mayDeplete(side)) {
      this.#movesInWindow++;
      book.change(side, index, 0);
      return;
    }
    const before = book.lots(side, index);
    const after = this.#lots();
    book.change(side, index, after === before ? after + 1 : after);
  }

  #changeDeepLevel(): void {
    const { book } = this;
    const distance = 1 + this.#random.below(40);
    const lots = this.#random.chance(0.3) ? 0 : this.#lots();
    if (this.#random.chance(0.5)) book.change("bid", book.bestBid - distance, lots);
    else book.change("ask", book.bestAsk + distance, lots);
  }

  #mayDeplete(side: Side): boolean {
    const { bestBid, bestAsk } = this.book;
    const hasRoom = side === "bid" ? bestBid > SPAN / 8 : bestAsk < SPAN - SPAN / 8;
    return hasRoom && bestAsk - bestBid < WIDEST_SPREAD && this.#movesInWindow < MOVES_PER_WINDOW;
  }

  /** Many small quantities, few large ones. */
  #lots(): number {
    return 1 + this.#random.below(1 + this.#random.below(MOST_LOTS));
  }
}

const MOVES_PER_WINDOW = 6;
const WIDEST_SPREAD = 4;
const MOST_LOTS = 20_000;
