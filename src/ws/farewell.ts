import { endInOrder } from "../socket/ending.ts";
import type { Transport, TransportHandler } from "../socket/transport.ts";

/**
 * Sends the last bytes of a connection and ends it in order: with RST behind them the peer might never read them. What it still sends is
 * dropped. A peer that takes none of it, or sends on without end, is cut.
 */
export function farewell(transport: Transport, bytes: Uint8Array): void {
  if (transport.closed) return;
  new Farewell(transport, bytes).start();
}

class Farewell implements TransportHandler {
  readonly #transport: Transport;
  readonly #bytes: Uint8Array;
  #sent = 0;
  #dropped = 0;
  #over = false;
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(transport: Transport, bytes: Uint8Array) {
    this.#transport = transport;
    this.#bytes = bytes;
    this.#timer = setTimeout(() => transport.terminate(), PATIENCE);
    this.#timer.unref();
  }

  start(): void {
    this.#transport.attach(this);
    this.#transport.resume();
    this.#send();
  }

  onBytes(chunk: Uint8Array): void {
    this.#dropped += chunk.length;
    if (this.#dropped > MOST_DROPPED) this.#transport.terminate();
  }

  onDrain(): void {
    this.#send();
  }

  onEnd(): void {}

  onClose(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #send(): void {
    if (this.#over) return;
    const rest = this.#bytes.length - this.#sent;
    const taken = this.#transport.write(this.#bytes, this.#sent, rest);
    if (taken > 0) this.#sent += taken;
    if (this.#sent < this.#bytes.length) return;
    this.#over = true;
    clearTimeout(this.#timer);
    endInOrder(this.#transport);
  }
}

/** Milliseconds that the peer has to take what is sent. */
const PATIENCE = 1_000;
const MOST_DROPPED = 256 << 10;
