/**
 * `tchar` of RFC 9110 section 5.6.2, which names and methods are made of:
 * `"!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA`.
 */
export const TOKEN: Uint8Array = byteClass("!#$%&'*+-.^_`|~", "09", "AZ", "az");

/** What may stand in a field value, a reason phrase or a chunk extension: VCHAR, obs-text, SP and HTAB (RFC 9110 section 5.5). */
export const FIELD_TEXT: Uint8Array = byteClass("\t", " ~", "\x80\xff");

/** What may stand in path and query: `pchar`, `/`, `?`, `%`, and the brackets that many servers want bare (RFC 3986 sections 3.3, 3.4). */
export const TARGET_TEXT: Uint8Array = byteClass("!=_~[]", "$;", "?Z", "az");

/** `unreserved` and the marks that `encodeURIComponent` leaves as well. */
export const UNRESERVED: Uint8Array = byteClass("-_.!~*'()", "09", "AZ", "az");

/** White space within a line: `OWS` is any number of it. */
export function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB;
}

/** True where `bytes[start, end)` spell `name`, whatever the case of either. */
export function sameName(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let index = 0; index < name.length; index++) {
    const difference = bytes[start + index]! ^ name.charCodeAt(index);
    if (difference === 0) continue;
    if (difference !== CASE_BIT || !isLetter(name.charCodeAt(index))) return false;
  }
  return true;
}

/** True where what stands at `pos` is `name`, letters and `-` in lower case, whatever its case: bit 5 of a letter is its case, and `-` has it set. */
export function spells(bytes: Uint8Array, pos: number, name: Uint8Array): boolean {
  for (let index = 0; index < name.length; index++) {
    if ((bytes[pos + index]! | CASE_BIT) !== name[index]) return false;
  }
  return true;
}

/** The characters of `text`, none of them over U+00FF, a byte each. */
export function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The byte with a letter's case taken off. */
export function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | CASE_BIT : byte;
}

/** Writes `value`, an integer from 0 to 2^53 - 1, in decimal; returns the index after it. */
export function writeDecimal(bytes: Uint8Array, pos: number, value: number): number {
  const end = pos + decimalLength(value);
  let rest = value;
  let at = end;
  while (rest > LARGEST_INT32) {
    const next = Math.floor(rest / 10);
    bytes[--at] = ZERO + (rest - next * 10);
    rest = next;
  }
  let small = rest | 0;
  do {
    const next = (small / 10) | 0;
    bytes[--at] = ZERO + (small - next * 10);
    small = next;
  } while (small !== 0);
  return end;
}

/** How many digits {@link writeDecimal} writes. */
export function decimalLength(value: number): number {
  let length = 1;
  for (let bound = 10; value >= bound; bound *= 10) length++;
  return length;
}

/** A 256-entry table: 1 for each of `singles` and for each range, which is given as its first and last character. */
function byteClass(singles: string, ...ranges: readonly string[]): Uint8Array {
  const table = new Uint8Array(256);
  for (let index = 0; index < singles.length; index++) table[singles.charCodeAt(index)] = 1;
  for (const range of ranges) table.fill(1, range.charCodeAt(0), range.charCodeAt(1) + 1);
  return table;
}

function isLetter(code: number): boolean {
  const lower = code | CASE_BIT;
  return lower >= 0x61 && lower <= 0x7a;
}

export const LF = 0x0a;
export const CR = 0x0d;
export const HTAB = 0x09;
export const SP = 0x20;
export const DEL = 0x7f;
export const COLON = 0x3a;
export const COMMA = 0x2c;
export const SEMICOLON = 0x3b;
export const ZERO = 0x30;

const CASE_BIT = 0x20;
const LARGEST_INT32 = 0x7fffffff;
