import type { BookTicker, DepthUpdate, PartialDepth, Snapshot, TradeEvent, VenueMessage } from "./events.ts";
import { durationText } from "./format.ts";
import { LatencyHistogram } from "./latency.ts";
import { RateMeter } from "./rate-meter.ts";
import { type CheckCounts, SymbolFeed, type SymbolListener } from "./symbol-feed.ts";

/** All symbols of one connection: sorts the messages to them, measures latency, and collects what went wrong. */
export class MarketFeed {
  readonly symbols: readonly SymbolFeed[];
  readonly messages: RateMeter = new RateMeter();
  /** From send to handler, of what arrived at {@link latencyFrom} or later, and before {@link latencyUntil}. */
  readonly latency: LatencyHistogram = new LatencyHistogram();
  /** In microseconds of the day. While the engine still compiles, latencies tell of it, not of the connection. */
  latencyFrom = 0;
  /** From then on they tell of the comparison at the end. */
  latencyUntil: number = Number.POSITIVE_INFINITY;
  /** What went wrong, in words, oldest first; the first hundred are kept, `problemCount` counts all. */
  readonly problems: string[] = [];
  problemCount = 0;
  /** The gaps that a snapshot made up for, in words, oldest first; kept and counted as the problems are. */
  readonly resyncs: string[] = [];
  resyncCount = 0;
  /** When the first and the last message came, in microseconds of the day; 0 before the first. */
  firstArrival = 0;
  lastArrival = 0;
  /** Of the latest ping, in microseconds; NaN before the first. */
  roundTrip: number = Number.NaN;
  /** Told that the subscription was accepted. */
  isSubscribed = false;
  readonly #byStream = new Map<string, (data: unknown) => void>();

  /** `wantSnapshot` is told which symbol's book cannot go on without one, again and again. */
  constructor(names: readonly string[], wantSnapshot: SymbolListener["wantSnapshot"]) {
    const listener: SymbolListener = {
      wantSnapshot,
      problem: (text) => this.report(text),
      resync: (text) => {
        this.resyncCount++;
        if (this.resyncs.length < MOST_KEPT) this.resyncs.push(text);
      },
    };
    this.symbols = names.map((name) => new SymbolFeed(name, listener));
    for (const symbol of this.symbols) {
      const open = (kind: string, receive: (data: unknown) => void): void => {
        this.#byStream.set(`${symbol.name.toLowerCase()}@${kind}`, (data) => {
          symbol.messages.total++;
          receive(data);
        });
      };
      open("trade", (data) => symbol.receiveTrade(data as TradeEvent));
      open("bookTicker", (data) => symbol.receiveTicker(data as BookTicker));
      open("depth20@100ms", (data) => symbol.receiveDepth(data as PartialDepth));
      open("depth@100ms", (data) => symbol.receiveDiff(data as DepthUpdate));
    }
  }

  /** The streams to subscribe to. */
  get streams(): string[] {
    return [...this.#byStream.keys()];
  }

  /** The checks of all symbols, added up. */
  get checks(): CheckCounts {
    const sum: CheckCounts = { diffs: 0, trades: 0, tops: 0, depths: 0 };
    for (const { checks } of this.symbols) {
      sum.diffs += checks.diffs;
      sum.trades += checks.trades;
      sum.tops += checks.tops;
      sum.depths += checks.depths;
    }
    return sum;
  }

  /** Takes a message that arrived at `microseconds` of the day. */
  receive(message: VenueMessage, microseconds: number): void {
    if (this.firstArrival === 0) this.firstArrival = microseconds;
    this.lastArrival = microseconds;
    this.messages.total++;
    if (!("stream" in message)) {
      if (message.result === null) this.isSubscribed = true;
      else this.report(`subscription: the venue answered ${JSON.stringify(message)}`);
      return;
    }
    const { stream, data } = message;
    const receive = this.#byStream.get(stream);
    if (receive === undefined) {
      // The venue may add streams of its own: `!serverShutdown` tells that the connection will end.
      if (stream.startsWith("!")) this.report(`venue: ${stream.slice(1)}`);
      return;
    }
    receive(data);
    const { E: sent } = data as { E?: number };
    if (sent === undefined || microseconds < this.latencyFrom || microseconds >= this.latencyUntil) return;
    this.latency.add(microseconds - (sent > MICROSECONDS ? sent : sent * 1_000));
  }

  /** Takes what `/api/v3/depth` answered. */
  receiveSnapshot(name: string, snapshot: Snapshot): "started" | "stale" {
    const symbol = this.symbols.find((each) => each.name === name);
    return symbol?.receiveSnapshot(snapshot) ?? "started";
  }

  /** Begins to show that every book is the exchange's. */
  beginProofs(): void {
    for (const symbol of this.symbols) symbol.beginProof();
  }

  /** Levels that were found alike in those books whose proof is made. */
  get provenLevels(): number {
    return this.symbols.reduce((sum, { proof }) => sum + (proof?.levels ?? 0), 0);
  }

  get areProofsMade(): boolean {
    return this.symbols.every(({ proof }) => proof?.isMade);
  }

  /** Whether nothing came lately, as a connection that lives would bring. */
  isSilent(microseconds: number): boolean {
    const usual = (this.lastArrival - this.firstArrival) / this.messages.total;
    return microseconds - this.lastArrival > Math.max(LONGEST_SILENCE, 20 * usual);
  }

  report(problem: string): void {
    this.problemCount++;
    if (this.problems.length < MOST_KEPT) this.problems.push(problem);
  }

  /** The last checks, once the connection has ended at `microseconds` of the day. */
  finish(microseconds: number): void {
    if (!this.isSubscribed) this.report("subscription: never answered");
    for (const symbol of this.symbols) symbol.checkBook();
    if (this.isSilent(microseconds)) {
      this.report(`connection: silent for the last ${durationText(microseconds - this.lastArrival)}`);
    }
  }
}

const MOST_KEPT = 100;
/** A time above this is in microseconds, below in milliseconds: as milliseconds it is the year 5138. */
const MICROSECONDS = 1e14;
/** In microseconds; the streams of a live market come ten times a second. */
const LONGEST_SILENCE = 500_000;
