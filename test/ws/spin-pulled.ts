import { type Pointer, toArrayBuffer } from "bun:ffi";
import type { SpinTransport } from "../../src/socket/spin-transport.ts";
import type { Transport, TransportHandler } from "../../src/socket/transport.ts";

/** A transport that tells, as one that is asked: what a spin session runs over where its peer lives in the same thread. */
export class PulledTransport implements SpinTransport, TransportHandler {
  fault: Error | null = null;
  closed = false;
  readonly fd = -1;
  readonly owes = false;
  readonly holds = false;
  readonly secure = false;
  readonly tls = null;
  readonly receivedAt = null;
  /** Called when something may have changed. */
  onChange: () => void = () => {};
  /** Something came of the last call. */
  gave = false;
  readonly #transport: Transport;
  readonly #chunks: Uint8Array[] = [];
  #ended = false;

  constructor(transport: Transport) {
    this.#transport = transport;
    transport.attach(this);
  }

  onBytes(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.onChange();
  }

  onDrain(): void {
    this.onChange();
  }

  onEnd(): void {
    this.#ended = true;
    this.onChange();
  }

  onClose(error: Error | null): void {
    this.#ended = true;
    this.fault ??= error;
    this.onChange();
  }

  receive(address: number, room: number): number {
    const [chunk] = this.#chunks;
    this.gave = chunk !== undefined;
    if (chunk === undefined) return this.#ended || this.closed ? -1 : 0;
    const count = Math.min(room, chunk.length);
    new Uint8Array(toArrayBuffer(address as Pointer, 0, room)).set(chunk.subarray(0, count));
    if (count === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(count);
    return count;
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    return this.closed ? -1 : this.#transport.write(bytes, offset, length);
  }

  flush(): void {}

  wait(): void {
    throw new Error("nothing comes while this thread waits");
  }

  shutdown(): void {
    this.#transport.shutdown();
  }

  terminate(): void {
    this.closed = true;
    this.#transport.terminate();
  }

  close(): void {
    this.closed = true;
    this.#transport.shutdown();
  }

  socketInfo(): null {
    return null;
  }
}
