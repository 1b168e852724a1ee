/**
 * Where a message is put together that cannot be lent out of the ring: one in fragments, or one larger than the ring.
 * It grows with what arrives, never with what a header announces.
 */
export class Assembly {
  bytes: Uint8Array = new Uint8Array(0);
  /** 0 <= length <= bytes.length */
  length = 0;
  readonly #kept: number;

  /** `kept` is how many bytes may stay allocated between messages. */
  constructor(kept: number) {
    this.#kept = kept;
  }

  append(from: Uint8Array, start: number, end: number): void {
    const needed = this.length + (end - start);
    if (needed > this.bytes.length) this.#grow(needed);
    this.bytes.set(from.subarray(start, end), this.length);
    this.length = needed;
  }

  clear(): void {
    this.length = 0;
    if (this.bytes.length > this.#kept) this.bytes = new Uint8Array(0);
  }

  #grow(needed: number): void {
    const grown = new Uint8Array((Math.max(needed, this.bytes.length * 2, SMALLEST) + 7) & ~7);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}

const SMALLEST = 4096;
