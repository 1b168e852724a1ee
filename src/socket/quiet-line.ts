import { TransportError } from "./errors.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/**
 * A transport whose events can be relied on.
 *
 * - They wait for the end of a write. What is told from within `write`, room, an answer or even the end, is handed on in the next
 *   microtask: before that whoever writes does not know how much has left.
 * - An end in order is one. A write that meets the peer's RST takes the error with it, and the kernel then reports a FIN that never was: an
 *   end behind a refused write is told as a reset.
 */
export class QuietLine implements TransportHandler {
  readonly #transport: Transport;
  readonly #endWaits: boolean;
  #handler: TransportHandler | null = null;
  #writing = false;
  /** Calls that are put off; those that come meanwhile queue behind them. */
  #putOff = 0;
  #fault: TransportError | null = null;
  /** A write was refused. */
  #refused = false;

  /** `endWaits`: the transport's end waits, too, where nothing does that it must not overtake. */
  constructor(transport: Transport, endWaits: boolean) {
    this.#transport = transport;
    this.#endWaits = endWaits;
  }

  /** Names the receiver of what the transport tells. */
  attach(handler: TransportHandler): void {
    this.#handler = handler;
    this.#transport.attach(this);
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    this.#writing = true;
    try {
      const taken = this.#transport.write(bytes, offset, length);
      if (taken < 0) this.#refused = true;
      return taken;
    } finally {
      this.#writing = false;
    }
  }

  // No closure here: it would cost each call an object that holds `chunk`, whether or not it is put off.
  onBytes(chunk: Uint8Array): void {
    if (this.#writing || this.#putOff > 0) this.#tellLater("onBytes", chunk);
    else this.#handler?.onBytes(chunk);
  }

  onDrain(): void {
    if (this.#writing || this.#putOff > 0) this.#tellLater("onDrain", null);
    else this.#handler?.onDrain();
  }

  onEnd(): void {
    if (this.#refused)
      this.#end(new TransportError("CONNECTION_RESET", "Cannot go on: it ended behind a refused write"));
    else if (this.#writing || this.#putOff > 0) this.#tellLater("onEnd", null);
    else this.#handler?.onEnd();
  }

  onClose(reason: Error | null): void {
    const error = this.#fault ?? reason;
    if ((this.#writing && this.#endWaits) || this.#putOff > 0) this.#tellLater("onClose", error);
    else this.#handler?.onClose(error);
  }

  #tellLater(event: keyof TransportHandler, detail: Uint8Array | Error | null): void {
    this.#putOff++;
    queueMicrotask(() => {
      this.#putOff--;
      try {
        (this.#handler?.[event] as ((detail: unknown) => void) | undefined)?.call(this.#handler, detail);
      } catch (error) {
        this.#threw(error);
      }
    });
  }

  /** What a transport does where a handler throws at it: here it is not on the stack any more. */
  #threw(error: unknown): void {
    if (this.#transport.closed) {
      console.error(error);
      return;
    }
    this.#end(new TransportError("CONNECTION_HANDLER_THREW", "Cannot go on: a handler threw", error));
  }

  #end(fault: TransportError): void {
    this.#fault ??= fault;
    this.#transport.terminate();
  }
}
