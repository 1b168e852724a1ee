import type { ByteRing } from "../byte-ring.ts";
import type { ReceiptOf } from "./message.ts";

/** The reader whose ring is stamped. */
interface StampedReader {
  readonly ring: ByteRing;
  /** Bytes at the end of the ring that are not part of a message yet. */
  readonly unread: number;
}

/**
 * When the bytes of a ring came: a place in the stream and a time for each read, so that nothing is done for a message before it is asked.
 *
 * ```text
 *   ring:   | read 1       | read 2   | read 3            |
 *   places:                ^ 1        ^ 2                 ^ 3
 *   the message lent out ends here: ^    so it came with read 2
 * ```
 *
 * Places are held while a message can end before them: in a program that reads on, one or two; else 16 bytes for each read that is in the ring.
 */
export class ReceiveStamps implements ReceiptOf {
  /** Who knows when the kernel had what was read last. Only for who takes all the messages of a read before the next one. */
  kernel: { readonly receivedAt: bigint | null } | null = null;
  readonly #reader: StampedReader;
  /** Places, ascending, of which those at `[#first, #next)` count; a circle, whose length is a power of two. */
  #places: Float64Array = new Float64Array(LEAST);
  #times: Float64Array = new Float64Array(LEAST);
  #first = 0;
  #next = 0;

  /** @internal */
  constructor(reader: StampedReader) {
    this.#reader = reader;
  }

  /** What the ring holds behind the last place came at `time`. */
  add(time: number): void {
    const { ring, unread } = this.#reader;
    const place = ring.origin + ring.tail;
    this.#forget(place - unread);
    const mask = this.#places.length - 1;
    if (this.#first !== this.#next && this.#places[(this.#next - 1) & mask] === place) return;
    this.#places[this.#next] = place;
    this.#times[this.#next] = time;
    this.#next = (this.#next + 1) & mask;
    if (this.#next === this.#first) this.#grow();
  }

  /** Of the message lent out, or of the one before what is not read yet. */
  get receivedAt(): number {
    const { ring, unread } = this.#reader;
    this.#forget(ring.origin + ring.tail - unread);
    return this.#first === this.#next ? Number.NaN : this.#times[this.#first]!;
  }

  get kernelReceivedAt(): bigint | null {
    return this.kernel === null ? null : this.kernel.receivedAt;
  }

  /** Messages end at `place` or behind it from here on. */
  #forget(place: number): void {
    const mask = this.#places.length - 1;
    while (this.#first !== this.#next && this.#places[this.#first]! < place) this.#first = (this.#first + 1) & mask;
  }

  /** The circle is full: each of its halves, which meet at `#first`, is laid out in order in twice the room. */
  #grow(): void {
    const { length } = this.#places;
    this.#places = unrolled(this.#places, this.#first);
    this.#times = unrolled(this.#times, this.#first);
    this.#first = 0;
    this.#next = length;
  }
}

function unrolled(circle: Float64Array, first: number): Float64Array {
  const wider = new Float64Array(2 * circle.length);
  wider.set(circle.subarray(first));
  wider.set(circle.subarray(0, first), circle.length - first);
  return wider;
}

/** Reads whose places find room without growing. */
const LEAST = 16;
