import { ProtocolError, UsageError } from "../errors.ts";
import { decodeLatin1, decodeUtf8 } from "../text.ts";
import { ZERO } from "./characters.ts";
import { type ContentDecoders, decodeContent } from "./content-coding.ts";
import { listNumber } from "./field-list.ts";
import type { HeaderPairs, HeadReader } from "./head.ts";
import { BODY_TUNNEL, type ResponseFraming } from "./response-framing.ts";
import { MINOR_AT, REASON_AT } from "./status-line.ts";

/**
 * A response that is **borrowed** from its reader: one object, reused, valid until the reader is told of the next request (for a
 * connection: the next `send`). Head and body lie in the reader's memory. Keep one with {@link toOwned}.
 * With `NEXUS_DEBUG=1` in the environment reading an expired one throws `RESPONSE_EXPIRED`.
 *
 * Iterating gives the header fields in order, each as name and value.
 */
export class Response {
  /** 100 to 999; by RFC 9110 section 15 what is over 599 means what 500 does. */
  status = 0;
  /** The memory that holds the body at `[start, end)`, its codings undone where the reader has decoders. */
  buffer: Uint8Array;
  start = 0;
  end = 0;
  /** What `Content-Length` says, whether a body follows or not; null where the field is missing. */
  contentLength: number | null = null;
  /** The connection may carry another request behind this response (RFC 9112 section 9.3). */
  keepAlive = false;
  /** The connection is no longer HTTP's: a 101, or success to CONNECT. What has come of the other protocol is the reader's `rest()`. */
  upgraded = false;
  /** The body comes in pieces, by the reader's `nextPiece()`, and not with the response. */
  streamed = false;

  /** Gives a streamed body its pieces; set by the connection that reads them. */
  source: AsyncIterable<Uint8Array> | null = null;

  /** @internal */
  protected readonly head: HeadReader;
  /** @internal */
  protected readonly trailerHead: HeadReader;
  /** Holds head and trailer section at the two indexes. */
  protected headBytes: Uint8Array;
  protected headStart = 0;
  protected trailerStart = 0;
  /** Index of the first `Keep-Alive`, −1 where there is none. */
  protected keepAliveIndex = -1;
  /** The reader's memory. */
  private readonly home: Uint8Array;

  /** @internal */
  constructor(buffer: Uint8Array, head: HeadReader, trailerHead: HeadReader) {
    this.buffer = buffer;
    this.headBytes = buffer;
    this.home = buffer;
    this.head = head;
    this.trailerHead = trailerHead;
  }

  /** The reason phrase, often empty; Latin-1. */
  get reason(): string {
    const line = this.head.startLineLength;
    if (line < REASON_AT) return "";
    return decodeLatin1(this.headBytes, this.headStart + REASON_AT, this.headStart + line);
  }

  /** `"1.1"`, or `"1.0"` of a server that old. */
  get version(): "1.0" | "1.1" {
    return this.headBytes[this.headStart + MINOR_AT] === ZERO ? "1.0" : "1.1";
  }

  /** Header fields. */
  get headerCount(): number {
    return this.head.count;
  }

  /** The value of the first field of that name, whatever its case; null where there is none. Bytes over 0x7F are read as Latin-1. */
  header(name: string): string | null {
    const index = this.head.find(this.headBytes, this.headStart, name);
    return index < 0 ? null : this.head.value(this.headBytes, this.headStart, index);
  }

  /** The values of all fields of that name, in order. */
  headers(name: string): string[] {
    return valuesOf(this.head, this.headBytes, this.headStart, name);
  }

  *[Symbol.iterator](): IterableIterator<readonly [name: string, value: string]> {
    for (let index = 0; index < this.head.count; index++) {
      yield [
        this.head.name(this.headBytes, this.headStart, index),
        this.head.value(this.headBytes, this.headStart, index),
      ];
    }
  }

  /** The value of the first field of that name in the trailer section behind a chunked body; null where there is none. */
  trailer(name: string): string | null {
    const index = this.trailerHead.find(this.headBytes, this.trailerStart, name);
    return index < 0 ? null : this.trailerHead.value(this.headBytes, this.trailerStart, index);
  }

  /** The fields of the trailer section, in order; they are never merged with the header (RFC 9110 section 6.5.1). */
  trailers(): HeaderPairs {
    return pairsOf(this.trailerHead, this.headBytes, this.trailerStart);
  }

  /** Seconds that the server keeps an idle connection, from `Keep-Alive: timeout=`; null where it does not say, and in an interim response. */
  get keepAliveTimeout(): number | null {
    const { head, headBytes, headStart } = this;
    const index = this.keepAliveIndex;
    if (index < 0) return null;
    const from = headStart + head.valueStart(index);
    const seconds = listNumber(headBytes, from, headStart + head.valueEnd(index), "timeout");
    return seconds < 0 ? null : seconds;
  }

  /** Bytes of the body. */
  get bodyLength(): number {
    return this.end - this.start;
  }

  /** A view of the body, no copy; borrowed like the response. */
  bodyBytes(): Uint8Array {
    this.requireBody();
    return this.buffer.subarray(this.start, this.end);
  }

  /** The body as UTF-8 text, decoded at each call; invalid bytes become U+FFFD. */
  bodyText(): string {
    this.requireBody();
    return decodeUtf8(this.buffer, this.start, this.end);
  }

  /** The body parsed as JSON; throws `SyntaxError` as `JSON.parse` does. */
  bodyJson(): unknown {
    return JSON.parse(this.bodyText());
  }

  /**
   * The body piece by piece, each a view that is borrowed until the next one is asked for; the socket waits while none is. Leaving the loop
   * before its end cuts the connection. A body that is not streamed is one piece. A connection's streamed response can be read once.
   */
  stream(): AsyncIterable<Uint8Array> {
    if (!this.streamed) return pieceOf(this.bodyBytes());
    const { source } = this;
    this.source = null;
    if (source !== null) return source;
    throw new UsageError(
      "RESPONSE_STREAM_TAKEN",
      "Cannot stream body: it is being read already, or no connection reads it",
    );
  }

  /**
   * Writes down where the response lies in the reader's memory, as {@link RESPONSE_PLACES} numbers from `at` on, by which a
   * {@link ResponseWindow} shows it to another thread. False, and nothing is written, where it does not lie there as a whole: it outgrew the ring, was decoded, or is streamed.
   */
  locate(places: Int32Array, at = 0): boolean {
    const { home, headStart, trailerStart, trailerHead } = this;
    if (this.streamed || this.buffer !== home || this.headBytes !== home) return false;
    places[at] = headStart;
    places[at + 1] = headStart + this.head.size;
    places[at + 2] = this.start;
    places[at + 3] = this.end;
    places[at + 4] = trailerStart;
    places[at + 5] = trailerHead.count === 0 ? trailerStart : trailerStart + trailerHead.size;
    places[at + 6] = (this.upgraded ? UPGRADED : 0) | (this.keepAlive ? KEPT_ALIVE : 0);
    return true;
  }

  /** A copy that owns its data. */
  toOwned(): OwnedResponse {
    const { status, reason, version, headBytes, headStart, head } = this;
    const headers = pairsOf(head, headBytes, headStart);
    return { status, reason, version, headers, trailers: this.trailers(), body: this.bodyBytes().slice() };
  }

  private requireBody(): void {
    if (!this.streamed) return;
    throw new UsageError("RESPONSE_STREAMED", "Cannot read body: it is streamed; take it piece by piece");
  }
}

/** A response that owns its data. */
export interface OwnedResponse {
  readonly status: number;
  readonly reason: string;
  readonly version: "1.0" | "1.1";
  readonly headers: HeaderPairs;
  readonly trailers: HeaderPairs;
  readonly body: Uint8Array;
}

/** The response as its reader sees it: the fields that others have no business with are open here. */
export class ReaderResponse extends Response {
  declare headBytes: Uint8Array;
  declare headStart: number;
  declare trailerStart: number;
  declare keepAliveIndex: number;

  /** Takes over what the head says; `framing` is null for an interim response. */
  fill(status: number, framing: ResponseFraming | null): void {
    this.status = status;
    this.contentLength = framing === null || framing.contentLength < 0 ? null : framing.contentLength;
    this.keepAlive = framing === null || framing.keepAlive;
    this.upgraded = framing !== null && framing.kind === BODY_TUNNEL;
    this.keepAliveIndex = framing === null ? -1 : framing.keepAliveIndex;
    this.streamed = false;
    this.source = null;
  }

  /** Head and trailer section lie at the two indexes in `bytes`, the body between `start` and `end`. */
  place(bytes: Uint8Array, headStart: number, start: number, end: number, trailerStart: number): void {
    this.headBytes = bytes;
    this.headStart = headStart;
    this.buffer = bytes;
    this.start = start;
    this.end = end;
    this.trailerStart = trailerStart;
  }

  /** Undoes the content codings of the body; what the peer did wrong there, or null. */
  decode(decoders: ContentDecoders, maxBodySize: number): ProtocolError | null {
    if (this.bodyLength === 0) return null;
    const codings = this.headers("content-encoding").join();
    const decoded = decodeContent(this.bodyBytes(), codings, decoders, maxBodySize);
    if (decoded.fault !== null) return new ProtocolError(decoded.fault, decoded.detail, decoded.options);
    this.buffer = decoded.body;
    this.start = 0;
    this.end = decoded.body.length;
    return null;
  }
}

/** A response of the debug mode: a stand-in for `response` that throws once it expired. */
export class CheckedResponse {
  readonly response: Response;
  #expired = false;

  constructor(response: Response) {
    this.response = new Proxy(response, {
      get: (target, key) => {
        if (this.#expired) {
          throw new UsageError(
            "RESPONSE_EXPIRED",
            "Cannot read response: it was borrowed until the next request; keep it with toOwned()",
          );
        }
        return Reflect.get(target, key) as unknown;
      },
    });
  }

  expire(): void {
    this.#expired = true;
  }
}

/** What the last of the numbers that `locate` writes is the sum of. */
export const UPGRADED = 1;
export const KEPT_ALIVE = 2;

async function* pieceOf(body: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (body.length > 0) yield body;
}

function valuesOf(head: HeadReader, bytes: Uint8Array, start: number, name: string): string[] {
  const values: string[] = [];
  for (let at = head.find(bytes, start, name); at >= 0; at = head.find(bytes, start, name, at + 1)) {
    values.push(head.value(bytes, start, at));
  }
  return values;
}

function pairsOf(head: HeadReader, bytes: Uint8Array, start: number): HeaderPairs {
  return Array.from(
    { length: head.count },
    (_, index) => [head.name(bytes, start, index), head.value(bytes, start, index)] as const,
  );
}
