/** The last bytes that a stream of messages inflated to: the window that the next message may refer back to. */
export class DeflateHistory {
  readonly #size: number;
  #bytes: Uint8Array = NOTHING;
  /** Where the next byte goes, the oldest one's place once all of it is filled. */
  #next = 0;
  #filled = false;

  /** `size` is a power of two. */
  constructor(size: number) {
    this.#size = size;
  }

  /** Takes `from[start, end)`, of which only the last `size` bytes matter. */
  append(from: Uint8Array, start: number, end: number): void {
    const size = this.#size;
    if (this.#bytes.length === 0) this.#bytes = new Uint8Array(size);
    const first = Math.max(start, end - size);
    const room = Math.min(end - first, size - this.#next);
    this.#bytes.set(from.subarray(first, first + room), this.#next);
    if (first + room < end) this.#bytes.set(from.subarray(first + room, end), 0);
    this.#filled ||= this.#next + (end - first) >= size;
    this.#next = (this.#next + (end - first)) & (size - 1);
  }

  /** A copy of the window as it is after `from[0, length)` has followed. */
  windowAfter(from: Uint8Array, length: number): Uint8Array {
    const size = this.#size;
    if (length >= size) return from.slice(length - size, length);
    const kept = this.#filled ? [this.#bytes.subarray(this.#next), this.#bytes.subarray(0, this.#next)] : [];
    if (!this.#filled) kept.push(this.#bytes.subarray(0, this.#next));
    const all = new Uint8Array((this.#filled ? size : this.#next) + length);
    let pos = 0;
    for (const part of [...kept, from.subarray(0, length)]) {
      all.set(part, pos);
      pos += part.length;
    }
    return all.subarray(Math.max(0, all.length - size));
  }

  clear(): void {
    this.#next = 0;
    this.#filled = false;
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);
