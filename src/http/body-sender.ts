import { ChunkWriter } from "../codec/http/chunk-writer.ts";
import { WriteBuffer } from "../codec/write-buffer.ts";
import type { Outlet } from "./outlet.ts";

/** A body that is sent while it is made: pieces in order, text as UTF-8. */
export type BodySource = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;

/**
 * Sends the body behind a request's head: as it is where its length was stated, else in chunks (RFC 9112 section 7.1). The next piece is
 * asked for once the kernel has taken the last one.
 */
export class BodySender {
  /** Bytes that the kernel took, with the chunks' framing. */
  sent = 0;
  /** All of the body is with the kernel. */
  done = false;
  readonly #outlet: Outlet;
  readonly #source: BodySource;
  readonly #length: number | null;
  readonly #onFault: (cause: unknown) => void;
  readonly #buffer: WriteBuffer = new WriteBuffer(CAPACITY);
  /** Bytes of data that the source gave. */
  #given = 0;
  /** Null before the first piece is asked for, and once the source has come to its end. */
  #iterator: Pieces | null = null;
  #running = false;
  #stopped = false;
  #wake: () => void = ignore;

  /** `length` is what `Content-Length` states, null for chunks. */
  constructor(outlet: Outlet, source: BodySource, length: number | null, onFault: (cause: unknown) => void) {
    this.#outlet = outlet;
    this.#source = source;
    this.#length = length;
    this.#onFault = onFault;
  }

  /** The head is out, or there is room again. */
  pump(): void {
    if (this.#stopped) return;
    if (this.#running) {
      this.#offer();
      return;
    }
    this.#running = true;
    this.#run().catch((cause: unknown) => {
      if (!this.#stopped) this.#onFault(cause);
    });
  }

  /** Sends no more; a source that has not come to its end is told by its iterator's `return`, at once. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#wake();
    if (this.#iterator !== null) dismiss(this.#iterator);
  }

  async #run(): Promise<void> {
    const length = this.#length;
    this.done = length === 0;
    this.#iterator = iteratorOf(this.#source);
    for (let piece = await this.#next(); piece !== null; piece = await this.#next()) {
      if (this.#stopped) return;
      this.#write(piece);
      await this.#flush();
      if (this.#stopped) return;
      this.done = this.#given === length;
    }
    if (this.#stopped) return;
    if (length === null) {
      CHUNKS.last(this.#buffer);
      await this.#flush();
    } else if (this.#given !== length) throw wrongLength(this.#given, length);
    this.done = true;
  }

  async #next(): Promise<Uint8Array | string | null> {
    const iterator = this.#iterator;
    if (iterator === null) return null;
    let ended = true;
    try {
      const step = await iterator.next();
      ended = step.done === true;
      return ended ? null : step.value;
    } finally {
      if (ended) this.#iterator = null;
    }
  }

  #write(piece: Uint8Array | string): void {
    const bytes = typeof piece === "string" ? encoder.encode(piece) : piece;
    if (!(bytes instanceof Uint8Array)) {
      throw new TypeError(`a piece of the body is neither text nor a Uint8Array, but ${typeof bytes}`);
    }
    this.#given += bytes.length;
    if (this.#length === null) CHUNKS.chunk(this.#buffer, bytes);
    else if (this.#given <= this.#length) this.#buffer.append(bytes);
    else throw wrongLength(this.#given, this.#length);
  }

  /** Resolves once the kernel has taken all that waits, or none of it matters any more. */
  #flush(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#offer();
    return promise;
  }

  #offer(): void {
    const buffer = this.#buffer;
    if (buffer.length > 0) {
      const taken = this.#outlet.write(buffer.bytes, buffer.head, buffer.length);
      buffer.consume(taken);
      this.sent += taken;
    }
    if (buffer.length === 0) this.#wake();
  }
}

type Pieces = AsyncIterator<Uint8Array | string> | Iterator<Uint8Array | string>;

function iteratorOf(source: BodySource): Pieces {
  // Text is iterable as well: by its characters, each of which would be a chunk.
  if (typeof source === "string") return [source].values();
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** Nobody waits for what it says: the request is over. */
function dismiss(iterator: Pieces): void {
  Promise.try(() => iterator.return?.()).catch(ignore);
}

function wrongLength(given: number, length: number): RangeError {
  return new RangeError(`the body has ${given} bytes where Content-Length says ${length}`);
}

function ignore(): void {}

const CAPACITY = 16 << 10;
const CHUNKS: ChunkWriter = new ChunkWriter();
const encoder: TextEncoder = new TextEncoder();
