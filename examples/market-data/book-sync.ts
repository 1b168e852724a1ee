import { DepthBook } from "./depth-book.ts";
import type { DepthUpdate, Snapshot } from "./events.ts";

/** Updates that never came, as the diff after them shows. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/**
 * Keeps one symbol's book by the venue's rule: diffs are buffered, a snapshot is fetched meanwhile, what it holds already is dropped, and
 * the rest is applied to it. A gap in the diffs starts this over, for this book alone.
 *
 * ```text
 *             take: started
 *   buffering ─────────────▶ live      take: stale  buffering as before; fetch another
 *             ◀─────────────
 *              receive: gap
 * ```
 */
export class BookSync {
  readonly book: DepthBook = new DepthBook();
  /** The last update id of the stream; 0 before its first diff. */
  lastId = 0;
  readonly #limit: number;
  /** While buffering, what came, each diff beginning where the one before ends; empty while live. */
  #buffer: DepthUpdate[] = [];

  /** `limit` is how many levels a side the snapshots are asked for. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False while a snapshot is wanted. */
  get isLive(): boolean {
    return this.book.isStarted;
  }

  /** Takes the next diff of the stream; returns what is missing before it. Then the book starts over, with this diff as the first. */
  receive(diff: DepthUpdate): Gap | null {
    const { lastId } = this;
    // Old or sent twice: all of it is known.
    if (diff.u <= lastId) return null;
    this.lastId = diff.u;
    const gap = lastId > 0 && diff.U > lastId + 1 ? { from: lastId + 1, to: diff.U - 1 } : null;
    // Without a gap in the stream it is the snapshot that was too old, one taken before there was a diff to tell.
    if (gap !== null || (this.isLive && this.book.apply(diff) > 0)) this.#startOver();
    if (!this.isLive) this.#buffer.push(diff);
    return gap;
  }

  /**
   * Takes a snapshot. Stale is one that ends before the first buffered diff begins: what is between them would be missing. (The venue's
   * text also calls it stale where it ends right before that diff, and nothing is missing.) Without effect on a book that is live.
   */
  take(snapshot: Snapshot): "started" | "stale" {
    const [first] = this.#buffer;
    if (this.isLive) return "started";
    if (first !== undefined && snapshot.lastUpdateId < first.U - 1) return "stale";
    this.book.start(snapshot, this.#limit);
    // No gap is met: the buffer has none, and begins within the snapshot or right behind it.
    for (const diff of this.#buffer.splice(0)) this.book.apply(diff);
    return "started";
  }

  #startOver(): void {
    this.book.stop();
    this.#buffer = [];
  }
}
