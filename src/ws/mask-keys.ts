import type { MaskKeys } from "../codec/ws/mask.ts";

/** Masking keys from the system's CSPRNG, drawn in blocks of 4 KiB (RFC 6455 section 10.3). */
class RandomMaskKeys implements MaskKeys {
  readonly #block: Int32Array = new Int32Array(1024);
  #next: number = this.#block.length;

  next(): number {
    if (this.#next === this.#block.length) {
      crypto.getRandomValues(this.#block);
      this.#next = 0;
    }
    return this.#block[this.#next++] ?? 0;
  }
}

/** One source for all connections of the process: a key is used once, whoever uses it. */
export const maskKeys: MaskKeys = new RandomMaskKeys();
