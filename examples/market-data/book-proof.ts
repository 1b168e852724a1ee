import { BookSync } from "./book-sync.ts";
import type { DepthBook } from "./depth-book.ts";
import type { DepthUpdate, Snapshot } from "./events.ts";

/**
 * Shows whether a book that was kept from diffs for long is the exchange's. A fresh snapshot is seldom of the moment in which the book
 * stands, so it is brought forward by the same rule as any book; once both stand at the same update id, every level must be the same.
 */
export class BookProof {
  /** Levels found alike, once the proof is made; null before. */
  levels: number | null = null;
  /** The first difference in words; null where there is none. */
  difference: string | null = null;
  readonly #book: DepthBook;
  readonly #fresh: BookSync;

  /** `limit` as for {@link BookSync}. */
  constructor(book: DepthBook, limit: number) {
    this.#book = book;
    this.#fresh = new BookSync(limit);
  }

  get isMade(): boolean {
    return this.levels !== null;
  }

  /** Whether a snapshot, or another one, is wanted. */
  get wantsSnapshot(): boolean {
    return !this.isMade && !this.#fresh.isLive;
  }

  /** Takes a diff that the book has taken. */
  receive(diff: DepthUpdate): void {
    this.#fresh.receive(diff);
    this.#compare();
  }

  /** Takes a snapshot that was asked for after the proof began. */
  take(snapshot: Snapshot): "started" | "stale" {
    const outcome = this.#fresh.take(snapshot);
    this.#compare();
    return outcome;
  }

  #compare(): void {
    const { book, isLive } = this.#fresh;
    if (this.isMade || !isLive || book.updateId !== this.#book.updateId) return;
    const { levels, difference } = this.#book.compare(book, "at the exchange");
    this.levels = levels;
    this.difference = difference;
  }
}
