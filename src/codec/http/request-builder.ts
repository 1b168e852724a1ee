import { UsageError } from "../errors.ts";
import { encodeUtf8 } from "../text.ts";
import type { PayloadWriter } from "../ws/frame-writer.ts";
import { decimalLength, sameName } from "./characters.ts";
import { type DefaultHeaders, removeFields } from "./default-headers.ts";
import { BLANK, CHUNKED, FieldBlock, MOST_TAIL, tailLength } from "./field-block.ts";
import { CLOSE, connectionOptions } from "./field-list.ts";
import { type FieldName, fieldName } from "./field-name.ts";
import { NameCache } from "./name-cache.ts";
import { type Request, WriterRequest } from "./request.ts";
import { requireLength, requireRoom, reservedField, textOf, utf8Length } from "./request-fields.ts";
import type { FinishStage, HeaderStage, QueryStage } from "./request-stages.ts";
import { RequestTarget } from "./request-target.ts";
import type { SpecialName } from "./special-names.ts";

/**
 * The one object behind the stages of a {@link RequestWriter}: writes the target into the buffer, puts the fields together beside it, and
 * copies them behind the target when the head ends.
 *
 * `Content-Length` stands before the body, whose length in UTF-8 is not known before it is written: it is bet to be that of the text, and
 * where it is not the digits are put right, and the body moved if they became more.
 */
export class RequestBuilder implements QueryStage, HeaderStage, FinishStage {
  private readonly request: WriterRequest;
  private readonly bytes: Uint8Array;
  private readonly target: RequestTarget;
  private readonly fields: FieldBlock = new FieldBlock();
  private readonly defaults: DefaultHeaders;
  private readonly names: NameCache<FieldName> = new NameCache(fieldName);
  private stage: Stage = CLOSED;
  /** Where the body begins, once the head has ended. */
  private pos = 0;
  /** The default fields that are left stand before this index of {@link fields}. */
  private defaultsEnd = 0;
  private hasContentType = false;
  /** A request of this method says that it has no body (RFC 9110 section 8.6). */
  private statesLength = false;

  constructor(defaults: DefaultHeaders, bytes: Uint8Array) {
    this.bytes = bytes;
    this.request = new WriterRequest(bytes);
    this.target = new RequestTarget(bytes);
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
    if (this.stage !== HEADERS) this.closeTarget();
    const text = typeof value === "string" ? value : textOf(value);
    const slot = this.fields.repeat(name, text, this.bytes.length - this.target.end);
    if (slot === null) this.addField(name, text);
    else if (slot.field.special !== null) this.hasContentType = true;
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
    const most = this.target.end + this.fields.pos + MOST_TAIL + length * 3;
    this.openBody(length, most <= bytes.length ? length : utf8Length(content));
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
      this.closeHead(CHUNKED, 0);
    } else {
      requireLength(length);
      this.openBody(length, 0);
    }
    request.streamed = true;
    request.streamLength = length;
    return this.closeBody(this.pos);
  }

  finish(): Request {
    if (this.stage === BODY) return this.close();
    this.enterHeaders();
    if (this.statesLength) this.openBody(0, 0);
    else this.closeHead(BLANK, 0);
    this.closeBody(this.pos);
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
    requireRoom(this.bytes, target.end + defaults.bytes.length);
    this.fields.begin(defaults.bytes);
    this.defaultsEnd = defaults.bytes.length;
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

  /** The slow twin of a field that stands. */
  private addField(name: string, value: string): void {
    const { fields, defaults } = this;
    const field = this.names.of(name);
    requireRoom(this.bytes, this.target.end + fields.pos + field.bytes.length + value.length + 2);
    const valueEnd = fields.write(field, name, value);
    const { special } = field;
    const ordinary = special === null && ((defaults.lengths >> name.length) & 1) === 0;
    const removed = ordinary ? 0 : this.noteField(special, name.length, valueEnd);
    if (removed > 0) fields.keepMoved(valueEnd, removed);
    else fields.keep(field, name, value, valueEnd, special === null || special === "content-type");
  }

  /**
   * The field that was written may be a special one, or take the place of default ones. Returns by how many bytes it moved down over those;
   * nothing is changed where it throws.
   */
  private noteField(special: SpecialName | null, nameLength: number, valueEnd: number): number {
    const { request, defaults } = this;
    const { bytes, pos } = this.fields;
    const nameEnd = pos + nameLength;
    const valueStart = nameEnd + 2;
    if (special === "content-length" || special === "transfer-encoding") throw reservedField(special);
    const closes = special === "connection" && (connectionOptions(bytes, valueStart, valueEnd) & CLOSE) !== 0;
    const continues = special === "expect" && sameName(bytes, valueStart, valueEnd, "100-continue");
    const removed = defaults.has(bytes, pos, nameEnd)
      ? removeFields(bytes, defaults.firstLine, this.defaultsEnd, pos, nameEnd, valueEnd + 2)
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

  /** Ends the head with a `Content-Length` of `length`; there must be room for `size` bytes behind it. */
  private openBody(length: number, size: number): void {
    this.enterHeaders();
    this.closeHead(length, size);
    this.request.lengthStart = this.target.end + this.fields.lengthStart;
    this.request.lengthDigits = decimalLength(length);
  }

  /** Ends the head and copies it behind the target. */
  private closeHead(tail: number, size: number): void {
    const { bytes, fields, target } = this;
    requireRoom(bytes, target.end + fields.pos + tailLength(tail, size) + size);
    fields.end(tail);
    fields.copy(bytes, target.end);
    this.pos = target.end + fields.pos;
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
