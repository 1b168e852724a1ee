import { UsageError } from "../errors.ts";
import { COLON, LF, latin1Bytes, lowerCase, sameName } from "./characters.ts";
import { isFieldValue, isToken } from "./head.ts";
import { invalidName, invalidValue, reservedField } from "./request-fields.ts";

/** The fields that every request of a writer carries, `Host` the first, encoded once. */
export class DefaultHeaders {
  /** The end of the request line, and the field lines: ` HTTP/1.1 CRLF Host: … CRLF …`. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Where the first field line begins in them. */
  readonly firstLine: number = REQUEST_LINE_END.length;
  /** One bit per length of a name, for lengths modulo 32: a name whose bit is not set is none of them. */
  lengths = 0;

  /** `Connection` lists `close`. */
  closes = false;
  /** There is a `Content-Type`. */
  hasContentType = false;
  /** There is an `Upgrade`. */
  upgrades = false;
  /** `Expect` is `100-continue`. */
  expectsContinue = false;

  private fields: readonly Field[];

  constructor(host: string) {
    if (!AUTHORITY.test(host)) {
      throw new UsageError(
        "REQUEST_HOST_INVALID",
        `Cannot create writer: host ${JSON.stringify(host)} is no authority`,
      );
    }
    this.fields = [["Host", host]];
    this.encode();
  }

  /** Adds a field; a `Host` takes the place of the one there is. */
  add(name: string, value: string): void {
    checkField(name, value);
    this.fields = isHost(name) ? this.without(name, [name, value]) : [...this.fields, [name, value]];
    this.encode();
  }

  /** Puts a field in place of all of that name; null leaves it out. */
  set(name: string, value: string | null): void {
    if (value !== null) checkField(name, value);
    if (value === null && isHost(name)) {
      throw new UsageError("REQUEST_HEADER_RESERVED", "Cannot leave out Host: HTTP/1.1 requires it");
    }
    this.fields = this.without(name, value === null ? null : [name, value]);
    this.encode();
  }

  /** True where the name at `[start, end)` is that of a field, whatever its case. */
  has(bytes: Uint8Array, start: number, end: number): boolean {
    if (((this.lengths >> (end - start)) & 1) === 0) return false;
    for (let index = 0; index < this.fields.length; index++) {
      if (sameName(bytes, start, end, this.fields[index]![0])) return true;
    }
    return false;
  }

  /** The fields with `replacement` in the place of the first called `name`, or last, and without the others of that name. */
  private without(name: string, replacement: Field | null): Field[] {
    const at = this.fields.findIndex((field) => sameText(field[0], name));
    const kept: Field[] = [];
    for (const [index, field] of this.fields.entries()) {
      if (index === at && replacement !== null) kept.push(replacement);
      if (!sameText(field[0], name)) kept.push(field);
    }
    if (at < 0 && replacement !== null) kept.push(replacement);
    return kept;
  }

  private encode(): void {
    const text = `${REQUEST_LINE_END}${this.fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}`;
    this.bytes = latin1Bytes(text);
    this.lengths = 0;
    for (const [name] of this.fields) this.lengths |= 1 << name.length;
    this.closes = this.valuesOf("connection").some((value) =>
      value.split(",").some((token) => token.trim() === "close"),
    );
    this.hasContentType = this.valuesOf("content-type").length > 0;
    this.upgrades = this.valuesOf("upgrade").length > 0;
    this.expectsContinue = this.valuesOf("expect").includes("100-continue");
  }

  /** In lower case. */
  private valuesOf(name: string): string[] {
    return this.fields.filter((field) => sameText(field[0], name)).map(([, value]) => value.toLowerCase());
  }
}

/**
 * Removes the field lines in `[from, to)` of the head being written whose name is that at `[nameStart, nameEnd)`, whatever its case; what stands
 * behind, up to `end`, moves down. Returns how many bytes they were.
 */
export function removeFields(
  bytes: Uint8Array,
  from: number,
  to: number,
  nameStart: number,
  nameEnd: number,
  end: number,
): number {
  const length = nameEnd - nameStart;
  let removed = 0;
  let line = from;
  while (line < to - removed) {
    let next = line;
    while (bytes[next] !== LF) next++;
    next++;
    if (bytes[line + length] === COLON && isSameName(bytes, line, nameStart - removed, length)) {
      bytes.copyWithin(line, next, end - removed);
      removed += next - line;
    } else line = next;
  }
  return removed;
}

/** True where the two names of `length` are one, whatever their case. */
function isSameName(bytes: Uint8Array, one: number, other: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (lowerCase(bytes[one + index]!) !== lowerCase(bytes[other + index]!)) return false;
  }
  return true;
}

type Field = readonly [name: string, value: string];

function checkField(name: string, value: string): void {
  if (!isToken(name)) throw invalidName(name);
  if (sameText(name, "content-length") || sameText(name, "transfer-encoding")) throw reservedField(name);
  if (!isFieldValue(value)) throw invalidValue(name);
}

function isHost(name: string): boolean {
  return sameText(name, "host");
}

function sameText(one: string, other: string): boolean {
  return one.length === other.length && one.toLowerCase() === other.toLowerCase();
}

const REQUEST_LINE_END = " HTTP/1.1\r\n";

/** `host [ ":" port ]` of RFC 3986 section 3.2, without user information. */
const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~!$&'()*+,;=%]+)(?::\d{1,5})?$/;
