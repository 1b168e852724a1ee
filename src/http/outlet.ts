import { TransportError } from "../socket/errors.ts";
import { QuietLine } from "../socket/quiet-line.ts";
import type { Transport, TransportHandler } from "../socket/transport.ts";

/** The way out, on which a write that is refused is not the end of what can be read. */
export class Outlet {
  readonly #line: QuietLine;
  #handler: TransportHandler | null = null;
  /** Runs from a write that was refused. */
  #refused: ReturnType<typeof setTimeout> | null = null;

  constructor(transport: Transport) {
    this.#line = new QuietLine(transport, true);
  }

  /** Names the receiver of what the transport tells. */
  attach(handler: TransportHandler): void {
    this.#handler = handler;
    this.#line.attach(handler);
  }

  /**
   * How many bytes the transport took. One that is closed takes none: that it has ended it tells by itself, and before that perhaps an
   * answer that it holds, as of a server which refuses the rest of a body.
   */
  write(bytes: Uint8Array, offset: number, length: number): number {
    const taken = this.#line.write(bytes, offset, length);
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
}

/** Milliseconds that a closed transport has to tell of its end. */
const SILENCE = 1_000;
