import { wordsOf } from "../ascii.ts";

/**
 * Where a message is put together that cannot be lent out of the ring: one in fragments, or one larger than the ring.
 * It grows with what arrives, never with what a header announces; where it had to let go of its memory after a message, it begins the next one with
 * as much, up to 64 KiB, for those of a feed are of a size.
 */
export class Assembly {
  bytes: Uint8Array = new Uint8Array(0);
  /** {@link bytes} in 32-bit words. */
  words: Int32Array = wordsOf(this.bytes);
  /** 0 <= length <= bytes.length */
  length = 0;
  readonly #kept: number;
  /** What the next message begins with. */
  #least = SMALLEST;

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

  clear(): void {
    const { length: size } = this.bytes;
    if (size > this.#kept) {
      // Half of it, where that would have done: so it comes down again, message by message.
      this.#least = Math.max(SMALLEST, Math.min(this.length > size >> 1 ? size : size >> 1, MOST_AT_ONCE));
      this.#place(new Uint8Array(0));
    }
    this.length = 0;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array((Math.max(needed, Math.min(this.bytes.length * 2, LARGEST), this.#least) + 7) & ~7);
    grown.set(this.bytes.subarray(0, this.length));
    this.#place(grown);
  }

  #place(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.words = wordsOf(bytes);
  }
}

const SMALLEST = 4096;
const MOST_AT_ONCE = 64 << 10;
/** Keeps every index a 32-bit integer. */
const LARGEST = 1 << 30;
