import { UsageError } from "./errors.ts";

/**
 * The memory under a {@link ByteRing}.
 *
 * Mirrored memory is `capacity` bytes mapped twice, back to back: `bytes[i]` and `bytes[i + capacity]` are one byte, so what
 * wraps is contiguous to a reader. Plain memory is `capacity` bytes once.
 */
export interface RingMemory {
  /** `2 * capacity` bytes where `mirrored`, else `capacity`; starts at a multiple of 8 in its buffer, which may be shared between threads. */
  readonly bytes: Uint8Array;
  /** Bytes that the ring can hold at once; a multiple of 8. */
  readonly capacity: number;
  readonly mirrored: boolean;
  /** Gives the pages back. Views that are still held stay readable; their content is lost. */
  release(): void;
}

/**
 * A fixed-capacity byte queue with one writer and one reader.
 *
 * ```text
 *              head                tail
 *               v                   v
 *   |-----------|###################|---------------|      plain: capacity bytes; what is left is moved to the
 *   0                                               capacity     front when the end is reached
 *
 *   |###|-------------------|#######|###|-------------------|#######|      mirrored: the second half is the first;
 *   0  tail - capacity    head      capacity  tail                2 * capacity      nothing is ever moved
 * ```
 *
 * The fields are public for the readers of this layer, which hold them in locals while they parse.
 */
export class ByteRing {
  readonly bytes: Uint8Array;
  readonly capacity: number;
  readonly mirrored: boolean;
  /** First byte still needed: `0 <= head <= tail`, and `head < capacity` after {@link settle}. */
  head = 0;
  /** One past the last byte: `head <= tail <= head + capacity` (mirrored), `tail <= capacity` (plain). */
  tail = 0;
  /** By how much indexes have shrunk so far: `index + origin` names a byte for good. */
  origin = 0;
  readonly #memory: RingMemory;

  constructor(memory: RingMemory) {
    this.#memory = memory;
    this.bytes = memory.bytes;
    this.capacity = memory.capacity;
    this.mirrored = memory.mirrored;
  }

  /** Bytes held. */
  get length(): number {
    return this.tail - this.head;
  }

  /** Bytes that can be written before something is consumed. */
  get free(): number {
    return this.capacity - (this.tail - this.head);
  }

  /**
   * Brings the indexes back into the first half (mirrored), or what is held to the front (plain, only where `mayMove`: a
   * borrowed message pins its bytes). Returns by how much every index into the ring has shrunk.
   */
  settle(mayMove: boolean): number {
    const head = this.head;
    if (this.mirrored) {
      if (head < this.capacity) return 0;
      this.head = head - this.capacity;
      this.tail -= this.capacity;
      this.origin += this.capacity;
      return this.capacity;
    }
    if (head === 0 || !mayMove) return 0;
    if (head !== this.tail) this.bytes.copyWithin(0, head, this.tail);
    this.head = 0;
    this.tail -= head;
    this.origin += head;
    return head;
  }

  /** Copies as much of `chunk` from `offset` on as fits behind the tail; returns how many bytes that were. */
  write(chunk: Uint8Array, offset = 0): number {
    const room = this.mirrored ? this.free : this.capacity - this.tail;
    const rest = chunk.length - offset;
    const taken = rest < room ? rest : room;
    if (taken <= 0) return 0;
    const whole = offset === 0 && taken === chunk.length;
    this.bytes.set(whole ? chunk : chunk.subarray(offset, offset + taken), this.tail);
    this.tail += taken;
    return taken;
  }

  /** The contiguous room behind the tail, to be filled in place; then say how much with {@link filled}. */
  spare(): Uint8Array {
    const room = this.mirrored ? this.free : this.capacity - this.tail;
    return this.bytes.subarray(this.tail, this.tail + room);
  }

  /** Takes `count` bytes that were put into {@link spare}. */
  filled(count: number): void {
    this.tail += count;
  }

  /** Gives up the first `count` bytes. */
  consume(count: number): void {
    this.head += count;
  }

  /** What is held, as one contiguous view; valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(this.head, this.tail);
  }

  clear(): void {
    this.origin += this.tail;
    this.head = 0;
    this.tail = 0;
  }

  /** Gives the memory back; the ring is empty and must not be written again. */
  release(): void {
    this.clear();
    this.#memory.release();
  }
}

/**
 * Memory on the heap, `capacity` bytes rounded up to a multiple of 8; the fallback where nothing can be mapped twice. Throws UsageError
 * (`OPTION_OUT_OF_RANGE`) for anything but 0 to 2^30.
 */
export function plainMemory(capacity: number): RingMemory {
  const rounded = ringCapacity(capacity);
  return { bytes: new Uint8Array(rounded), capacity: rounded, mirrored: false, release: nothing };
}

/**
 * The same over memory that is handed in, of a `SharedArrayBuffer` perhaps: as many of `bytes` as make a multiple of 8. They must start at
 * a multiple of 8 in their buffer, and be 8 to 2^30. Throws UsageError (`OPTION_OUT_OF_RANGE`).
 */
export function memoryOver(bytes: Uint8Array): RingMemory {
  if (bytes.byteOffset % 8 !== 0 || bytes.length < 8 || bytes.length > LARGEST) {
    throw new UsageError(
      "OPTION_OUT_OF_RANGE",
      `Cannot use memory: it is ${bytes.length} bytes at offset ${bytes.byteOffset}, not 8 to ${LARGEST} at a multiple of 8`,
    );
  }
  const capacity = bytes.length & ~7;
  const whole = capacity === bytes.length ? bytes : bytes.subarray(0, capacity);
  return { bytes: whole, capacity, mirrored: false, release: nothing };
}

/** What plain memory of `capacity` bytes comes to. Throws as {@link plainMemory} does. */
export function ringCapacity(capacity: number): number {
  if (!(capacity >= 0 && capacity <= LARGEST)) {
    throw new UsageError(
      "OPTION_OUT_OF_RANGE",
      `Cannot take memory for a ring: capacity is ${capacity}, not 0 to ${LARGEST}`,
    );
  }
  return Math.max(8, Math.ceil(capacity / 8) * 8);
}

/** Heap memory goes with its last reference. */
function nothing(): void {}

/** Keeps every index a 32-bit integer, in the second half of a mirror too. */
const LARGEST = 1 << 30;
