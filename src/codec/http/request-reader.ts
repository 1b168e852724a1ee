import { ProtocolError, type ProtocolFault, UsageError } from "../errors.ts";
import { decodeLatin1 } from "../text.ts";
import { SP, TOKEN } from "./characters.ts";
import { HeadReader } from "./head.ts";
import { RequestHead } from "./request-head.ts";

/** What a {@link RequestReader} is made of. */
export interface RequestReaderOptions {
  /** Bytes of the head, request line and blank line included. Default 16 KiB, 32 to 2^30. */
  readonly maxHeadSize?: number;
  /** Field lines. Default 128, at most 2^16. */
  readonly maxHeaders?: number;
}

/**
 * The heads of HTTP/1.1 requests (RFC 9112 sections 2 to 5), without bodies: enough for one that asks for an upgrade. Bytes go in with
 * {@link read}, a head comes out of {@link next}; nothing is thrown for what the peer did: {@link failure} then says it.
 *
 * A head that comes in one chunk is read where it lies. One that comes in pieces is put together in a buffer that grows with what
 * arrives, so that a peer which sends half a head costs no more than that.
 */
export class RequestReader {
  /** Why the request must be refused, once the peer broke the protocol. */
  failure: ProtocolError | null = null;
  readonly #maxHeadSize: number;
  readonly #head: HeadReader;
  /** What has arrived of a head that is not whole, `#length` bytes of it. */
  #bytes: Uint8Array = NOTHING;
  #length = 0;
  #request: RequestHead | null = null;
  #lineRead = false;

  constructor(options: RequestReaderOptions = {}) {
    this.#maxHeadSize = checked("maxHeadSize", options.maxHeadSize ?? 16 << 10, LEAST_HEAD, 1 << 30);
    const maxHeaders = checked("maxHeaders", options.maxHeaders ?? 128, 1, 1 << 16);
    this.#head = new HeadReader({ maxHeadSize: this.#maxHeadSize, maxHeaders });
  }

  /**
   * Takes from `chunk` what belongs to the head and returns how many bytes that were. What is left behind a whole head is not looked at:
   * offer it again after {@link next}, if it is to be a request, too.
   */
  read(chunk: Uint8Array, offset = 0): number {
    const rest = chunk.length - offset;
    if (this.failure !== null) return rest;
    if (this.#request !== null) return 0;
    if (this.#length === 0) {
      this.#advance(chunk, offset, chunk.length);
      if (this.#unfinished) this.#keep(chunk, offset, chunk.length);
      return this.#request === null ? rest : this.#head.size;
    }
    const before = this.#length;
    this.#keep(chunk, offset, Math.min(chunk.length, offset + this.#maxHeadSize - before));
    this.#advance(this.#bytes, 0, this.#length);
    return this.#request === null ? rest : this.#head.size - before;
  }

  /** The head, once it is whole; it owns its data. Then the reader is ready for the next one. */
  next(): RequestHead | null {
    const request = this.#request;
    if (request !== null) this.reset();
    return request;
  }

  /** Bytes of the head under way. */
  get length(): number {
    return this.#length;
  }

  /** Forgets everything, a failure too. */
  reset(): void {
    this.failure = null;
    this.#head.clear();
    this.#bytes = NOTHING;
    this.#length = 0;
    this.#request = null;
    this.#lineRead = false;
  }

  get #unfinished(): boolean {
    return this.#request === null && this.failure === null;
  }

  #advance(bytes: Uint8Array, start: number, end: number): void {
    const head = this.#head;
    const whole = head.read(bytes, start, end);
    // Judged as soon as it is there: what does not speak HTTP/1.1 may never send a blank line.
    if (!this.#lineRead && head.startLineLength >= 0) {
      this.#lineRead = true;
      if (!this.#checkLine(bytes, start)) return;
    }
    if (whole) this.#request = new RequestHead(head, bytes, start);
    else if (head.fault !== null) this.#fail(head.fault, head.detail);
  }

  /** `request-line = method SP request-target SP HTTP-version` (RFC 9112 section 3), of HTTP/1.0 or HTTP/1.1. */
  #checkLine(bytes: Uint8Array, start: number): boolean {
    const end = start + this.#head.startLineLength;
    let pos = start;
    while (pos < end && TOKEN[bytes[pos]!] !== 0) pos++;
    const targetStart = pos + 1;
    if (pos === start || pos === end || bytes[pos] !== SP) return this.#failLine(bytes, start, end);
    pos = targetStart;
    while (pos < end && bytes[pos]! > SP && bytes[pos]! < FIRST_NOT_VISIBLE) pos++;
    if (pos === targetStart || pos === end || bytes[pos] !== SP) return this.#failLine(bytes, start, end);
    const version = decodeLatin1(bytes, pos + 1, end);
    if (!VERSION.test(version)) return this.#failLine(bytes, start, end);
    return version === "HTTP/1.1" || version === "HTTP/1.0" || this.#fail("HTTP_VERSION", version);
  }

  #failLine(bytes: Uint8Array, start: number, end: number): false {
    return this.#fail(
      "HTTP_REQUEST_LINE",
      JSON.stringify(decodeLatin1(bytes, start, Math.min(end, start + LONGEST_SHOWN))),
    );
  }

  #fail(fault: ProtocolFault, detail: string): false {
    this.failure = new ProtocolError(fault, detail);
    return false;
  }

  #keep(chunk: Uint8Array, start: number, end: number): void {
    const needed = this.#length + end - start;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(Math.max(needed, this.#bytes.length * 2), this.#maxHeadSize));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(chunk.subarray(start, end), this.#length);
    this.#length = needed;
  }
}

function checked(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const message = `Cannot create reader: ${name} is ${value}, not an integer from ${least} to ${most}`;
  throw new UsageError("OPTION_OUT_OF_RANGE", message);
}

const NOTHING: Uint8Array = new Uint8Array(0);
const VERSION = /^HTTP\/\d\.\d$/;
/** DEL; above it are bytes that must be percent-encoded. */
const FIRST_NOT_VISIBLE = 0x7f;
const LONGEST_SHOWN = 100;
const LEAST_HEAD = 32;
