import type { ProtocolFault } from "../errors.ts";
import { sameName } from "./characters.ts";
import { DIFFERENT_LENGTHS, listHas, readLength } from "./field-list.ts";
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

  private chunked = false;
  private close = false;
  private persist = false;

  /** Reads a final response's head, which begins at `start`, for what rests on it; {@link conclude} judges that. */
  scan(head: HeadReader, bytes: Uint8Array, start: number): void {
    this.fault = null;
    this.contentLength = -1;
    this.lengthIndex = -1;
    this.contentEncoding = -1;
    this.chunked = false;
    this.close = false;
    this.persist = false;
    const count = head.count;
    for (let index = 0; index < count; index++) {
      const nameStart = head.nameStart(index);
      switch (head.nameEnd(index) - nameStart) {
        case CONNECTION.length:
          if (spells(bytes, start + nameStart, CONNECTION)) this.readConnection(head, bytes, start, index);
          break;
        case CONTENT_LENGTH.length:
          if (spells(bytes, start + nameStart, CONTENT_LENGTH)) this.readContentLength(head, bytes, start, index);
          break;
        case TRANSFER_ENCODING.length:
          if (spells(bytes, start + nameStart, TRANSFER_ENCODING)) this.readTransferEncoding(head, bytes, start, index);
          break;
        case CONTENT_ENCODING.length:
          if (this.contentEncoding < 0 && spells(bytes, start + nameStart, CONTENT_ENCODING))
            this.contentEncoding = index;
          break;
        default:
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

  private readConnection(head: HeadReader, bytes: Uint8Array, start: number, index: number): void {
    const from = start + head.valueStart(index);
    const to = start + head.valueEnd(index);
    this.close ||= listHas(bytes, from, to, "close");
    this.persist ||= listHas(bytes, from, to, "keep-alive");
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

/** True where the token at `pos` is `name`, whatever its case: bit 5 of a letter is its case, and `-` has it set. */
function spells(bytes: Uint8Array, pos: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) {
    if ((bytes[pos + index]! | CASE_BIT) !== name[index]) return false;
  }
  return true;
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

/** Names of interest, in lower case; each has a length of its own. */
const CONNECTION: Uint8Array = characters("connection");
const CONTENT_LENGTH: Uint8Array = characters("content-length");
const TRANSFER_ENCODING: Uint8Array = characters("transfer-encoding");
const CONTENT_ENCODING: Uint8Array = characters("content-encoding");

function characters(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const CASE_BIT = 0x20;
const LONGEST_SHOWN = 100;
