import { areSorted, DepthBook } from "./depth-book.ts";
import type { BookTicker, DepthUpdate, PartialDepth, TradeEvent } from "./events.ts";
import { RateMeter } from "./rate-meter.ts";

/** How often something was checked and found right. */
export interface CheckCounts {
  /** Diffs that began where the one before ended. */
  diffs: number;
  /** Trades whose id followed the one before. */
  trades: number;
  /** Best prices of the diff book equal to those of bookTicker at the same update id. */
  tops: number;
  /** Best twenty levels of the diff book equal to those of depth20 at the same update id. */
  depths: number;
}

/** One symbol: its book, its last prices, and whether its streams arrive whole. */
export class SymbolFeed {
  readonly name: string;
  readonly book: DepthBook = new DepthBook();
  readonly messages: RateMeter = new RateMeter();
  readonly checks: CheckCounts = { diffs: 0, trades: 0, tops: 0, depths: 0 };
  ticker: BookTicker | null = null;
  lastTrade: TradeEvent | null = null;
  /** −1 after a trade below the one before it, 1 after one above. */
  tickDirection: -1 | 0 | 1 = 0;
  readonly #problem: (text: string) => void;
  /** The last update id of the diff stream; 0 before its first event. */
  #diffId = 0;
  /** Diffs that came before the book could start. */
  #early: DepthUpdate[] = [];

  /** `problem` is told, in words, of everything that is not as it should be. */
  constructor(name: string, problem: (text: string) => void) {
    this.name = name;
    this.#problem = (text) => problem(`${name} ${text}`);
  }

  receiveTicker(ticker: BookTicker): void {
    const { ticker: before } = this;
    this.ticker = ticker;
    if (before !== null && ticker.u <= before.u) {
      this.#problem(`bookTicker: update ${ticker.u} came after update ${before.u}`);
    }
    if (!(Number(ticker.b) < Number(ticker.a)))
      this.#problem(`bookTicker: bid ${ticker.b} is not below ask ${ticker.a}`);
  }

  receiveTrade(trade: TradeEvent): void {
    const { lastTrade: before } = this;
    this.lastTrade = trade;
    if (before === null) return;
    this.tickDirection = (Math.sign(Number(trade.p) - Number(before.p)) || this.tickDirection) as -1 | 0 | 1;
    const missing = trade.t - before.t - 1;
    if (missing === 0) this.checks.trades++;
    else if (missing > 0) this.#problem(`trade: gap of ${missing} between trade ${before.t} and trade ${trade.t}`);
    else this.#problem(`trade: trade ${trade.t} came after trade ${before.t}`);
  }

  receiveDiff(diff: DepthUpdate): void {
    this.#checkSequence(diff);
    this.#diffId = Math.max(this.#diffId, diff.u);
    if (!this.book.isStarted) {
      this.#early.push(diff);
      if (this.#early.length > MOST_EARLY) this.#early.shift();
      return;
    }
    // After a gap the book is wrong for good: it starts again from the next depth20.
    if (this.book.apply(diff) > 0) this.book.stop();
    else this.#checkTop();
  }

  receiveDepth(depth: PartialDepth): void {
    const { book } = this;
    if (!areSorted(depth.bids, "bid") || !areSorted(depth.asks, "ask")) {
      this.#problem(`depth20: levels of update ${depth.lastUpdateId} are not sorted`);
    }
    if (!book.isStarted) {
      book.start(depth);
      for (const diff of this.#early.splice(0)) if (book.apply(diff) > 0) book.stop();
    } else if (depth.lastUpdateId === book.updateId) {
      const difference = book.verify(depth);
      if (difference === null) this.checks.depths++;
      else this.#problem(`depth20: at update ${depth.lastUpdateId} ${difference}`);
    }
  }

  /** The last look at the book, once the streams have ended. */
  checkBook(): void {
    const { bids, asks, isStarted } = this.book;
    if (!isStarted) this.#problem("book: never started");
    else if (!(bids.isSorted() && asks.isSorted())) this.#problem("book: levels are not sorted");
    else if (!(bids.bestPrice < asks.bestPrice)) {
      this.#problem(`book: bid ${bids.bestPrice} is not below ask ${asks.bestPrice}`);
    }
  }

  #checkSequence(diff: DepthUpdate): void {
    if (this.#diffId === 0) return;
    const missing = diff.U - this.#diffId - 1;
    if (missing === 0) this.checks.diffs++;
    else if (missing > 0) {
      this.#problem(`depth: gap of ${missing} updates, ${this.#diffId + 1} to ${diff.U - 1} never came`);
    } else this.#problem(`depth: updates ${diff.U} to ${diff.u} came after update ${this.#diffId}`);
  }

  #checkTop(): void {
    const { ticker, book } = this;
    if (!(book.bids.bestPrice < book.asks.bestPrice)) {
      this.#problem(
        `book: bid ${book.bids.bestPrice} is not below ask ${book.asks.bestPrice} at update ${book.updateId}`,
      );
    }
    if (ticker === null || ticker.u !== book.updateId) return;
    const { bids, asks } = book;
    if (
      bids.bestPrice === Number(ticker.b) &&
      bids.bestQuantity === Number(ticker.B) &&
      asks.bestPrice === Number(ticker.a) &&
      asks.bestQuantity === Number(ticker.A)
    ) {
      this.checks.tops++;
    } else {
      const inBook = `${bids.bestPrice} × ${bids.bestQuantity} / ${asks.bestPrice} × ${asks.bestQuantity}`;
      const inTicker = `${ticker.b} × ${ticker.B} / ${ticker.a} × ${ticker.A}`;
      this.#problem(`book: at update ${ticker.u} it is ${inBook} and bookTicker says ${inTicker}`);
    }
  }
}

/** Diffs kept until the book starts: at 100 ms each, ten seconds' worth. */
const MOST_EARLY = 100;
