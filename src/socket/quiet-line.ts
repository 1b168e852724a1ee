import { TransportError } from "./errors.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/**
 * A transport whose events wait for the end of a write. What one tells from within `write`, room, an answer or even its end, is handed on
 * in the next microtask: before that whoever writes does not know how much has left.
 */
export class QuietLine implements TransportHandler {
  readonly #transport: Transport;
  readonly #endWaits: boolean;
  #handler: TransportHandler | null = null;
  #writing = false;
  /** Calls that are put off; those that come meanwhile queue behind them. */
  #putOff = 0;
  #fault: TransportError | null = null;

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
      return this.#transport.write(bytes, offset, length);
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
    if (this.#writing || this.#putOff > 0) this.#tellLater("onEnd", null);
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
    this.#fault = new TransportError("CONNECTION_HANDLER_THREW", "Cannot go on: a handler threw", error);
    this.#transport.terminate();
  }
}
