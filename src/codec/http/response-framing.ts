import type { ProtocolFault } from "../errors.ts";
import { latin1Bytes, sameName, spells } from "./characters.ts";
import { CLOSE, connectionOptions, DIFFERENT_LENGTHS, KEEP_ALIVE, readLength } from "./field-list.ts";
import type { HeadReader } from "./head.ts";

/**
 * How a response's body ends (RFC 9112 section 6.3), and what its head says about the connection.
 *
 * Stricter than the RFC: `Content-Length` with `Transfer-Encoding`, a transfer coding other than `chunked` alone, and any transfer
 * coding in HTTP/1.0 are refused. Content-Lengths that all say the same number are one (RFC 9110 section 8.6).
 */
export class ResponseFraming {
  fault: ProtocolFault | null = null;
  /** The value that belongs to `fault`. */
  detail = "";
  kind: BodyKind = BODY_NONE;
  /** What `Content-Length` says, −1 where there is none. */
  contentLength = -1;
  /** Index of the only `Content-Length`, −1 where there is none or more than one. */
  lengthIndex = -1;
  /** The connection stays open behind this response (RFC 9112 section 9.3). */
  keepAlive = false;
  /** Index of the first `Content-Encoding`, −1 where there is none. */
  contentEncoding = -1;
  /** Index of the first `Keep-Alive`, −1 where there is none. */
  keepAliveIndex = -1;

  private chunked = false;
  private close = false;
  private persist = false;

  /** Reads a final response's head, which begins at `start`, for what rests on it; {@link conclude} judges that. */
  scan(head: HeadReader, bytes: Uint8Array, start: number): void {
    this.fault = null;
    this.contentLength = -1;
    this.lengthIndex = -1;
    this.contentEncoding = -1;
    this.keepAliveIndex = -1;
    this.chunked = false;
    this.close = false;
    this.persist = false;
    const { offsets } = head;
    const end = head.count * 4;
    for (let at = 0; at < end; at += 4) {
      const nameStart = offsets[at]!;
      const length = offsets[at + 1]! - nameStart;
      if (length <= LONGEST_NAME && ((NAME_LENGTHS >> length) & 1) !== 0) {
        this.readField(head, bytes, start, at >> 2, start + nameStart, length);
      }
    }
  }

  /** Reads the number of the only `Content-Length` anew, in a head that is else as it was; false where it is none. */
  rescan(head: HeadReader, bytes: Uint8Array, start: number): boolean {
    const index = this.lengthIndex;
    if (index < 0) return true;
    this.contentLength = readLength(bytes, start + head.valueStart(index), start + head.valueEnd(index));
    return this.contentLength >= 0;
  }

  /**
   * Judges what {@link scan} found. `bodiless`: the response answers HEAD, or has a status that allows no body; `tunnel`: it is a 101, or
   * answers CONNECT with success, so that what follows is no longer HTTP.
   */
  conclude(minorVersion: number, bodiless: boolean, tunnel: boolean): void {
    const { chunked, contentLength } = this;
    this.keepAlive = !this.close && (minorVersion === 1 || this.persist);
    if (tunnel) {
      this.fault = null;
      this.kind = BODY_TUNNEL;
      this.keepAlive = false;
      return;
    }
    if (chunked && contentLength >= 0) this.refuse("HTTP_FRAMING_CONFLICT", "");
    else if (chunked && minorVersion === 0) this.refuse("HTTP_TRANSFER_ENCODING", "in HTTP/1.0");
    if (bodiless) this.kind = BODY_NONE;
    else if (chunked) this.kind = BODY_CHUNKED;
    else if (contentLength >= 0) this.kind = BODY_LENGTH;
    else {
      this.kind = BODY_UNTIL_CLOSE;
      this.keepAlive = false;
    }
  }

  private readField(
    head: HeadReader,
    bytes: Uint8Array,
    start: number,
    index: number,
    name: number,
    length: number,
  ): void {
    if (length === CONTENT_LENGTH.length) {
      if (spells(bytes, name, CONTENT_LENGTH)) this.readContentLength(head, bytes, start, index);
    } else if (length === CONNECTION.length) {
      if (spells(bytes, name, CONNECTION)) this.readConnection(head, bytes, start, index);
      else if (this.keepAliveIndex < 0 && spells(bytes, name, KEEP_ALIVE_FIELD)) this.keepAliveIndex = index;
    } else if (length === TRANSFER_ENCODING.length) {
      if (spells(bytes, name, TRANSFER_ENCODING)) this.readTransferEncoding(head, bytes, start, index);
    } else if (this.contentEncoding < 0 && spells(bytes, name, CONTENT_ENCODING)) {
      this.contentEncoding = index;
    }
  }

  private readConnection(head: HeadReader, bytes: Uint8Array, start: number, index: number): void {
    const options = connectionOptions(bytes, start + head.valueStart(index), start + head.valueEnd(index));
    this.close ||= (options & CLOSE) !== 0;
    this.persist ||= (options & KEEP_ALIVE) !== 0;
  }

  private readTransferEncoding(head: HeadReader, bytes: Uint8Array, start: number, index: number): void {
    if (this.chunked) this.refuse("HTTP_TRANSFER_ENCODING", "it is given twice");
    else if (!sameName(bytes, start + head.valueStart(index), start + head.valueEnd(index), "chunked")) {
      this.refuse("HTTP_TRANSFER_ENCODING", quoted(head, bytes, start, index));
    }
    this.chunked = true;
  }

  private readContentLength(head: HeadReader, bytes: Uint8Array, start: number, index: number): void {
    const value = readLength(bytes, start + head.valueStart(index), start + head.valueEnd(index));
    if (value === DIFFERENT_LENGTHS || (value >= 0 && this.contentLength >= 0 && value !== this.contentLength)) {
      this.refuse("HTTP_CONTENT_LENGTH_CONFLICT", quoted(head, bytes, start, index));
    } else if (value < 0) this.refuse("HTTP_CONTENT_LENGTH", quoted(head, bytes, start, index));
    else {
      // One that is given again rests on the values of both.
      this.lengthIndex = this.contentLength < 0 ? index : -1;
      this.contentLength = value;
    }
  }

  /** The first fault stays. */
  private refuse(fault: ProtocolFault, detail: string): void {
    if (this.fault !== null) return;
    this.fault = fault;
    this.detail = detail;
  }
}

/** A value for a message, cut where it is long. */
function quoted(head: HeadReader, bytes: Uint8Array, start: number, index: number): string {
  return JSON.stringify(head.value(bytes, start, index).slice(0, LONGEST_SHOWN));
}

/** What ends a body. */
export type BodyKind =
  | typeof BODY_NONE
  | typeof BODY_LENGTH
  | typeof BODY_CHUNKED
  | typeof BODY_UNTIL_CLOSE
  | typeof BODY_TUNNEL;

/** There is none, whatever the head says. */
export const BODY_NONE = 0;
/** `Content-Length` bytes. */
export const BODY_LENGTH = 1;
/** The last chunk. */
export const BODY_CHUNKED = 2;
/** The end of the connection. */
export const BODY_UNTIL_CLOSE = 3;
/** What follows belongs to another protocol. */
export const BODY_TUNNEL = 4;

/** Names of interest, in lower case; each has a length of its own, but for two. */
const CONNECTION: Uint8Array = latin1Bytes("connection");
const KEEP_ALIVE_FIELD: Uint8Array = latin1Bytes("keep-alive");
const CONTENT_LENGTH: Uint8Array = latin1Bytes("content-length");
const TRANSFER_ENCODING: Uint8Array = latin1Bytes("transfer-encoding");
const CONTENT_ENCODING: Uint8Array = latin1Bytes("content-encoding");

/** One bit for each of their lengths. */
const NAME_LENGTHS: number = (1 << 10) | (1 << 14) | (1 << 16) | (1 << 17);
const LONGEST_NAME = 17;

const LONGEST_SHOWN = 100;
