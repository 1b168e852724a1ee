import { TransportError } from "../socket/errors.ts";
import type { Transport, TransportHandler } from "../socket/transport.ts";

/**
 * The way out. What the transport tells from within a write, its end or even an answer, is handed on once the write has returned: before
 * that nobody knows how much of the request has left.
 */
export class Outlet {
  readonly #transport: Transport;
  #handler: TransportHandler | null = null;
  #writing = false;
  /** Runs from a write that was refused. */
  #refused: ReturnType<typeof setTimeout> | null = null;
  /** Calls that are put off; those that come meanwhile queue behind them. */
  #putOff = 0;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Names the receiver of what the transport tells. */
  attach(handler: TransportHandler): void {
    this.#handler = handler;
    this.#transport.attach({
      onBytes: (chunk) => {
        if (this.#isBusy) this.#later(() => handler.onBytes(chunk));
        else handler.onBytes(chunk);
      },
      onDrain: () => {
        if (this.#isBusy) this.#later(() => handler.onDrain());
        else handler.onDrain();
      },
      onEnd: () => {
        if (this.#isBusy) this.#later(() => handler.onEnd());
        else handler.onEnd();
      },
      onClose: (error) => {
        if (this.#isBusy) this.#later(() => handler.onClose(error));
        else handler.onClose(error);
      },
    });
  }

  /**
   * How many bytes the transport took. One that is closed takes none: that it has ended it tells by itself, and before that perhaps an
   * answer that it holds, as of a server which refuses the rest of a body.
   */
  write(bytes: Uint8Array, offset: number, length: number): number {
    this.#writing = true;
    const taken = this.#transport.write(bytes, offset, length);
    this.#writing = false;
    if (taken >= 0) return taken;
    if (this.#refused === null) this.#refused = setTimeout(() => this.#giveUp(), SILENCE).unref();
    return 0;
  }

  #giveUp(): void {
    const error = new TransportError(
      "CONNECTION_LOST",
      `Cannot write: it is closed, and said nothing for ${SILENCE} ms`,
    );
    this.#handler?.onClose(error);
  }

  get #isBusy(): boolean {
    return this.#writing || this.#putOff > 0;
  }

  #later(call: () => void): void {
    this.#putOff++;
    queueMicrotask(() => {
      this.#putOff--;
      try {
        call();
      } catch (error) {
        this.#threw(error);
      }
    });
  }

  /** What a transport does where a handler throws at it: here it is not on the stack any more. */
  #threw(error: unknown): void {
    if (this.#transport.closed) console.error(error);
    else this.#handler?.onClose(new TransportError("CONNECTION_HANDLER_THREW", "Cannot go on: a handler threw", error));
    if (!this.#transport.closed) this.#transport.terminate();
  }
}

/** Milliseconds that a closed transport has to tell of its end. */
const SILENCE = 1_000;
