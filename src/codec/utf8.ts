import { isAscii } from "./ascii.ts";

/**
 * Checks text that arrives in pieces: whether it can still be UTF-8, and whether all of it was ASCII so far.
 */
export class Utf8Check {
  /** Every byte since {@link begin} was below 0x80. */
  ascii = true;
  #state: number = UTF8_ACCEPT;

  /** Starts a new text. */
  begin(): void {
    this.ascii = true;
    this.#state = UTF8_ACCEPT;
  }

  /** Takes the next bytes; false once no continuation can make the text valid. */
  feed(bytes: Uint8Array, words: Int32Array, start: number, end: number): boolean {
    if (this.#state === UTF8_ACCEPT && isAscii(bytes, words, start, end)) return true;
    this.ascii = false;
    this.#state = utf8Step(bytes, start, end, this.#state);
    return this.#state !== UTF8_REJECT;
  }

  /** True where the text so far ends between two characters. */
  get complete(): boolean {
    return this.#state === UTF8_ACCEPT;
  }
}

/**
 * UTF-8 by the ABNF of RFC 3629 section 4, resumable at any byte: by comparison for the usual characters, by table for the others.
 *
 * ```text
 * UTF8-1 = 00-7F
 * UTF8-2 = C2-DF tail
 * UTF8-3 = E0 A0-BF tail / E1-EC 2tail / ED 80-9F tail / EE-EF 2tail
 * UTF8-4 = F0 90-BF 2tail / F1-F3 3tail / F4 80-8F 2tail
 * ```
 *
 * Start with {@link UTF8_ACCEPT}, hand the result to the next piece, and the whole is valid where the end is again
 * {@link UTF8_ACCEPT}. {@link UTF8_REJECT} is final and is reached at the first byte that no continuation can mend.
 */
export function utf8Step(bytes: Uint8Array, start: number, end: number, state: number): number {
  let current = state;
  let pos = start;
  while (pos < end) {
    if (current === UTF8_ACCEPT) {
      pos = skipUsual(bytes, pos, end);
      if (pos === end) return UTF8_ACCEPT;
    }
    current = TRANSITIONS[(current << 8) | bytes[pos++]!]!;
    if (current === UTF8_REJECT) return UTF8_REJECT;
  }
  return current;
}

/**
 * The first position from `pos` on, between two characters, where not one of the usual characters stands whole: one, two or three bytes,
 * but for those three-byte ones whose second byte is restricted. Bet: text is made of these, so few bytes need the table.
 */
function skipUsual(bytes: Uint8Array, start: number, end: number): number {
  let pos = start;
  while (pos < end) {
    const first = bytes[pos]!;
    if (first < 0x80) {
      pos++;
    } else if (first < 0xe0) {
      if (first < 0xc2 || end - pos < 2 || (bytes[pos + 1]! & 0xc0) !== 0x80) return pos;
      pos += 2;
    } else {
      if (first === 0xe0 || first === 0xed || first > 0xef || end - pos < 3) return pos;
      if ((bytes[pos + 1]! & 0xc0) !== 0x80 || (bytes[pos + 2]! & 0xc0) !== 0x80) return pos;
      pos += 3;
    }
  }
  return pos;
}

/** Between two characters. */
export const UTF8_ACCEPT = 0;
/** Not UTF-8, whatever follows. */
export const UTF8_REJECT = 8;

const TAIL_1 = 1;
const TAIL_2 = 2;
const TAIL_3 = 3;
const AFTER_E0 = 4;
const AFTER_ED = 5;
const AFTER_F0 = 6;
const AFTER_F4 = 7;

/** `[state, first byte, last byte, next state]`; what is not listed is rejected. */
const RULES: readonly (readonly [number, number, number, number])[] = [
  [UTF8_ACCEPT, 0x00, 0x7f, UTF8_ACCEPT],
  [UTF8_ACCEPT, 0xc2, 0xdf, TAIL_1],
  [UTF8_ACCEPT, 0xe0, 0xe0, AFTER_E0],
  [UTF8_ACCEPT, 0xe1, 0xec, TAIL_2],
  [UTF8_ACCEPT, 0xed, 0xed, AFTER_ED],
  [UTF8_ACCEPT, 0xee, 0xef, TAIL_2],
  [UTF8_ACCEPT, 0xf0, 0xf0, AFTER_F0],
  [UTF8_ACCEPT, 0xf1, 0xf3, TAIL_3],
  [UTF8_ACCEPT, 0xf4, 0xf4, AFTER_F4],
  [TAIL_1, 0x80, 0xbf, UTF8_ACCEPT],
  [TAIL_2, 0x80, 0xbf, TAIL_1],
  [TAIL_3, 0x80, 0xbf, TAIL_2],
  [AFTER_E0, 0xa0, 0xbf, TAIL_1],
  [AFTER_ED, 0x80, 0x9f, TAIL_1],
  [AFTER_F0, 0x90, 0xbf, TAIL_2],
  [AFTER_F4, 0x80, 0x8f, TAIL_2],
];

const TRANSITIONS: Uint8Array = transitionTable();

function transitionTable(): Uint8Array {
  const table = new Uint8Array((UTF8_REJECT + 1) << 8).fill(UTF8_REJECT);
  for (const [state, first, last, next] of RULES) table.fill(next, (state << 8) | first, ((state << 8) | last) + 1);
  return table;
}
