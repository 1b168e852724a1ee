import { type ProtocolError, UsageError } from "../codec/errors.ts";
import type { Request } from "../codec/http/request.ts";
import type { Response } from "../codec/http/response.ts";
import type { ResponseReader } from "../codec/http/response-reader.ts";
import type { Transport } from "../socket/transport.ts";
import type { SendOptions } from "./options.ts";

/**
 * The way in: chunks go into the reader's ring as it has room; the rest waits here, and with it the socket, so that a body which is
 * read piece by piece holds no more than the ring and two chunks.
 */
export class Incoming {
  /** Whose answers a reader has read last. */
  static readonly #users: WeakMap<ResponseReader, Incoming> = new WeakMap();

  readonly #transport: Transport;
  #reader: ResponseReader | null = null;
  /** An answer is awaited, or not read to its end: the reader is not to be used elsewhere. */
  #reading = false;
  /** Of the first chunk `#offset` bytes are in the ring. */
  readonly #chunks: Uint8Array[] = [];
  #offset = 0;
  /** The peer's FIN is behind the chunks. */
  #ended = false;
  #paused = false;
  /** Wakes who waits for the next piece of a streamed body. */
  #wake: () => void = ignore;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The answer to `request` is read with `reader` from now on. Throws `RESPONSE_UNDER_WAY` where that is reading another one. */
  expect(request: Request, reader: ResponseReader, options: SendOptions): void {
    if (this.#reader !== reader) this.#take(reader);
    const { stream = false, upgrade = request.upgrade } = options;
    if (stream || upgrade) reader.expect(request.method, { stream, upgrade });
    else reader.expect(request.method);
    this.#reading = true;
  }

  /**
   * Receives a chunk of a response that is to come whole, or of its head.
   *
   * Bet: nothing waits and the ring has room for all of it, so that {@link next} finds it there at once. What it has no room for waits.
   */
  take(chunk: Uint8Array): void {
    const reader = this.#reader;
    if (reader === null || this.#chunks.length > 0) {
      this.receive(chunk);
      return;
    }
    const taken = reader.read(chunk, 0);
    if (taken === chunk.length) {
      this.#transport.reclaim?.(chunk);
      return;
    }
    this.receive(chunk);
    this.#offset = taken;
  }

  receive(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    if (this.#chunks.length > 1) this.pause();
    this.#wake();
  }

  /** Nothing follows what was received. */
  eof(): void {
    this.#ended = true;
    this.#tellEnd();
    this.#wake();
  }

  /** The response that is whole now, or whose head is; null where more must come, or {@link failure} is set. */
  next(): Response | null {
    const reader = this.#reader;
    if (reader === null) return null;
    for (;;) {
      const response = reader.next();
      if (response !== null || !this.#fill(reader)) return response;
    }
  }

  /** {@link next} for the pieces of a streamed body. */
  nextPiece(): Uint8Array | null {
    const reader = this.#reader;
    if (reader === null) return null;
    for (;;) {
      const piece = reader.nextPiece();
      if (piece !== null || reader.bodyComplete || !this.#fill(reader)) return piece;
    }
  }

  /** Resolves when there may be another piece, or none can come. */
  more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    return promise;
  }

  wake(): void {
    this.#wake();
  }

  get failure(): ProtocolError | null {
    return this.#reader === null ? null : this.#reader.failure;
  }

  /** A 100 came. */
  get continued(): boolean {
    return this.#reader?.continued === true;
  }

  /** The response was read to the end of its body. */
  get complete(): boolean {
    return this.#reader?.bodyComplete === true;
  }

  /** Bytes behind the response: none belong there, but after an upgrade. */
  get pending(): number {
    const held = this.#reader === null ? 0 : this.#reader.pending;
    return held + this.#waiting;
  }

  /** The answer was read to its end. */
  settle(): void {
    this.#reading = false;
  }

  /** Takes what has come of the protocol behind an upgrade. */
  rest(): Uint8Array {
    const rest = new Uint8Array(this.pending);
    let at = 0;
    const append = (piece: Uint8Array): void => {
      rest.set(piece, at);
      at += piece.length;
    };
    if (this.#reader !== null) append(this.#reader.rest());
    for (const [index, chunk] of this.#chunks.entries()) append(index === 0 ? chunk.subarray(this.#offset) : chunk);
    return rest;
  }

  /** Holds back what has not been received, the peer's FIN too. */
  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#transport.pause();
  }

  /** Drops what waits; the reader may be used elsewhere, and what it lent stays. */
  release(): void {
    this.#chunks.length = 0;
    this.#offset = 0;
    this.#wake();
    this.#resume();
    if (this.#reader !== null) Incoming.#users.delete(this.#reader);
  }

  #take(reader: ResponseReader): void {
    const user = Incoming.#users.get(reader);
    if (user !== undefined) {
      if (user.#reading) {
        throw new UsageError("RESPONSE_UNDER_WAY", "Cannot send request: its reader is reading for another connection");
      }
      user.#reader = null;
    }
    if (this.#reader !== null) Incoming.#users.delete(this.#reader);
    Incoming.#users.set(reader, this);
    reader.reset();
    this.#reader = reader;
  }

  get #waiting(): number {
    if (this.#chunks.length === 0) return 0;
    let bytes = -this.#offset;
    for (const chunk of this.#chunks) bytes += chunk.length;
    return bytes;
  }

  /** Moves what the ring has room for; false where nothing could be moved. */
  #fill(reader: ResponseReader): boolean {
    // To read beyond an array's end costs the engine its compiled code.
    const chunk = this.#chunks.length === 0 ? undefined : this.#chunks[0];
    if (chunk === undefined || reader.failure !== null) return false;
    const taken = reader.read(chunk, this.#offset);
    this.#offset += taken;
    if (this.#offset === chunk.length) {
      this.#chunks.shift();
      this.#offset = 0;
      this.#transport.reclaim?.(chunk);
      if (this.#chunks.length === 0) this.#resume();
      this.#tellEnd();
    }
    return taken > 0;
  }

  /** The reader takes no byte after it was told of the end. */
  #tellEnd(): void {
    if (this.#ended && this.#chunks.length === 0) this.#reader?.eof();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#transport.resume();
  }
}

function ignore(): void {}
