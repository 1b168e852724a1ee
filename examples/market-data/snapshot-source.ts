import { setTimeout as sleep } from "node:timers/promises";
import { NexusError } from "../../index.ts";
import { pauseAfter, RestSession, type RestSessionOptions, venueComplaint } from "../rest-session.ts";
import type { Snapshot } from "./events.ts";
import { SNAPSHOT_LEVELS } from "./symbol-feed.ts";

/** Who takes the snapshots. */
export interface SnapshotTaker {
  /** Stale asks for another one. */
  take(symbol: string, snapshot: Snapshot): "started" | "stale";
  /** No snapshot can be had, in words; there will be no other attempt. */
  fail(text: string): void;
}

/** Fetches the books that are wanted, one after another over one connection, until each is taken. */
export class SnapshotSource implements Disposable {
  readonly #session: RestSession;
  readonly #taker: SnapshotTaker;
  readonly #wanted = new Set<string>();
  readonly #end = new AbortController();
  #isFetching = false;
  /** One after another, as are the stale ones. */
  #failures = 0;
  #stale = 0;

  /** `url` is where `/api/v3/depth` is. */
  constructor(url: string, options: RestSessionOptions, taker: SnapshotTaker) {
    this.#session = new RestSession(url, { ...options, signal: this.#end.signal });
    this.#taker = taker;
  }

  /** Asks for a symbol's book, unless that is under way. */
  want(symbol: string): void {
    if (this.isGivenUp) return;
    this.#wanted.add(symbol);
    if (!this.#isFetching) void this.#fetchAll();
  }

  /** Whether nothing more is to be had. */
  get isGivenUp(): boolean {
    return this.#end.signal.aborted;
  }

  /** Gives up what is under way. */
  [Symbol.dispose](): void {
    this.#end.abort();
    this.#session[Symbol.dispose]();
  }

  async #fetchAll(): Promise<void> {
    this.#isFetching = true;
    for (let [symbol] = this.#wanted; symbol !== undefined && !this.isGivenUp; [symbol] = this.#wanted) {
      const pause = await this.#fetch(symbol);
      if (pause > 0) await sleep(pause, undefined, { signal: this.#end.signal }).catch(() => {});
    }
    this.#isFetching = false;
  }

  /** Returns how many milliseconds to wait before the next one. */
  async #fetch(symbol: string): Promise<number> {
    let complaint: string;
    try {
      await this.#session.connect();
      const query = this.#session.writer.get("/api/v3/depth").query("symbol", symbol).query("limit", SNAPSHOT_LEVELS);
      const response = await this.#session.send(query.finish());
      if (response.status === 200) return this.#deliver(symbol, response.bodyJson() as Snapshot);
      const pause = pauseAfter(response);
      if (pause > 0) return pause;
      complaint = venueComplaint(response);
    } catch (error) {
      if (!(error instanceof NexusError)) throw error;
      complaint = `${error.code}: ${error.message}`;
    }
    if (this.isGivenUp) return 0;
    // A GET may be sent again, whatever became of it.
    if (++this.#failures < MOST_FAILURES) return RETRY_PAUSE;
    this.#end.abort();
    this.#taker.fail(`no snapshot of ${symbol} after ${MOST_FAILURES} attempts: ${complaint}`);
    return 0;
  }

  #deliver(symbol: string, snapshot: Snapshot): number {
    this.#failures = 0;
    // Taken out first: whoever takes it may want another one.
    this.#wanted.delete(symbol);
    if (this.#taker.take(symbol, snapshot) === "started") {
      this.#stale = 0;
      return 0;
    }
    this.#wanted.add(symbol);
    return Math.min(STALE_PAUSE * 2 ** this.#stale++, LONGEST_PAUSE);
  }
}

const MOST_FAILURES = 10;
/** In milliseconds. */
const RETRY_PAUSE = 100;
/** The first; each next one is twice as long. A stale snapshot gets no fresher by asking fast, and each has its weight. */
const STALE_PAUSE = 100;
const LONGEST_PAUSE = 1_600;
