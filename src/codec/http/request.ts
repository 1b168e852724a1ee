import { UsageError } from "../errors.ts";
import { CR, decimalLength, LF, writeDecimal } from "./characters.ts";
import { isToken } from "./head.ts";
import {
  AMPERSAND,
  invalidName,
  invalidValue,
  parameterLength,
  QUESTION,
  querySeparator,
  requireRoom,
  reservedField,
  textOf,
  writeFieldSeparator,
  writeName,
  writeParameter,
  writeValueInPlace,
} from "./request-fields.ts";
import { specialName } from "./special-names.ts";

/**
 * A request in the bytes that go on the wire. It is the writer's one request: valid until the writer begins another, so the bytes must be
 * sent, or copied, before that.
 *
 * ```text
 *   POST /api/v3/order?symbol=BTCUSDT HTTP/1.1 CRLF  …  Content-Length: 12 CRLF CRLF  {"price":1}
 *   ^ start
 *        ^ targetStart ^ queryStart  ^ targetEnd                                     ^ bodyStart  ^ end
 * ```
 *
 * A signature over query or body is stamped once they are written: {@link stampQuery}, {@link stampHeader} and {@link stampBody} insert it
 * in place, and what follows moves up.
 */
export class Request {
  /** The writer's memory, which holds the request at `[start, end)`. */
  readonly buffer: Uint8Array;
  readonly start: number = 0;
  end = 0;
  method = "";
  /** Path and query are at `[targetStart, targetEnd)`, the query without its `?` at `[queryStart, targetEnd)`, empty where there is none. */
  targetStart = 0;
  queryStart = 0;
  targetEnd = 0;
  /** The body is at `[bodyStart, end)`; empty where there is none, and where it is streamed. */
  bodyStart = 0;
  /** The connection may carry another request behind this one: `Connection` does not list `close`. */
  keepAlive = true;
  /** It has an `Upgrade` field, so that 101 is an answer. */
  upgrade = false;
  /** `Expect: 100-continue`: the body may wait until the server says so (RFC 9110 section 10.1.1). */
  expectsContinue = false;
  /** The body follows on the connection; these bytes are the head alone. */
  streamed = false;
  /** Bytes of the body that follows; null where it goes in chunks. */
  streamLength: number | null = null;

  /** Where the digits of `Content-Length` begin, 0 where there are none. */
  protected lengthStart = 0;
  protected lengthDigits = 0;

  constructor(buffer: Uint8Array) {
    this.buffer = buffer;
  }

  /** Bytes of the request, without a streamed body. */
  get length(): number {
    return this.end;
  }

  /** All of it, as a view. */
  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.end);
  }

  /** Path and query as they go on the wire, as a view. */
  targetBytes(): Uint8Array {
    return this.buffer.subarray(this.targetStart, this.targetEnd);
  }

  /** The query as it goes on the wire, without its `?`, as a view. */
  queryBytes(): Uint8Array {
    return this.buffer.subarray(this.queryStart, this.targetEnd);
  }

  /** The body, as a view. */
  bodyBytes(): Uint8Array {
    return this.buffer.subarray(this.bodyStart, this.end);
  }

  /** Appends `name=value` to the query, percent-encoded: `request.stampQuery("signature", sign(request.queryBytes()))`. */
  stampQuery(name: string, value: string | number | bigint): this {
    const text = textOf(value);
    const { buffer, targetEnd } = this;
    const separator = querySeparator(buffer, this.queryStart, targetEnd);
    const size = (separator === 0 ? 0 : 1) + parameterLength(name, text);
    this.insert(targetEnd, size);
    if (separator !== 0) buffer[targetEnd] = separator;
    if (separator === QUESTION) this.queryStart = targetEnd + 1;
    writeParameter(buffer, separator === 0 ? targetEnd : targetEnd + 1, name, text);
    this.targetEnd += size;
    this.bodyStart += size;
    if (this.lengthStart !== 0) this.lengthStart += size;
    return this;
  }

  /**
   * Adds a field behind the others, none of which should have its name: `request.stampHeader("X-Signature", sign(request.bodyBytes()))`.
   * Refuses what the header stage refuses, and the fields whose meaning the connection must know.
   */
  stampHeader(name: string, value: string | number): this {
    const text = textOf(value);
    if (!isToken(name)) throw invalidName(name);
    if (specialName(name) !== null) throw reservedField(name);
    const size = name.length + text.length + 4;
    const at = this.bodyStart - 2;
    this.insert(at, size);
    const { buffer } = this;
    const valueAt = writeFieldSeparator(buffer, writeName(buffer, at, name));
    const end = writeValueInPlace(buffer, valueAt, text);
    if (end < 0) {
      this.insert(at + size, -size);
      throw invalidValue(name);
    }
    buffer[end] = CR;
    buffer[end + 1] = LF;
    this.bodyStart += size;
    return this;
  }

  /**
   * Appends `name=value`, percent-encoded, to a body that is a form, and puts `Content-Length` right. Throws `REQUEST_BODY_MISSING` where the
   * request has none that it could go to.
   */
  stampBody(name: string, value: string | number | bigint): this {
    const text = textOf(value);
    if (this.lengthStart === 0 || this.streamed) {
      throw new UsageError("REQUEST_BODY_MISSING", "Cannot stamp body: the request has none, or it is streamed");
    }
    const first = this.bodyStart === this.end;
    const size = (first ? 0 : 1) + parameterLength(name, text);
    const bodyEnd = this.end;
    const digits = decimalLength(bodyEnd - this.bodyStart + size);
    requireRoom(this.buffer, bodyEnd + size + digits - this.lengthDigits);
    this.insert(bodyEnd, size);
    if (!first) this.buffer[bodyEnd] = AMPERSAND;
    writeParameter(this.buffer, first ? bodyEnd : bodyEnd + 1, name, text);
    this.restateLength();
    return this;
  }

  /** `Content-Length` says what the body has. */
  protected restateLength(): void {
    const length = this.end - this.bodyStart;
    const digits = decimalLength(length);
    const lengthEnd = this.lengthStart + this.lengthDigits;
    const growth = digits - this.lengthDigits;
    if (growth !== 0) this.insert(lengthEnd, growth);
    this.bodyStart += growth;
    this.lengthDigits = digits;
    writeDecimal(this.buffer, this.lengthStart, length);
  }

  /** Moves what stands at `at` and behind by `size` bytes. */
  private insert(at: number, size: number): void {
    requireRoom(this.buffer, this.end + size);
    if (at < this.end) this.buffer.copyWithin(at + size, at, this.end);
    this.end += size;
  }

  static {
    // What `console.log` shows: neither the bytes nor the target, which hold keys and signatures.
    Object.defineProperty(Request.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: Request): string {
        return `Request { ${this.method}, ${this.end - this.start} bytes }`;
      },
    });
  }
}

/** The request as its writer sees it: the fields that others have no business with are open here. */
export class WriterRequest extends Request {
  declare lengthStart: number;
  declare lengthDigits: number;

  /** The body at `[bodyStart, end)` is not as long as was bet. */
  restate(): void {
    this.restateLength();
  }
}
