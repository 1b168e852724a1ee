import { BookProof } from "./book-proof.ts";
import { BookSync, type Gap } from "./book-sync.ts";
import { areSorted, DepthBook } from "./depth-book.ts";
import type { BookTicker, DepthUpdate, PartialDepth, Snapshot, TradeEvent } from "./events.ts";
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

/** What a symbol has to say. */
export interface SymbolListener {
  /** Something is not as it should be, in words. */
  problem(text: string): void;
  /** Updates were lost, and a snapshot made up for them: what was lost, in words. */
  resync(text: string): void;
  /** The book cannot go on without a snapshot; told again until there is one. */
  wantSnapshot(symbol: string): void;
}

/** One symbol: its book, its last prices, and whether its streams arrive whole. */
export class SymbolFeed {
  readonly name: string;
  readonly messages: RateMeter = new RateMeter();
  readonly checks: CheckCounts = { diffs: 0, trades: 0, tops: 0, depths: 0 };
  ticker: BookTicker | null = null;
  lastTrade: TradeEvent | null = null;
  /** −1 after a trade below the one before it, 1 after one above. */
  tickDirection: -1 | 0 | 1 = 0;
  /** That the book is the exchange's; null until {@link beginProof}. */
  proof: BookProof | null = null;
  readonly #listener: SymbolListener;
  readonly #sync: BookSync = new BookSync(SNAPSHOT_LEVELS);
  readonly #best: DepthBook = new DepthBook();
  /** Updates that a snapshot has yet to make up for. */
  #gaps: Gap[] = [];

  constructor(name: string, listener: SymbolListener) {
    this.name = name;
    this.#listener = listener;
  }

  get book(): DepthBook {
    return this.#sync.book;
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
    const { lastId } = this.#sync;
    if (diff.U <= lastId) this.#problem(`depth: updates ${diff.U} to ${diff.u} came after update ${lastId}`);
    const gap = this.#sync.receive(diff);
    if (gap !== null) this.#gaps.push(gap);
    else if (lastId > 0 && diff.U > lastId) this.checks.diffs++;
    if (this.book.isStarted) this.#checkTop();
    this.proof?.receive(diff);
    this.#askForSnapshot();
  }

  /** Takes what `/api/v3/depth` answered. Stale where it is too old to go on from. */
  receiveSnapshot(snapshot: Snapshot): "started" | "stale" {
    const wasLive = this.#sync.isLive;
    const outcome = this.#sync.take(snapshot);
    if (outcome === "stale") return outcome;
    for (const gap of this.#gaps.splice(0)) {
      this.#listener.resync(
        `${this.name} depth: ${gapText(gap)}; its book started over from update ${snapshot.lastUpdateId}`,
      );
    }
    return wasLive && this.proof?.wantsSnapshot ? this.proof.take(snapshot) : outcome;
  }

  receiveDepth(depth: PartialDepth): void {
    const { book } = this;
    if (!areSorted(depth.bids, "bid") || !areSorted(depth.asks, "ask")) {
      this.#problem(`depth20: levels of update ${depth.lastUpdateId} are not sorted`);
    } else if (depth.lastUpdateId === book.updateId) {
      this.#best.start(depth, 20);
      const { difference } = book.compare(this.#best, "in depth20");
      if (difference === null) this.checks.depths++;
      else this.#problem(`depth20: at update ${depth.lastUpdateId} ${difference}`);
    }
  }

  /** Begins to show that the book is the exchange's: a snapshot is wanted, and perhaps the next diff. */
  beginProof(): void {
    this.proof = new BookProof(this.book, SNAPSHOT_LEVELS);
    this.#askForSnapshot();
  }

  /** The last look at the book, once the streams have ended. */
  checkBook(): void {
    const { book, proof } = this;
    for (const gap of this.#gaps) this.#problem(`depth: ${gapText(gap)}, and no snapshot made up for it`);
    if (!book.isStarted) {
      if (this.#gaps.length === 0) this.#problem("book: never started");
      return;
    }
    if (!(book.bids.isSorted() && book.asks.isSorted())) this.#problem("book: levels are not sorted");
    else if (!(book.bids.bestPrice < book.asks.bestPrice)) {
      this.#problem(`book: bid ${book.bids.bestPrice} is not below ask ${book.asks.bestPrice}`);
    }
    if (proof !== null && proof.difference !== null)
      this.#problem(`book: at update ${book.updateId} ${proof.difference}`);
    else if (proof !== null && !proof.isMade) this.#problem("book: could not be compared with the exchange's");
  }

  #askForSnapshot(): void {
    if (!this.#sync.isLive || this.proof?.wantsSnapshot) this.#listener.wantSnapshot(this.name);
  }

  #problem(text: string): void {
    this.#listener.problem(`${this.name} ${text}`);
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

function gapText({ from, to }: Gap): string {
  return `gap of ${to - from + 1} updates, ${from} to ${to} never came`;
}

/** As many as the venue gives. */
export const SNAPSHOT_LEVELS = 5_000;
