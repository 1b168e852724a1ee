import type { Transport, TransportHandler } from "../../../src/socket/transport.ts";

/** A transport whose bytes arrive in pieces of {@link size}, from when that is set. */
export class Chopped implements Transport {
  size: number = Number.POSITIVE_INFINITY;
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  attach(handler: TransportHandler): void {
    this.#transport.attach({
      onBytes: (chunk) => {
        const { size } = this;
        if (chunk.length <= size) handler.onBytes(chunk);
        else
          for (let at = 0; at < chunk.length && !this.closed; at += size) handler.onBytes(chunk.slice(at, at + size));
      },
      onDrain: () => handler.onDrain(),
      onEnd: () => handler.onEnd(),
      onClose: (error) => handler.onClose(error),
    });
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    return this.#transport.write(bytes, offset, length);
  }

  pause(): void {
    this.#transport.pause();
  }

  resume(): void {
    this.#transport.resume();
  }

  shutdown(): void {
    this.#transport.shutdown();
  }

  terminate(): void {
    this.#transport.terminate();
  }

  get closed(): boolean {
    return this.#transport.closed;
  }

  get secure(): boolean {
    return this.#transport.secure;
  }

  socketInfo(): ReturnType<Transport["socketInfo"]> {
    return this.#transport.socketInfo();
  }
}
