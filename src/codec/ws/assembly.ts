import { wordsOf } from "../ascii.ts";

/**
 * Where a message is put together that cannot be lent out of the ring: one in fragments, or one larger than the ring.
 * It grows with what arrives, never with what a header announces. What is too large for a connection to keep between messages is kept
 * for the thread, up to 4 MiB, and the large messages of all its connections are put together in that, one after the other.
 */
export class Assembly {
  bytes: Uint8Array = NONE;
  /** {@link bytes} in 32-bit words. */
  words: Int32Array = wordsOf(this.bytes);
  /** 0 <= length <= bytes.length */
  length = 0;
  readonly #kept: number;
  /** The last message was larger than what is kept, so the next one may well be. */
  #large = false;

  /** `kept` is how many bytes may stay allocated between messages. */
  constructor(kept: number) {
    this.#kept = kept;
  }

  append(from: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    this.bytes.set(from.subarray(start, end), this.length);
    this.length += end - start;
  }

  /** Makes room for `count` bytes behind the others and returns the index where the room there is ends. */
  reserve(count: number): number {
    const needed = this.length + count;
    if (needed > this.bytes.length) this.#grow(needed);
    return this.bytes.length;
  }

  /** Forgets the message: what was lent of it may be another connection's memory from now on. */
  clear(): void {
    if (this.bytes.length > this.#kept) {
      this.#large = this.length > this.#kept;
      giveSpare(this.bytes);
      this.#place(NONE);
    }
    this.length = 0;
  }

  #grow(needed: number): void {
    const size = (Math.max(needed, Math.min(this.bytes.length * 2, LARGEST), SMALLEST) + 7) & ~7;
    const taken = this.#large || size > this.#kept ? takeSpare(size) : null;
    const grown = taken ?? new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.length));
    this.#place(grown);
  }

  #place(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.words = wordsOf(bytes);
  }
}

/** The spare, where it has `size` bytes or more: it is the caller's then. */
function takeSpare(size: number): Uint8Array | null {
  const taken = spare;
  if (taken === null || taken.length < size) return null;
  spare = null;
  return taken;
}

/** Keeps the larger one of `bytes` and what is there, but none over {@link MOST_SPARE}. */
function giveSpare(bytes: Uint8Array): void {
  if (bytes.length <= MOST_SPARE && bytes.length > (spare?.length ?? 0)) spare = bytes;
}

/** What no connection of this thread keeps, for the next large message of any of them: one, however many connections there are. */
let spare: Uint8Array | null = null;
const MOST_SPARE = 4 << 20;
const NONE: Uint8Array = new Uint8Array(0);
const SMALLEST = 4096;
/** Keeps every index a 32-bit integer. */
const LARGEST = 1 << 30;
