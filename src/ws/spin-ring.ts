import { UsageError } from "../codec/errors.ts";

/**
 * Records from one thread to another, in order, through memory that both share: one writes, one reads. A record is its length and its kind,
 * 32 bits each, and its bytes, at a multiple of 8; one that would reach over the end begins at the start.
 *
 * Positions count bytes since the beginning, modulo 2^32, of which the capacity is a divisor.
 */
export class SpinRing {
  /** What both sides need to open it. */
  readonly memory: SharedArrayBuffer;
  readonly bytes: Uint8Array;
  /** Of the record that {@link take} found: `bytes[start, end)`. */
  kind = 0;
  start = 0;
  end = 0;
  readonly #words: Int32Array;
  readonly #control: Int32Array;
  readonly #capacity: number;
  /** The writer's: the end of what was written, and of what the reader was told of. */
  #written = 0;
  #told = 0;
  /** The reader's: its position, where the next record begins, and the end of what it knows of. */
  #read = 0;
  #next = 0;
  #known = 0;

  /** `memory` of {@link SpinRing.allocate}. */
  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#capacity = memory.byteLength - CONTROL_SIZE;
    this.#control = new Int32Array(memory, 0, CONTROL_SIZE / 4);
    this.#words = new Int32Array(memory, CONTROL_SIZE);
    this.bytes = new Uint8Array(memory, CONTROL_SIZE);
    this.#written = Atomics.load(this.#control, WRITTEN);
    this.#told = this.#written;
    this.#read = Atomics.load(this.#control, READ);
    this.#next = this.#read;
    this.#known = this.#read;
  }

  /** Memory for `capacity` bytes of records, a power of two from 64 to 2^30. @throws UsageError (`OPTION_OUT_OF_RANGE`) */
  static allocate(capacity: number): SharedArrayBuffer {
    if (capacity >= 64 && capacity <= 1 << 30 && (capacity & (capacity - 1)) === 0) {
      return new SharedArrayBuffer(CONTROL_SIZE + capacity);
    }
    throw new UsageError(
      "OPTION_OUT_OF_RANGE",
      `Cannot make ring: its capacity is ${capacity}, not a power of two from 64 to ${1 << 30}`,
    );
  }

  /** Most bytes that one record can have, wherever the ring stands. */
  get most(): number {
    return this.#capacity / 2 - HEADER;
  }

  /** Writes a record; false where there is no room now. The reader is told with {@link flush}. */
  push(kind: number, source: Uint8Array, start: number, end: number): boolean {
    const capacity = this.#capacity;
    const length = end - start;
    const size = HEADER + ((length + 7) & ~7);
    let position = this.#written;
    let at = position & (capacity - 1);
    const skipped = size > capacity - at ? capacity - at : 0;
    if (((position - Atomics.load(this.#control, READ)) >>> 0) + skipped + size > capacity) return false;
    if (skipped > 0) {
      this.#words[at >> 2] = SKIP;
      position += skipped;
      at = 0;
    }
    this.#words[at >> 2] = length;
    this.#words[(at >> 2) + 1] = kind;
    const to = at + HEADER;
    if (length > LONG) this.bytes.set(source.subarray(start, end), to);
    else for (let index = 0; index < length; index++) this.bytes[to + index] = source[start + index] ?? 0;
    this.#written = (position + size) | 0;
    return true;
  }

  /** Tells the reader of all that was written, and wakes it where it sleeps: once for a batch. */
  flush(): void {
    if (this.#told === this.#written) return;
    this.#told = this.#written;
    Atomics.store(this.#control, WRITTEN, this.#written);
    if (Atomics.exchange(this.#control, READER_SLEEPS, 0) === 1) Atomics.notify(this.#control, WRITTEN);
  }

  /** Sleeps, at most `timeout` milliseconds, until the reader has made room. Not in a main thread. */
  awaitRoom(timeout: number): void {
    const read = Atomics.load(this.#control, READ);
    Atomics.store(this.#control, WRITER_SLEEPS, 1);
    Atomics.wait(this.#control, READ, read, timeout);
  }

  /** The next record, after which the one before may be written over; false where there is none now. */
  take(): boolean {
    this.#read = this.#next;
    if (this.#read === this.#known) {
      this.release();
      this.#known = Atomics.load(this.#control, WRITTEN);
      if (this.#read === this.#known) return false;
    } else if ((this.#read - (this.#control[READ] ?? 0)) >>> 0 > this.#capacity >> 2) this.release();
    const capacity = this.#capacity;
    let at = this.#read & (capacity - 1);
    if (this.#words[at >> 2] === SKIP) {
      this.#read = (this.#read + capacity - at) | 0;
      at = 0;
    }
    const length = this.#words[at >> 2] ?? 0;
    this.kind = this.#words[(at >> 2) + 1] ?? 0;
    this.start = at + HEADER;
    this.end = this.start + length;
    this.#next = (this.#read + HEADER + ((length + 7) & ~7)) | 0;
    return true;
  }

  /** Resolves when there may be another record, at once where there is. */
  async more(): Promise<void> {
    Atomics.store(this.#control, READER_SLEEPS, 1);
    const { async: sleeps, value } = Atomics.waitAsync(this.#control, WRITTEN, this.#known);
    if (sleeps) await value;
  }

  /** A number beside the records, which either side sets: the writer's descriptor. */
  get mark(): number {
    return Atomics.load(this.#control, MARK);
  }

  set mark(value: number) {
    Atomics.store(this.#control, MARK, value);
  }

  /** Wakes the reader though nothing was written. */
  wake(): void {
    Atomics.notify(this.#control, WRITTEN);
  }

  /** Gives the writer the room of what was read. */
  private release(): void {
    Atomics.store(this.#control, READ, this.#read);
    if (Atomics.exchange(this.#control, WRITER_SLEEPS, 0) === 1) Atomics.notify(this.#control, READ);
  }
}

/** Positions on cache lines of their own. */
const READ = 0;
const WRITTEN = 16;
const READER_SLEEPS = 32;
const WRITER_SLEEPS = 33;
const MARK = 34;
const CONTROL_SIZE = 192;
const HEADER = 8;
const SKIP = -1;
/** Bytes up to which a loop copies faster than a view is made. */
const LONG = 64;
