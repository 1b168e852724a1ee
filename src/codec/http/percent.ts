import { encodeUtf8 } from "../text.ts";
import { UNRESERVED } from "./characters.ts";

/**
 * Writes `text` at `pos`, percent-encoded as `encodeURIComponent` does it, and returns the index after it. A lone surrogate becomes
 * U+FFFD. `bytes` must have room for {@link percentLength}, which is never more than {@link MOST_PER_UNIT} times the text's length.
 *
 * Bet: nothing in it is to be encoded. Not a byte is written behind the result, not even where the bet is lost.
 */
export function writePercent(bytes: Uint8Array, pos: number, text: string): number {
  const end = writePlain(bytes, pos, text);
  return end < 0 ? writeEncoded(bytes, pos, text) : end;
}

/** Writes `text` at `pos` where nothing in it is to be encoded, and returns the index after it, else −1. There must be room for a byte a unit. */
function writePlain(bytes: Uint8Array, pos: number, text: string): number {
  const unreserved = UNRESERVED;
  const length = text.length;
  if (length > SHORT_TEXT) {
    // What is more than a byte in UTF-8 is at least three times as long in the end, so this stays within it. A text that is cut for want of
    // room has such characters, and these are seen below.
    if (encodeUtf8(bytes, text, pos) !== length) return -1;
    for (let at = pos; at < pos + length; at++) if (unreserved[bytes[at]!] === 0) return -1;
    return pos + length;
  }
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f || unreserved[code] === 0) return -1;
    bytes[pos + index] = code;
  }
  return pos + length;
}

/** The slow twin: encodes what is to be encoded. */
function writeEncoded(bytes: Uint8Array, pos: number, text: string): number {
  const unreserved = UNRESERVED;
  let at = pos;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code <= 0x7f) {
      if (unreserved[code] !== 0) bytes[at++] = code;
      else at = writeOctet(bytes, at, code);
      continue;
    }
    const point = pointAt(text, index);
    if (point > 0xffff) index++;
    at = writePoint(bytes, at, point);
  }
  return at;
}

/** How many bytes {@link writePercent} writes. */
export function percentLength(text: string): number {
  const unreserved = UNRESERVED;
  const length = text.length;
  let size = length;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code <= 0x7f) {
      if (unreserved[code] === 0) size += 2;
      continue;
    }
    const point = pointAt(text, index);
    if (point > 0xffff) index++;
    size += point > 0xffff ? 10 : point > 0x7ff ? 8 : 5;
  }
  return size;
}

/** One UTF-16 unit becomes at most three bytes of UTF-8, each of them three characters. */
export const MOST_PER_UNIT = 9;

/** The code point at `index`; U+FFFD for half a pair. */
function pointAt(text: string, index: number): number {
  const point = text.codePointAt(index) ?? REPLACEMENT;
  return point >= 0xd800 && point <= 0xdfff ? REPLACEMENT : point;
}

/** `point` is above 0x7F. */
function writePoint(bytes: Uint8Array, pos: number, point: number): number {
  if (point <= 0x7ff) return writeOctet(bytes, writeOctet(bytes, pos, 0xc0 | (point >> 6)), tail(point));
  if (point <= 0xffff) {
    const at = writeOctet(bytes, writeOctet(bytes, pos, 0xe0 | (point >> 12)), tail(point >> 6));
    return writeOctet(bytes, at, tail(point));
  }
  const at = writeOctet(bytes, writeOctet(bytes, pos, 0xf0 | (point >> 18)), tail(point >> 12));
  return writeOctet(bytes, writeOctet(bytes, at, tail(point >> 6)), tail(point));
}

function tail(bits: number): number {
  return 0x80 | (bits & 0x3f);
}

function writeOctet(bytes: Uint8Array, pos: number, octet: number): number {
  bytes[pos] = PERCENT;
  bytes[pos + 1] = HEX_DIGITS.charCodeAt(octet >> 4);
  bytes[pos + 2] = HEX_DIGITS.charCodeAt(octet & 0xf);
  return pos + 3;
}

/** Up to here a loop over the characters is quicker than a call into the engine and a look at the bytes. */
const SHORT_TEXT = 24;
const PERCENT = 0x25;
const HEX_DIGITS = "0123456789ABCDEF";
const REPLACEMENT = 0xfffd;
