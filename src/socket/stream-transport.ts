import { UsageError } from "../codec/errors.ts";
import { TransportError } from "./errors.ts";
import type { SocketInfo } from "./socket-info.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/** A byte stream in both directions, as the Streams standard has it. */
export interface StreamPair {
  /** What arrives. Its chunks become the receiver's. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What is sent. It is given copies. */
  readonly writable: WritableStream<Uint8Array>;
}

/** How a {@link streamTransport} is taken. */
export interface StreamTransportOptions {
  /** The streams run over TLS, or over something that is as good: `wss:` and `https:` may be spoken over them. Default false. */
  readonly secure?: boolean;
}

/**
 * A transport over a pair of web streams: whatever carries bytes in order can carry a connection. Both streams are locked from here on.
 * Back-pressure reaches them: while the receiver is paused nothing is read, and nothing is written once `desiredSize` is used up.
 *
 * `shutdown` closes the writable; `terminate` cancels the readable and aborts the writable. A stream that fails, or a chunk that is not a
 * `Uint8Array`, ends the transport with `CONNECTION_LOST`.
 */
export function streamTransport(pair: StreamPair, options: StreamTransportOptions = {}): Transport {
  if (pair.readable.locked || pair.writable.locked) {
    const which = pair.readable.locked ? "readable" : "writable";
    throw new UsageError("STREAM_LOCKED", `Cannot take streams: the ${which} is locked`);
  }
  return new StreamTransport(pair, options.secure ?? false);
}

class StreamTransport implements Transport {
  readonly secure: boolean;
  readonly #reader: ByteReader;
  readonly #writer: ByteWriter;
  #handler: TransportHandler | null = null;
  /** A chunk was asked for and has not come. */
  #reading = false;
  #paused = false;
  /** A write was cut short: it is owed `onDrain`. */
  #owesDrain = false;
  #shut = false;
  #writableClosed = false;
  #ended = false;
  #closed = false;
  #closeTold = false;
  #closeError: Error | null = null;

  constructor(pair: StreamPair, secure: boolean) {
    this.secure = secure;
    this.#reader = pair.readable.getReader();
    this.#writer = pair.writable.getWriter();
    // A writable that fails, or that is closed below, is known here at once.
    this.#writer.closed.then(
      () => this.#sent(),
      (error: unknown) => this.#fail(error),
    );
  }

  attach(handler: TransportHandler): void {
    this.#handler = handler;
    if (this.#closed) this.#tellClose();
    else void this.#read();
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    if (this.#closed || this.#shut) return -1;
    if ((this.#writer.desiredSize ?? 0) <= 0) {
      if (length > 0) this.#awaitRoom();
      return 0;
    }
    // What fails is told by `closed`.
    if (length > 0) this.#writer.write(bytes.slice(offset, offset + length)).catch(ignore);
    return length;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    void this.#read();
  }

  shutdown(): void {
    if (this.#closed || this.#shut) return;
    this.#shut = true;
    this.#writer.close().catch(ignore);
  }

  terminate(): void {
    if (!this.#closed) this.#close(null);
  }

  get closed(): boolean {
    return this.#closed;
  }

  socketInfo(): SocketInfo | null {
    return null;
  }

  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    while (!this.#paused && !this.#ended && !this.#closed) {
      let result: ReadResult;
      try {
        result = await this.#reader.read();
      } catch (error) {
        this.#fail(error);
        break;
      }
      this.#arrived(result);
    }
    this.#reading = false;
  }

  #arrived({ done, value }: ReadResult): void {
    if (this.#closed) return;
    try {
      if (done) this.#end();
      else if (!(value instanceof Uint8Array)) this.#fail(new TypeError("a chunk is not a Uint8Array"));
      else if (value.length > 0) this.#handler?.onBytes(value);
    } catch (error) {
      this.#threw(error);
    }
  }

  #end(): void {
    this.#ended = true;
    this.#handler?.onEnd();
    this.#closeOnceBothEnded();
  }

  /** The writable is closed: by us, or by whoever holds its other side. */
  #sent(): void {
    this.#shut = true;
    this.#writableClosed = true;
    this.#closeOnceBothEnded();
  }

  #closeOnceBothEnded(): void {
    if (!this.#ended || !this.#writableClosed || this.#closed) return;
    this.#closed = true;
    this.#tellClose();
  }

  #awaitRoom(): void {
    if (this.#owesDrain) return;
    this.#owesDrain = true;
    this.#writer.ready.then(() => {
      this.#owesDrain = false;
      if (this.#closed) return;
      try {
        this.#handler?.onDrain();
      } catch (error) {
        this.#threw(error);
      }
    }, ignore);
  }

  #threw(error: unknown): void {
    if (this.#closed) console.error(error);
    else this.#close(new TransportError("CONNECTION_HANDLER_THREW", "Cannot go on: a handler threw", error));
  }

  #fail(error: unknown): void {
    if (!this.#closed) this.#close(new TransportError("CONNECTION_LOST", "Cannot go on: a stream below failed", error));
  }

  #close(error: Error | null): void {
    this.#closed = true;
    this.#closeError = error;
    const reason = error ?? new TransportError("CONNECTION_RESET", "Cannot go on: the connection was terminated");
    this.#reader.cancel(reason).catch(ignore);
    this.#writer.abort(reason).catch(ignore);
    this.#tellClose();
  }

  #tellClose(): void {
    if (this.#closeTold || this.#handler === null) return;
    this.#closeTold = true;
    try {
      this.#handler.onClose(this.#closeError);
    } catch (error) {
      console.error(error);
    }
  }
}

/** What is used of the standard's reader and writer. */
interface ByteReader {
  read(): Promise<ReadResult>;
  cancel(reason: unknown): Promise<void>;
}

interface ReadResult {
  readonly done: boolean;
  readonly value?: Uint8Array | undefined;
}

interface ByteWriter {
  readonly closed: Promise<unknown>;
  readonly ready: Promise<unknown>;
  readonly desiredSize: number | null;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  abort(reason: unknown): Promise<void>;
}

function ignore(): void {}
