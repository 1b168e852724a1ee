import { UsageError } from "../codec/errors.ts";
import { TransportError } from "./errors.ts";
import type { SocketInfo } from "./socket-info.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/** How the two ends of {@link memoryPair} behave. Both directions behave alike. */
export interface MemoryPairOptions {
  /**
   * Bytes on their way in one direction before `write` takes less than it was offered. Default 65,536. `onDrain` comes when
   * half of it is free again.
   */
  readonly capacity?: number;
  /** Largest chunk that `onBytes` is given: 1 tries every split. Default: what is there, whole. */
  readonly chunkSize?: number;
  /** Largest number of bytes that one `write` takes, however much room there is. Default: no limit. */
  readonly writeSize?: number;
  /** Milliseconds from a write to its delivery. Default: none, the next microtask. */
  readonly delay?: number;
  /** What `secure` says. Default false. */
  readonly secure?: boolean;
}

/**
 * Two connected transports in memory: what one writes, the other is given, in order and later (never inside `write`). It obeys
 * the contract of {@link Transport} to the letter, so it stands in for a socket in tests, and joins two codecs in one process.
 *
 * `shutdown` is the other's `onEnd`; after both the pair closes. `terminate` drops what is on its way, closes this end with
 * `onClose(null)` before it returns, and the other with a `CONNECTION_RESET`.
 */
export function memoryPair(options: MemoryPairOptions = {}): [Transport, Transport] {
  const checked = {
    capacity: positive("capacity", options.capacity, 65_536),
    chunkSize: positive("chunkSize", options.chunkSize, Number.POSITIVE_INFINITY),
    writeSize: positive("writeSize", options.writeSize, Number.POSITIVE_INFINITY),
    delay: options.delay ?? 0,
    secure: options.secure ?? false,
  };
  const first = new MemoryTransport(checked);
  const second = new MemoryTransport(checked);
  first.join(second);
  second.join(first);
  return [first, second];
}

class MemoryTransport implements Transport {
  readonly secure: boolean;
  readonly #options: Required<MemoryPairOptions>;
  #peer: MemoryTransport | null = null;
  #handler: TransportHandler | null = null;
  /** Copies of what the peer wrote, oldest first. */
  #incoming: Uint8Array[] = [];
  /** Bytes in `#incoming`: at most `capacity`. */
  #incomingLength = 0;
  /** A write of the peer's was cut short: it is owed `onDrain`. */
  #owesDrain = false;
  #paused = false;
  #shut = false;
  /** The peer's FIN is behind the bytes in `#incoming`. */
  #finArrived = false;
  #endTold = false;
  #closed = false;
  #closeTold = false;
  #closeError: Error | null = null;
  #scheduled = false;
  #delivering = false;

  constructor(options: Required<MemoryPairOptions>) {
    this.#options = options;
    this.secure = options.secure;
  }

  join(peer: MemoryTransport): void {
    this.#peer = peer;
  }

  attach(handler: TransportHandler): void {
    this.#handler = handler;
    this.#delivering = false;
    // What waits only for its turn on the microtask queue has not arrived yet.
    if (!this.#scheduled) this.#deliver();
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    const peer = this.#peer;
    if (this.#closed || this.#shut || peer === null) return -1;
    const taken = Math.min(length, this.#options.writeSize, this.#options.capacity - peer.#incomingLength);
    if (taken < length) peer.#owesDrain = true;
    if (taken > 0) {
      peer.#incoming.push(bytes.slice(offset, offset + taken));
      peer.#incomingLength += taken;
    }
    // With `writeSize` there may be room at once.
    peer.#schedule();
    return taken;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  shutdown(): void {
    if (this.#closed || this.#shut) return;
    this.#shut = true;
    const peer = this.#peer;
    if (peer === null) return;
    peer.#finArrived = true;
    peer.#schedule();
    this.#schedule();
  }

  terminate(): void {
    if (this.#closed) return;
    this.#resetPeer();
    this.#close(null);
    this.#tellClose();
  }

  get closed(): boolean {
    return this.#closed;
  }

  socketInfo(): SocketInfo | null {
    return null;
  }

  #resetPeer(): void {
    const peer = this.#peer;
    if (peer === null || peer.#closed) return;
    peer.#close(new TransportError("CONNECTION_RESET", "Cannot go on: the peer terminated the connection"));
    peer.#schedule();
  }

  #close(error: Error | null): void {
    this.#closed = true;
    this.#closeError = error;
    this.#incoming = [];
    this.#incomingLength = 0;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const run = (): void => {
      this.#scheduled = false;
      this.#deliver();
    };
    if (this.#options.delay > 0) setTimeout(run, this.#options.delay);
    else queueMicrotask(run);
  }

  /** Bytes, room, FIN, close: in this order, as far as the receiver lets it. */
  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      this.#deliverBytes();
      if (!this.#delivering) return;
      this.#tellDrain();
      const handler = this.#handler;
      if (
        handler !== null &&
        this.#finArrived &&
        !this.#endTold &&
        !this.#paused &&
        !this.#closed &&
        this.#incomingLength === 0
      ) {
        this.#endTold = true;
        handler.onEnd();
      }
      if (this.#endTold && this.#shut && !this.#closed) this.#close(null);
      this.#tellClose();
    } catch (error) {
      this.#threw(error);
    } finally {
      this.#delivering = false;
    }
  }

  #threw(error: unknown): void {
    if (this.#closed) {
      console.error(error);
      return;
    }
    this.#resetPeer();
    this.#close(new TransportError("CONNECTION_HANDLER_THREW", "Cannot go on: a handler threw", error));
    this.#schedule();
  }

  #deliverBytes(): void {
    while (this.#handler !== null && !this.#paused) {
      const chunk = this.#incoming[0];
      // A handler that attached another took over: the inner call goes on from here.
      if (chunk === undefined || !this.#delivering) return;
      const piece = chunk.length > this.#options.chunkSize ? chunk.slice(0, this.#options.chunkSize) : chunk;
      if (piece === chunk) this.#incoming.shift();
      else this.#incoming[0] = chunk.subarray(piece.length);
      this.#incomingLength -= piece.length;
      this.#handler.onBytes(piece);
    }
  }

  #tellDrain(): void {
    const peer = this.#peer;
    if (!this.#owesDrain || peer === null || this.#incomingLength > this.#options.capacity / 2) return;
    this.#owesDrain = false;
    if (!peer.#closed) peer.#handler?.onDrain();
  }

  #tellClose(): void {
    const handler = this.#handler;
    if (!this.#closed || this.#closeTold || handler === null) return;
    this.#closeTold = true;
    try {
      handler.onClose(this.#closeError);
    } catch (error) {
      this.#threw(error);
    }
  }
}

function positive(name: string, value: number | undefined, standard: number): number {
  if (value === undefined) return standard;
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(
    "MEMORY_PAIR_BAD_OPTION",
    `Cannot make a memory pair: ${name} is ${value} where it must be an integer over 0`,
  );
}
