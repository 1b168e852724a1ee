import type { Response } from "../codec/http/response.ts";
import type { ResponseReader } from "../codec/http/response-reader.ts";
import type { Transport } from "../socket/transport.ts";

/**
 * The way in: chunks go into the reader's ring as it has room; the rest waits here, and with it the socket, so that a body which is
 * read piece by piece holds no more than the ring and two chunks.
 */
export class Incoming {
  readonly #transport: Transport;
  /** Of the first chunk `#offset` bytes are in the ring. */
  readonly #chunks: Uint8Array[] = [];
  #offset = 0;
  #paused = false;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  receive(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    if (this.#chunks.length < 2 || this.#paused) return;
    this.#paused = true;
    this.#transport.pause();
  }

  /** The response that is whole now, or whose head is; null where more must come, or `reader.failure` is set. */
  next(reader: ResponseReader): Response | null {
    for (;;) {
      const response = reader.next();
      if (response !== null || !this.#fill(reader)) return response;
    }
  }

  /** {@link next} for the pieces of a streamed body. */
  nextPiece(reader: ResponseReader): Uint8Array | null {
    for (;;) {
      const piece = reader.nextPiece();
      if (piece !== null || reader.bodyComplete || !this.#fill(reader)) return piece;
    }
  }

  /** Bytes that wait: behind a whole response none belong there. */
  get waiting(): number {
    let bytes = -this.#offset;
    for (const chunk of this.#chunks) bytes += chunk.length;
    return bytes;
  }

  /** Takes what waits, for who comes after HTTP. */
  rest(before: Uint8Array): Uint8Array {
    const rest = new Uint8Array(before.length + this.waiting);
    rest.set(before);
    let at = before.length;
    for (const [index, chunk] of this.#chunks.entries()) {
      const piece = index === 0 ? chunk.subarray(this.#offset) : chunk;
      rest.set(piece, at);
      at += piece.length;
    }
    this.discard();
    return rest;
  }

  discard(): void {
    this.#chunks.length = 0;
    this.#offset = 0;
    this.#resume();
  }

  /** Moves what the ring has room for; false where nothing could be moved. */
  #fill(reader: ResponseReader): boolean {
    const chunk = this.#chunks[0];
    if (chunk === undefined || reader.failure !== null) return false;
    const taken = reader.read(chunk, this.#offset);
    this.#offset += taken;
    if (this.#offset === chunk.length) {
      this.#chunks.shift();
      this.#offset = 0;
      if (this.#chunks.length === 0) this.#resume();
    }
    return taken > 0;
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#transport.resume();
  }
}
