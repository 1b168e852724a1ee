import { WriteBuffer } from "../codec/write-buffer.ts";
import type { Transport } from "../socket/transport.ts";

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
  readonly #transport: Transport;
  readonly #source: BodySource;
  readonly #length: number | null;
  readonly #onFault: (cause: unknown) => void;
  readonly #buffer: WriteBuffer = new WriteBuffer(CAPACITY);
  #running = false;
  #stopped = false;
  #wake: () => void = ignore;

  /** `length` is what `Content-Length` states, null for chunks. */
  constructor(transport: Transport, source: BodySource, length: number | null, onFault: (cause: unknown) => void) {
    this.#transport = transport;
    this.#source = source;
    this.#length = length;
    this.#onFault = onFault;
  }

  /** The head is out, or there is room again. */
  pump(): void {
    if (this.#running) {
      this.#offer();
      return;
    }
    this.#running = true;
    this.#run().catch((cause: unknown) => {
      if (!this.#stopped) this.#onFault(cause);
    });
  }

  /** Sends no more; the source is told by its iterator's `return`. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    const length = this.#length;
    let given = 0;
    for await (const piece of this.#source) {
      if (this.#stopped) return;
      const bytes = typeof piece === "string" ? encoder.encode(piece) : piece;
      given += bytes.length;
      if (length !== null && given > length) throw wrongLength(given, length);
      if (bytes.length > 0) await this.#send(bytes);
      if (this.#stopped) return;
    }
    if (length !== null && given !== length) throw wrongLength(given, length);
    if (length === null) this.#buffer.append(LAST_CHUNK);
    await this.#flush();
    this.done = !this.#stopped;
  }

  #send(bytes: Uint8Array): Promise<void> {
    if (this.#length === null) this.#buffer.append(encoder.encode(`${bytes.length.toString(16)}\r\n`));
    this.#buffer.append(bytes);
    if (this.#length === null) this.#buffer.append(CRLF);
    return this.#flush();
  }

  /** Resolves once the kernel has taken all that waits. */
  #flush(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#offer();
    return promise;
  }

  #offer(): void {
    const buffer = this.#buffer;
    if (buffer.length > 0) {
      const taken = this.#transport.write(buffer.bytes, buffer.head, buffer.length);
      if (taken > 0) {
        buffer.consume(taken);
        this.sent += taken;
      }
    }
    if (buffer.length === 0) this.#wake();
  }
}

function wrongLength(given: number, length: number): RangeError {
  return new RangeError(`the body has ${given} bytes where Content-Length says ${length}`);
}

function ignore(): void {}

const CAPACITY = 16 << 10;
const encoder: TextEncoder = new TextEncoder();
const CRLF: Uint8Array = encoder.encode("\r\n");
const LAST_CHUNK: Uint8Array = encoder.encode("0\r\n\r\n");
