import type { ProtocolFault } from "../errors.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { HeadReader } from "./head.ts";
import { BODY_CHUNKED, BODY_LENGTH, BODY_NONE, BODY_UNTIL_CLOSE, type BodyKind } from "./response-framing.ts";

/** Limits of a {@link BodyReader}. */
export interface BodyLimits {
  /** Bytes of a trailer section, and of all chunk extensions together. */
  readonly maxHeadSize: number;
  /** Field lines of a trailer section. */
  readonly maxHeaders: number;
}

/**
 * Finds the runs of data in a body, however it is framed (RFC 9112 sections 6 and 7): {@link run} says how many bytes of the body stand
 * at {@link position}, {@link take} steps over them. Where the data goes is for its owner to decide.
 */
export class BodyReader {
  fault: ProtocolFault | null = null;
  /** The numbers that belong to `fault`. */
  detail = "";
  /** The body was read to its end, its trailer section too. */
  complete = false;
  /** Body bytes taken. */
  received = 0;
  /** Index of the first byte not read: framing, data, or the trailer section until all of it is there. */
  position = 0;
  readonly trailers: HeadReader;
  /** Where the trailer section begins, once the body is complete. */
  trailerStart = 0;

  private kind: BodyKind = BODY_NONE;
  private length = 0;
  private maxSize = 0;
  private readonly chunks: ChunkReader;

  constructor(limits: BodyLimits) {
    this.trailers = new HeadReader(limits);
    this.chunks = new ChunkReader(limits.maxHeadSize);
  }

  /** Forgets the body. */
  clear(): void {
    this.position = 0;
    if (this.kind === BODY_CHUNKED) this.trailers.clear();
    this.kind = BODY_NONE;
  }

  /** Starts on a body at `position`; `length` is that of a body with `Content-Length`, `maxSize` what is read of any. */
  begin(kind: BodyKind, position: number, length: number, maxSize: number): void {
    this.fault = null;
    this.complete = kind !== BODY_LENGTH && kind !== BODY_CHUNKED && kind !== BODY_UNTIL_CLOSE;
    this.received = 0;
    this.position = position;
    this.kind = kind;
    this.maxSize = maxSize;
    if (kind === BODY_LENGTH) {
      this.length = length;
      this.complete = length === 0;
      if (length > maxSize) this.refuse("HTTP_BODY_TOO_LARGE", `it is ${length} bytes where ${maxSize} are allowed`);
    } else if (kind === BODY_CHUNKED) {
      this.chunks.clear();
      this.trailers.clearForTrailers();
    }
  }

  /** How many bytes of it are missing, −1 where that is not known. */
  get needed(): number {
    if (this.kind === BODY_LENGTH) return this.length - this.received;
    return this.complete ? 0 : -1;
  }

  /**
   * How many bytes of the body stand at {@link position} in `bytes`, which are there up to `tail`; 0 where more are needed, the body is
   * {@link complete}, or {@link fault} is set. `ended`: no more bytes can come.
   */
  run(bytes: Uint8Array, words: Int32Array, tail: number, ended: boolean): number {
    const available = tail - this.position;
    switch (this.kind) {
      case BODY_LENGTH:
        return Math.min(available, this.length - this.received);
      case BODY_CHUNKED:
        return this.chunkRun(bytes, words, tail);
      case BODY_UNTIL_CLOSE:
        this.complete = ended && available === 0;
        return this.withinLimit(available) ? available : 0;
      default:
        return 0;
    }
  }

  /** Steps over `count` bytes of data. */
  take(count: number): void {
    this.position += count;
    this.received += count;
    if (this.kind === BODY_CHUNKED) this.chunks.take(count);
    else if (this.kind === BODY_LENGTH) this.complete = this.received === this.length;
  }

  /** What has come of it, for a message. */
  progress(): string {
    return this.kind === BODY_LENGTH
      ? `${this.received} of ${this.length} body bytes came`
      : `${this.received} body bytes came`;
  }

  private chunkRun(bytes: Uint8Array, words: Int32Array, tail: number): number {
    const chunks = this.chunks;
    if (this.complete) return 0;
    if (!chunks.last) {
      this.position = chunks.read(bytes, this.position, tail);
      if (chunks.fault !== null) {
        this.refuse(chunks.fault, chunks.detail);
        return 0;
      }
      if (!chunks.last) {
        return this.withinLimit(chunks.remaining) ? Math.min(chunks.remaining, tail - this.position) : 0;
      }
    }
    const trailers = this.trailers;
    if (trailers.read(bytes, this.position, tail, words)) {
      this.trailerStart = this.position;
      this.position += trailers.size;
      this.complete = true;
    } else if (trailers.fault !== null) this.refuse(trailers.fault, trailers.detail);
    return 0;
  }

  /** Judges `more` bytes that are announced or there. */
  private withinLimit(more: number): boolean {
    const size = this.received + more;
    if (size <= this.maxSize) return true;
    this.refuse("HTTP_BODY_TOO_LARGE", `it is at least ${size} bytes where ${this.maxSize} are allowed`);
    return false;
  }

  private refuse(fault: ProtocolFault, detail: string): void {
    this.fault = fault;
    this.detail = detail;
  }
}
