import { SP, ZERO } from "./characters.ts";

/**
 * Reads `HTTP/1.x SP 3DIGIT [SP reason]` (RFC 9112 section 4): the status from 100 to 999, {@link NO_STATUS_LINE} or {@link OTHER_VERSION}.
 * The space before an empty reason may be missing, as many servers leave it out; nothing else may.
 */
export function readStatus(bytes: Uint8Array, start: number, length: number): number {
  if (length < REASON_AT - 1) return NO_STATUS_LINE;
  for (let index = 0; index < PROTOCOL.length; index++) {
    if (bytes[start + index] !== PROTOCOL.charCodeAt(index)) return NO_STATUS_LINE;
  }
  const major = bytes[start + 5]! - ZERO;
  const minor = bytes[start + MINOR_AT]! - ZERO;
  const hundreds = bytes[start + STATUS_AT]! - ZERO;
  const tens = bytes[start + STATUS_AT + 1]! - ZERO;
  const ones = bytes[start + STATUS_AT + 2]! - ZERO;
  if (!isDigit(major) || bytes[start + 6] !== DOT || !isDigit(minor) || bytes[start + 8] !== SP) return NO_STATUS_LINE;
  if (!isDigit(hundreds) || hundreds === 0 || !isDigit(tens) || !isDigit(ones)) return NO_STATUS_LINE;
  if (length >= REASON_AT && bytes[start + REASON_AT - 1] !== SP) return NO_STATUS_LINE;
  if (major !== 1 || minor > 1) return OTHER_VERSION;
  return hundreds * 100 + tens * 10 + ones;
}

/** The line is malformed. */
const NO_STATUS_LINE: number = -1;
/** The line is one of another version than HTTP/1.0 and HTTP/1.1. */
export const OTHER_VERSION: number = -2;
/** Where the minor version stands in the line, and where the reason begins. */
export const MINOR_AT = 7;
export const REASON_AT = 13;

function isDigit(value: number): boolean {
  return value >= 0 && value <= 9;
}

const PROTOCOL = "HTTP/";
const STATUS_AT = 9;
const DOT = 0x2e;
