import type { Transport, TransportHandler } from "../../src/socket/transport.ts";
import { utf8 } from "./bytes.ts";

/** The server's end of a connection under a test's control: it sends what it is told, right or wrong, and writes down what comes. */
export abstract class RawPeer implements TransportHandler {
  readonly transport: Transport;
  /** Bytes that came. */
  bytesReceived = 0;
  /** Bytes that the transport took. */
  bytesSent = 0;
  /** The client's FIN was seen. */
  sawEnd = false;
  /** The connection is gone; `closeError` says why. */
  gone = false;
  closeError: Error | null = null;
  readonly #outgoing: Uint8Array[] = [];
  #offset = 0;
  #blocked = false;
  #finOwed = false;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  /** Whoever extends it attaches it, once its own fields are there. */
  constructor(transport: Transport) {
    this.transport = transport;
  }

  onBytes(chunk: Uint8Array): void {
    this.bytesReceived += chunk.length;
    this.take(chunk);
    this.#change();
  }

  onDrain(): void {
    this.#blocked = false;
    this.#flush();
    this.#change();
  }

  onEnd(): void {
    this.sawEnd = true;
    this.answerEnd();
    this.#change();
  }

  onClose(error: Error | null): void {
    this.gone = true;
    this.closeError = error;
    this.#dropWaiting();
    this.#change();
  }

  /** Bytes as they are. */
  send(bytes: string | Uint8Array): this {
    this.#outgoing.push(typeof bytes === "string" ? utf8(bytes) : bytes);
    this.#flush();
    this.#change();
    return this;
  }

  /** FIN, once what was sent before is out. */
  end(): this {
    this.#finOwed = true;
    this.#flush();
    return this;
  }

  /** RST. */
  reset(): this {
    this.transport.terminate();
    return this;
  }

  /** Stops reading: what the client sends piles up. */
  stall(): this {
    this.transport.pause();
    return this;
  }

  proceed(): this {
    this.transport.resume();
    return this;
  }

  /** Bytes that wait because the client does not read. */
  get waiting(): number {
    return this.#outgoing.reduce((sum, part) => sum + part.length, 0) - this.#offset;
  }

  /** Waits until `condition` holds. A test that waits in vain fails by its timeout. */
  async until(condition: (peer: this) => boolean): Promise<void> {
    while (!condition(this)) await this.#changed.promise;
  }

  /** Reads what came. */
  protected abstract take(chunk: Uint8Array): void;

  /** The client has sent its FIN. */
  protected abstract answerEnd(): void;

  #flush(): void {
    while (!this.#blocked) {
      const part = this.#outgoing[0];
      if (part === undefined) break;
      const taken = this.transport.write(part, this.#offset, part.length - this.#offset);
      if (taken < 0) {
        this.#dropWaiting();
        break;
      }
      this.bytesSent += taken;
      this.#offset += taken;
      this.#blocked = this.#offset < part.length;
      if (this.#blocked) return;
      this.#offset = 0;
      this.#outgoing.shift();
    }
    if (!this.#finOwed || this.#outgoing.length > 0) return;
    this.#finOwed = false;
    this.transport.shutdown();
  }

  /** Nobody takes it any more. */
  #dropWaiting(): void {
    this.#outgoing.length = 0;
    this.#offset = 0;
    this.#blocked = false;
  }

  #change(): void {
    const changed = this.#changed;
    this.#changed = Promise.withResolvers();
    changed.resolve();
  }
}
