import { wordsOf } from "./ascii.ts";
import { UsageError } from "./errors.ts";

/**
 * Bytes on their way out: encoders append at the tail, the transport takes from the head.
 *
 * ```text
 *   |--- taken ---|### waiting ###|--- room ---|
 *   0           head            tail       bytes.length
 * ```
 *
 * It starts at `capacity` and grows when what waits needs more, so nothing is ever dropped, up to 2^30 bytes; beyond them it throws
 * `WRITE_TOO_LARGE` and keeps what waits. Once everything was taken it is `capacity` again. {@link bytes} changes when it grows: read it after {@link reserve}.
 */
export class WriteBuffer {
  bytes: Uint8Array;
  /** {@link bytes} in 32-bit words, for masking. */
  words: Int32Array;
  /** 0 <= head <= tail; 0 whenever nothing waits. */
  head = 0;
  /** head <= tail <= bytes.length */
  tail = 0;
  readonly capacity: number;
  #store: Uint8Array;
  #storeWords: Int32Array;

  /** `capacity` in bytes, 0 to 2^30, rounded up to a multiple of 8. `lazily`: the memory is made with the first bytes, {@link bytes} is empty until then. */
  constructor(capacity: number, lazily = false) {
    if (!(capacity >= 0 && capacity <= LARGEST)) {
      throw new UsageError(
        "OPTION_OUT_OF_RANGE",
        `Cannot create write buffer: capacity is ${capacity}, not 0 to ${LARGEST}`,
      );
    }
    this.capacity = Math.max(8, (capacity + 7) & ~7);
    this.#store = lazily ? NOTHING : new Uint8Array(this.capacity);
    this.#storeWords = wordsOf(this.#store);
    this.bytes = this.#store;
    this.words = this.#storeWords;
  }

  /** Bytes that wait. */
  get length(): number {
    return this.tail - this.head;
  }

  /** Makes room for `count` bytes and returns the index where they go: {@link tail}. */
  reserve(count: number): number {
    if (this.tail + count > this.bytes.length) this.#makeRoom(count);
    return this.tail;
  }

  /** Throws `WRITE_TOO_LARGE` where `count` bytes more could not wait: for what is appended in pieces that must not be left half done. */
  checkRoom(count: number): void {
    const needed = this.length + count;
    if (needed <= LARGEST) return;
    throw new UsageError("WRITE_TOO_LARGE", `Cannot write: ${needed} bytes would wait where ${LARGEST} are the most`);
  }

  /** Takes what was written from {@link tail} to `end`. */
  commit(end: number): void {
    this.tail = end;
  }

  /** Appends a copy of `source`. */
  append(source: Uint8Array): void {
    const start = this.reserve(source.length);
    this.bytes.set(source, start);
    this.tail = start + source.length;
  }

  /** Gives up the first `count` bytes: the transport took them. */
  consume(count: number): void {
    this.head += count;
    if (this.head === this.tail) this.clear();
  }

  /** Drops what waits. */
  clear(): void {
    this.head = 0;
    this.tail = 0;
    if (this.bytes !== this.#store) {
      this.bytes = this.#store;
      this.words = this.#storeWords;
    }
  }

  #makeRoom(count: number): void {
    if (this.#store.length === 0) {
      this.#store = new Uint8Array(this.capacity);
      this.#storeWords = wordsOf(this.#store);
      this.clear();
      if (count <= this.capacity) return;
    }
    const waiting = this.tail - this.head;
    const needed = waiting + count;
    this.checkRoom(count);
    // Moving up pays only where it frees at least half: otherwise a full buffer would be moved at every append.
    if (needed > this.bytes.length || this.head < this.bytes.length >> 1) {
      const size = (Math.max(needed, Math.min(this.bytes.length * 2, LARGEST)) + 7) & ~7;
      const grown = new Uint8Array(size);
      grown.set(this.bytes.subarray(this.head, this.tail));
      this.bytes = grown;
      this.words = wordsOf(grown);
    } else {
      this.bytes.copyWithin(0, this.head, this.tail);
    }
    this.head = 0;
    this.tail = waiting;
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);
/** Keeps every index a 32-bit integer. */
const LARGEST = 1 << 30;
