import { COMMA, isBlank, latin1Bytes, sameName, spells, ZERO } from "./characters.ts";

/** Which of the two options that matter a value of `Connection` lists (RFC 9112 section 9.3), whatever their case: a sum of {@link CLOSE} and {@link KEEP_ALIVE}. */
export function connectionOptions(bytes: Uint8Array, start: number, end: number): number {
  let options = 0;
  for (let pos = start; pos < end; pos++) {
    const elementEnd = endOfElement(bytes, pos, end);
    let to = elementEnd;
    while (pos < to && isBlank(bytes[pos]!)) pos++;
    while (to > pos && isBlank(bytes[to - 1]!)) to--;
    if (to - pos === CLOSE_OPTION.length && spells(bytes, pos, CLOSE_OPTION)) options |= CLOSE;
    else if (to - pos === KEEP_ALIVE_OPTION.length && spells(bytes, pos, KEEP_ALIVE_OPTION)) options |= KEEP_ALIVE;
    pos = elementEnd;
  }
  return options;
}

/**
 * A field value that is `1*DIGIT`, or a list of the same number over and over, as intermediaries make of a repeated Content-Length
 * (RFC 9110 section 8.6): the number, {@link NOT_A_LENGTH} or {@link DIFFERENT_LENGTHS}.
 */
export function readLength(bytes: Uint8Array, start: number, end: number): number {
  let length = -1;
  let pos = start;
  for (;;) {
    while (pos < end && isBlank(bytes[pos]!)) pos++;
    let value = 0;
    const from = pos;
    while (pos < end && isDigit(bytes[pos]!)) {
      value = value * 10 + (bytes[pos]! - ZERO);
      if (value > Number.MAX_SAFE_INTEGER) return NOT_A_LENGTH;
      pos++;
    }
    if (pos === from) return NOT_A_LENGTH;
    while (pos < end && isBlank(bytes[pos]!)) pos++;
    if (length >= 0 && value !== length) return DIFFERENT_LENGTHS;
    length = value;
    if (pos === end) return length;
    if (bytes[pos] !== COMMA) return NOT_A_LENGTH;
    pos++;
  }
}

/** The number of a `name=1*DIGIT` element in a list, or −1: `timeout` of `Keep-Alive: timeout=5, max=100`. */
export function listNumber(bytes: Uint8Array, start: number, end: number, name: string): number {
  for (let pos = start; pos < end; pos++) {
    const elementEnd = endOfElement(bytes, pos, end);
    let from = pos;
    while (from < elementEnd && isBlank(bytes[from]!)) from++;
    const valueAt = from + name.length + 1;
    if (valueAt < elementEnd && bytes[valueAt - 1] === EQUALS && sameName(bytes, from, valueAt - 1, name)) {
      return readLength(bytes, valueAt, elementEnd);
    }
    pos = elementEnd;
  }
  return -1;
}

export const CLOSE = 1;
export const KEEP_ALIVE = 2;

const NOT_A_LENGTH: number = -1;
/** A list whose numbers are not all the same. */
export const DIFFERENT_LENGTHS: number = -2;

function endOfElement(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end && bytes[pos] !== COMMA) pos++;
  return pos;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

const CLOSE_OPTION: Uint8Array = latin1Bytes("close");
const KEEP_ALIVE_OPTION: Uint8Array = latin1Bytes("keep-alive");
const EQUALS = 0x3d;
