import { UsageError } from "../errors.ts";
import { encodeUtf8 } from "../text.ts";
import { COLON, SP, TARGET_TEXT, TOKEN } from "./characters.ts";
import { isFieldValue } from "./head.ts";
import { percentLength, writePercent } from "./percent.ts";

/**
 * Writes `name`, which must be a token (RFC 9110 section 5.1), at `pos`, where there is room for it; returns the index after it.
 * Throws `REQUEST_HEADER_INVALID`.
 */
export function writeName(bytes: Uint8Array, pos: number, name: string): number {
  const token = TOKEN;
  const length = name.length;
  for (let index = 0; index < length; index++) {
    const code = name.charCodeAt(index);
    if (code > 0x7f || token[code] === 0) throw invalidName(name);
    bytes[pos + index] = code;
  }
  if (length === 0) throw invalidName(name);
  return pos + length;
}

/**
 * Writes `value`, which must be a field value (RFC 9110 section 5.5), at `pos`, behind its name, where there is room for a byte a character;
 * returns the index after it, −1 where it is no field value. `words` are `bytes` in words.
 *
 * Bet: the value is visible ASCII, so that UTF-8 is as long as the text, and one look at the bytes says that nothing else is in it. A value
 * that is cut for want of room shows by bytes over 0x7F, or by being shorter. Not a byte is written behind the room.
 */
export function writeValue(bytes: Uint8Array, words: Int32Array, pos: number, value: string): number {
  const length = value.length;
  if (length <= SHORT_VALUE) return writeValueInPlace(bytes, pos, value);
  const end = pos + length;
  if (encodeUtf8(bytes, value, pos, length) !== length || !isVisible(words, pos, end)) {
    return writeAnyValue(bytes, pos, value);
  }
  return bytes[pos] === SP || bytes[end - 1] === SP ? -1 : end;
}

/** Writes what stands between name and value. */
export function writeFieldSeparator(bytes: Uint8Array, pos: number): number {
  bytes[pos] = COLON;
  bytes[pos + 1] = SP;
  return pos + 2;
}

/** What must stand between the query so far, at `[queryStart, targetEnd)`, and one more parameter; 0 for nothing. */
export function querySeparator(bytes: Uint8Array, queryStart: number, targetEnd: number): number {
  if (queryStart < targetEnd) return AMPERSAND;
  return bytes[targetEnd - 1] === QUESTION ? 0 : QUESTION;
}

/** Writes `name=value`, percent-encoded, at `pos`, where there is room for it; returns the index after it. */
export function writeParameter(bytes: Uint8Array, pos: number, name: string, value: string): number {
  const at = writePercent(bytes, pos, name);
  bytes[at] = EQUALS;
  return writePercent(bytes, at + 1, value);
}

/** How many bytes {@link writeParameter} writes. */
export function parameterLength(name: string, value: string): number {
  return percentLength(name) + 1 + percentLength(value);
}

/** {@link writeValue} between bytes that must stay. */
export function writeValueInPlace(bytes: Uint8Array, pos: number, value: string): number {
  const length = value.length;
  let outside = 0;
  for (let index = 0; index < length; index++) {
    const code = value.charCodeAt(index);
    // Below zero where it is not visible.
    outside |= (code - SP) | (TILDE - code);
    bytes[pos + index] = code;
  }
  if (outside < 0) return writeAnyValue(bytes, pos, value);
  if (length > 0 && (bytes[pos] === SP || bytes[pos + length - 1] === SP)) return -1;
  return pos + length;
}

/**
 * Writes `text`, a path or a query that is encoded already, at `pos`, where there is room for it; returns the index after it. Throws `code`
 * for what may not stand there; `text` is not shown: it may hold a secret.
 */
export function writeTarget(bytes: Uint8Array, pos: number, text: string, code: string, what: string): number {
  const allowed = TARGET_TEXT;
  const length = text.length;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f || allowed[unit] === 0) {
      const point = unit.toString(16).toUpperCase().padStart(4, "0");
      throw new UsageError(code, `Cannot write request: ${what} has U+${point} at index ${index}, unencoded`);
    }
    bytes[pos + index] = unit;
  }
  return pos + length;
}

/** How many bytes `text` is in UTF-8, a lone surrogate being U+FFFD. */
export function utf8Length(text: string): number {
  let size = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    size += point <= 0x7f ? 1 : point <= 0x7ff ? 2 : point <= 0xffff ? 3 : 4;
  }
  return size;
}

export function requireLength(length: number): void {
  if (Number.isSafeInteger(length) && length >= 0) return;
  throw new UsageError("REQUEST_BODY_INVALID", `Cannot write body: ${length} is no number of bytes`);
}

/** A value as text. Throws `REQUEST_NUMBER_INVALID` for a number that has no digits. */
export function textOf(value: string | number | bigint): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new UsageError("REQUEST_NUMBER_INVALID", `Cannot write request: ${value} is not a finite number`);
  }
  return String(value);
}

export function invalidName(name: string): UsageError {
  return new UsageError(
    "REQUEST_HEADER_INVALID",
    `Cannot write request: header name ${JSON.stringify(name.slice(0, LONGEST_SHOWN))} is not a token`,
  );
}

/** Throws where a request that goes at least up to `end` does not fit. */
export function requireRoom(bytes: Uint8Array, end: number): void {
  if (end <= bytes.length) return;
  const message = `Cannot write request: it is at least ${end} bytes where capacity is ${bytes.length}`;
  throw new UsageError("REQUEST_TOO_LARGE", message);
}

/** Framing is the writer's alone: a second opinion on where the body ends is how requests are smuggled. */
export function reservedField(name: string): UsageError {
  return new UsageError("REQUEST_HEADER_RESERVED", `Cannot write request: header ${name} is written by the writer`);
}

/** The value is not shown: it may be a secret. */
export function invalidValue(name: string): UsageError {
  return new UsageError(
    "REQUEST_HEADER_INVALID",
    `Cannot write request: value of header ${name} has a control character, white space around it, or one over U+00FF`,
  );
}

/** The slow twin: one byte a character, whatever the value is. */
function writeAnyValue(bytes: Uint8Array, pos: number, value: string): number {
  if (!isFieldValue(value)) return -1;
  for (let index = 0; index < value.length; index++) bytes[pos + index] = value.charCodeAt(index);
  return pos + value.length;
}

/**
 * True where each of the bytes `[start, end)` of `words` is from SP to `~`; a word is judged at once as in the head reader. The first one may
 * begin with what stands before a value, which is its name, colon and space; of the last one the rest is taken for spaces.
 */
function isVisible(words: Int32Array, start: number, end: number): boolean {
  const lastWord = end >> 2;
  let all = -1;
  let any = 0;
  for (let word = start >> 2; word < lastWord; word++) {
    const four = words[word]!;
    all &= four | (four << 1);
    any |= (four + ONES) | four;
  }
  const rest = (end & 3) << 3;
  if (rest !== 0) {
    const mask = (1 << rest) - 1;
    const four = (words[lastWord]! & mask) | (SPACES & ~mask);
    all &= four | (four << 1);
    any |= (four + ONES) | four;
  }
  return (all & BITS_6) === BITS_6 && (any & BITS_7) === 0;
}

export const QUESTION = 0x3f;
export const AMPERSAND = 0x26;
export const EQUALS = 0x3d;
const TILDE = 0x7e;
const ONES = 0x01010101;
const SPACES = 0x20202020;
const BITS_6 = 0x40404040;
const BITS_7 = 0x80808080 | 0;

/** Up to here a loop over the characters is quicker than a call into the engine and a look at the bytes. */
const SHORT_VALUE = 16;
const LONGEST_SHOWN = 100;
