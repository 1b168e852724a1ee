import { wordsOf } from "../ascii.ts";
import { UsageError } from "../errors.ts";
import { encodeUtf8 } from "../text.ts";
import type { PayloadWriter } from "../ws/frame-writer.ts";
import { CR, decimalLength, LF, latin1Bytes, sameName, writeDecimal } from "./characters.ts";
import { type DefaultHeaders, removeFields } from "./default-headers.ts";
import { CLOSE, connectionOptions } from "./field-list.ts";
import { type FieldName, fieldName } from "./field-name.ts";
import { NameCache } from "./name-cache.ts";
import { type Request, WriterRequest } from "./request.ts";
import {
  invalidValue,
  requireLength,
  requireRoom,
  reservedField,
  textOf,
  utf8Length,
  writeValue,
} from "./request-fields.ts";
import type { FinishStage, HeaderStage, QueryStage } from "./request-stages.ts";
import { RequestTarget } from "./request-target.ts";
import type { SpecialName } from "./special-names.ts";

/**
 * The one object behind the stages of a {@link RequestWriter}: writes the request from front to back into its buffer.
 *
 * `Content-Length` stands before the body, whose length in UTF-8 is not known before it is written: it is bet to be that of the text, and
 * where it is not the digits are put right, and the body moved if they became more.
 */
export class RequestBuilder implements QueryStage, HeaderStage, FinishStage {
  private readonly request: WriterRequest;
  private readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly target: RequestTarget;
  private readonly defaults: DefaultHeaders;
  private readonly names: NameCache<FieldName> = new NameCache(fieldName);
  private stage: Stage = CLOSED;
  /** Where the next byte goes: 0 <= pos <= bytes.length */
  private pos = 0;
  /** The default fields that are left stand before this index. */
  private defaultsEnd = 0;
  private hasContentType = false;
  /** A request of this method says that it has no body (RFC 9110 section 8.6). */
  private statesLength = false;

  /** `owned`: nobody else writes to `bytes` between two requests. */
  constructor(defaults: DefaultHeaders, bytes: Uint8Array, owned: boolean) {
    this.bytes = bytes;
    this.words = wordsOf(bytes);
    this.request = new WriterRequest(bytes);
    this.target = new RequestTarget(bytes, owned);
    this.defaults = defaults;
  }

  /** Begins a request: `line` are its method, a space and the base path, `path` is what comes behind. */
  begin(method: string, line: Uint8Array, path: string, statesLength: boolean): QueryStage {
    this.stage = CLOSED;
    this.target.begin(line, path);
    this.request.method = method;
    this.statesLength = statesLength;
    this.stage = TARGET;
    return this;
  }

  query(name: string, value: string | number | bigint): QueryStage {
    this.requireTarget("query");
    this.target.append(name, typeof value === "string" ? value : textOf(value));
    return this;
  }

  queryRaw(text: string): QueryStage {
    this.requireTarget("query");
    this.target.appendRaw(text);
    return this;
  }

  header(name: string, value: string | number): HeaderStage {
    this.enterHeaders();
    const { bytes, pos, defaults } = this;
    const text = typeof value === "string" ? value : textOf(value);
    const field = this.names.of(name);
    const nameBytes = field.bytes;
    const valueStart = pos + nameBytes.length;
    requireRoom(bytes, valueStart + text.length + 2);
    for (let index = 0; index < nameBytes.length; index++) bytes[pos + index] = nameBytes[index]!;
    const valueEnd = writeValue(bytes, this.words, valueStart, text);
    if (valueEnd < 0) throw invalidValue(name);
    bytes[valueEnd] = CR;
    bytes[valueEnd + 1] = LF;
    const end = valueEnd + 2;
    const ordinary = field.special === null && ((defaults.lengths >> name.length) & 1) === 0;
    this.pos = ordinary ? end : end - this.noteField(field.special, pos + name.length, valueStart, valueEnd);
    return this;
  }

  body(content: string | Uint8Array): FinishStage {
    const { bytes, request } = this;
    if (typeof content !== "string") {
      this.openBody(content.length, content.length);
      bytes.set(content, this.pos);
      return this.closeBody(this.pos + content.length);
    }
    const { length } = content;
    this.enterHeaders();
    this.openBody(length, this.pos + MOST_BEFORE_BODY + length * 3 <= bytes.length ? length : utf8Length(content));
    const written = encodeUtf8(bytes, content, this.pos);
    this.closeBody(this.pos + written);
    if (written !== length) request.restate();
    return this;
  }

  bodyJson(value: unknown): FinishStage {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) {
      throw new UsageError("REQUEST_BODY_INVALID", `Cannot write body: a ${typeof value} has no JSON form`);
    }
    this.enterHeaders();
    if (!this.hasContentType) this.header("Content-Type", "application/json");
    return this.body(text);
  }

  bodyWith(maxLength: number, write: PayloadWriter): FinishStage {
    requireLength(maxLength);
    this.openBody(maxLength, maxLength);
    const start = this.pos;
    // It sees all of the buffer, and might write before its part.
    this.target.forget();
    const end = write(this.bytes, start);
    if (!(Number.isInteger(end) && end >= start && end <= start + maxLength)) {
      this.stage = CLOSED;
      throw new UsageError(
        "WRITER_OUT_OF_BOUNDS",
        `Cannot write body: the writer ended at ${end}, not in ${start} to ${start + maxLength}`,
      );
    }
    this.closeBody(end);
    if (end - start !== maxLength) this.request.restate();
    return this;
  }

  bodyStream(length: number | null): FinishStage {
    const { request } = this;
    if (length === null) {
      this.enterHeaders();
      requireRoom(this.bytes, this.pos + CHUNKED.length);
      this.bytes.set(CHUNKED, this.pos);
      this.pos += CHUNKED.length;
    } else {
      requireLength(length);
      this.openBody(length, 0);
    }
    request.streamed = true;
    request.streamLength = length;
    return this.closeBody(this.pos);
  }

  finish(): Request {
    const { request, bytes } = this;
    if (this.stage === BODY) return this.close();
    this.enterHeaders();
    if (this.statesLength) {
      this.openBody(0, 0);
      this.closeBody(this.pos);
    } else {
      requireRoom(this.bytes, this.pos + 2);
      bytes[this.pos] = CR;
      bytes[this.pos + 1] = LF;
      request.bodyStart = this.pos + 2;
      request.end = request.bodyStart;
    }
    return this.close();
  }

  private close(): Request {
    this.stage = CLOSED;
    return this.request;
  }

  private enterHeaders(): void {
    if (this.stage !== HEADERS) this.closeTarget();
  }

  /** Ends the request line and adds the default fields. */
  private closeTarget(): void {
    this.requireTarget("this");
    const { request, defaults, target } = this;
    this.pos = target.end;
    requireRoom(this.bytes, this.pos + defaults.bytes.length);
    this.bytes.set(defaults.bytes, target.end);
    this.pos = target.end + defaults.bytes.length;
    this.defaultsEnd = this.pos;
    this.hasContentType = defaults.hasContentType;
    request.targetStart = request.method.length + 1;
    request.targetEnd = target.end;
    request.queryStart = target.hasQuery ? target.queryStart : target.end;
    request.keepAlive = !defaults.closes;
    request.upgrade = defaults.upgrades;
    request.expectsContinue = defaults.expectsContinue;
    request.streamed = false;
    request.streamLength = null;
    request.lengthStart = 0;
    this.stage = HEADERS;
  }

  /**
   * The field at {@link pos} may be a special one, or take the place of default ones. Returns by how many bytes it moved down over those;
   * nothing is changed where it throws.
   */
  private noteField(special: SpecialName | null, nameEnd: number, valueStart: number, valueEnd: number): number {
    const { bytes, request, defaults, pos } = this;
    if (special === "content-length" || special === "transfer-encoding") throw reservedField(special);
    const closes = special === "connection" && (connectionOptions(bytes, valueStart, valueEnd) & CLOSE) !== 0;
    const continues = special === "expect" && sameName(bytes, valueStart, valueEnd, "100-continue");
    const from = request.targetEnd + defaults.firstLine;
    const removed = defaults.has(bytes, pos, nameEnd)
      ? removeFields(bytes, from, this.defaultsEnd, pos, nameEnd, valueEnd + 2)
      : 0;
    this.defaultsEnd -= removed;
    if (special === "host" && removed === 0) {
      throw new UsageError("REQUEST_HEADER_INVALID", "Cannot write request: Host is given twice");
    }
    if (special === "connection") request.keepAlive = !closes && (removed > 0 || request.keepAlive);
    else if (special === "expect") request.expectsContinue = continues;
    else if (special === "upgrade") request.upgrade = true;
    else if (special === "content-type") this.hasContentType = true;
    return removed;
  }

  /** Ends the head with the digits of a `Content-Length` of `length`; there must be room for `size` bytes behind it. */
  private openBody(length: number, size: number): void {
    this.enterHeaders();
    const { bytes, request } = this;
    const digits = decimalLength(length);
    requireRoom(
      this.bytes,
      this.pos + CONTENT_LENGTH.length + decimalLength(Math.max(length, size)) + HEAD_END.length + size,
    );
    let pos = this.pos;
    for (let index = 0; index < CONTENT_LENGTH.length; index++) bytes[pos++] = CONTENT_LENGTH[index]!;
    request.lengthStart = pos;
    request.lengthDigits = digits;
    pos = writeDecimal(bytes, pos, length);
    for (let index = 0; index < HEAD_END.length; index++) bytes[pos++] = HEAD_END[index]!;
    this.pos = pos;
  }

  /** The body stands between {@link pos} and `end`. */
  private closeBody(end: number): FinishStage {
    const { request } = this;
    request.bodyStart = this.pos;
    request.end = end;
    this.stage = BODY;
    return this;
  }

  private requireTarget(what: string): void {
    if (this.stage === TARGET) return;
    throw new UsageError("REQUEST_STAGE", `Cannot write request: ${what} comes too late, or no request was begun`);
  }
}

/** What may come next. */
type Stage = typeof CLOSED | typeof TARGET | typeof HEADERS | typeof BODY;
const CLOSED = 0;
const TARGET = 1;
const HEADERS = 2;
const BODY = 3;

const CONTENT_LENGTH: Uint8Array = latin1Bytes("Content-Length: ");
const HEAD_END: Uint8Array = latin1Bytes("\r\n\r\n");
/** `Content-Length`, its digits and the blank line are never more. */
const MOST_BEFORE_BODY = 40;
const CHUNKED: Uint8Array = latin1Bytes("Transfer-Encoding: chunked\r\n\r\n");
