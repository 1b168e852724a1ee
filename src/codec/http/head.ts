import type { ProtocolFault } from "../errors.ts";
import { decodeLatin1 } from "../text.ts";
import { COLON, CR, DEL, FIELD_TEXT, HTAB, isBlank, LF, SP, sameName, TOKEN } from "./characters.ts";

/** Fields in order and case. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** Limits of a {@link HeadReader}. */
export interface HeadLimits {
  /** Bytes of the head, start line and blank line included. */
  readonly maxHeadSize: number;
  /** Field lines. */
  readonly maxHeaders: number;
}

/** Where the parts of a head are, relative to its first byte. */
export interface HeadLayout {
  readonly size: number;
  readonly count: number;
  readonly startLineLength: number;
  /** Four a field: name start, name end, value start, value end. */
  offsets: Int32Array;
}

/**
 * The head of an HTTP/1.1 message (RFC 9112 sections 2 to 5): a start line and field lines, kept as offsets into the bytes they
 * arrived in. Resumable at every byte, and no byte is looked at twice; a fault is known with the byte that makes it one.
 *
 * Strict: lines end in CRLF; a bare CR or LF, NUL, an obsolete fold, a name that is no token, and white space before the
 * colon are refused (sections 2.2, 5.1, 5.2).
 */
export class HeadReader implements HeadLayout {
  fault: ProtocolFault | null = null;
  /** The numbers that belong to `fault`. */
  detail = "";
  /** Field lines read. */
  count = 0;
  /** Bytes of the lines read so far; of all the head once {@link read} has returned true. */
  size = 0;
  /** Length of the start line without its CRLF; −1 while there is none. */
  startLineLength = -1;
  /** Of the fields read, as {@link HeadLayout} has them: those of a layout that was adopted, or {@link own}. */
  offsets: Int32Array;

  private own: Int32Array;
  private readonly limits: HeadLimits;
  /** Bytes looked at: size <= position <= maxHeadSize. */
  private position = 0;
  private phase: number = START_LINE;

  constructor(limits: HeadLimits) {
    this.limits = limits;
    this.own = new Int32Array(limits.maxHeaders * 4);
    this.offsets = this.own;
  }

  /** Is ready for a new head. */
  clear(): void {
    this.count = 0;
    this.size = 0;
    this.startLineLength = -1;
    this.offsets = this.own;
    // A layout that was adopted has left the rest as it was.
    if (this.fault === null && this.position === 0 && this.phase === START_LINE) return;
    this.fault = null;
    this.detail = "";
    this.position = 0;
    this.phase = START_LINE;
  }

  /** Is ready for the fields behind a chunked body (RFC 9112 section 7.1.2), which have no start line. */
  clearForTrailers(): void {
    this.clear();
    this.startLineLength = 0;
    this.phase = LINE;
  }

  /** No byte was looked at since {@link clear}. */
  get isFresh(): boolean {
    return this.position === 0;
  }

  /** The head is whole, and laid out as `layout` says. */
  adopt(layout: HeadLayout): void {
    this.offsets = layout.offsets;
    this.count = layout.count;
    this.size = layout.size;
    this.startLineLength = layout.startLineLength;
  }

  /** Leaves the offsets of the head that was read to `layout`, and takes its old ones for heads to come. */
  leaveOffsets(layout: HeadLayout): void {
    const spare = layout.offsets;
    layout.offsets = this.own;
    this.own = spare;
  }

  /**
   * Reads on in the head that begins at `start`, of which the bytes up to `end` are there. True once the blank line was read; false
   * where bytes are missing or {@link fault} is set. `words` are the same memory in words, by which values are read four bytes a step.
   */
  read(bytes: Uint8Array, start: number, end: number, words: Int32Array = NO_WORDS): boolean {
    if (this.fault !== null) return false;
    const token = TOKEN;
    const offsets = this.offsets;
    const most = start + this.limits.maxHeadSize;
    const limit = end < most ? end : most;
    let pos = start + this.position;
    let phase = this.phase;
    let at = this.count * 4;
    while (pos < limit) {
      if (phase === LINE) {
        const first = bytes[pos]!;
        if (first === CR) {
          pos++;
          phase = LAST_LINE_FEED;
          continue;
        }
        if (at === offsets.length || token[first] === 0) return this.refuseLine(first, pos - start);
        offsets[at] = pos - start;
        pos++;
        phase = NAME;
      }
      if (phase === NAME) {
        while (pos < limit && token[bytes[pos]!] !== 0) pos++;
        if (pos === limit) break;
        if (bytes[pos] !== COLON) return this.refuseName(bytes[pos]!, pos - start);
        offsets[at + 1] = pos - start;
        pos++;
        phase = BEFORE_VALUE;
      }
      if (phase === BEFORE_VALUE) {
        while (pos < limit && isBlank(bytes[pos]!)) pos++;
        if (pos === limit) break;
        offsets[at + 2] = pos - start;
        phase = VALUE;
      }
      if (phase === VALUE || phase === START_LINE) {
        pos = skipText(bytes, words, pos, limit);
        if (pos === limit) break;
        if (bytes[pos] !== CR) return this.refuseText(bytes[pos]!, pos - start);
        if (phase === VALUE) {
          const from = start + offsets[at + 2]!;
          let to = pos;
          while (to > from && isBlank(bytes[to - 1]!)) to--;
          offsets[at + 3] = to - start;
        }
        pos++;
        phase = phase === VALUE ? LINE_FEED : START_LINE_FEED;
        if (pos === limit) break;
      }
      if (bytes[pos] !== LF) return this.refuse("HTTP_BARE_CR", `0xd at byte ${pos - 1 - start}`);
      pos++;
      this.size = pos - start;
      if (phase === LAST_LINE_FEED) return true;
      if (phase === START_LINE_FEED) this.startLineLength = this.size - 2;
      else {
        at += 4;
        this.count++;
      }
      phase = LINE;
    }
    this.position = pos - start;
    this.phase = phase;
    if (limit === most) this.refuse("HTTP_HEAD_TOO_LARGE", `it is over ${this.limits.maxHeadSize} bytes`);
    return false;
  }

  /** The name of field `index` as it was sent; `start` is where the head begins now. */
  name(bytes: Uint8Array, start: number, index: number): string {
    return decodeLatin1(bytes, start + this.nameStart(index), start + this.nameEnd(index));
  }

  /** The value of field `index`, white space around it trimmed; bytes over 0x7F are read as Latin-1 (RFC 9110 section 5.5). */
  value(bytes: Uint8Array, start: number, index: number): string {
    return decodeLatin1(bytes, start + this.valueStart(index), start + this.valueEnd(index));
  }

  /** The first field at or after `from` that is called `name`, or −1. Names are compared without regard to case. */
  find(bytes: Uint8Array, start: number, name: string, from = 0): number {
    const { offsets } = this;
    const length = name.length;
    const end = this.count * 4;
    for (let at = from * 4; at < end; at += 4) {
      const nameStart = offsets[at]!;
      if (offsets[at + 1]! - nameStart !== length) continue;
      const pos = start + nameStart;
      if (sameName(bytes, pos, pos + length, name)) return at >> 2;
    }
    return -1;
  }

  /** Where the name of field `index` begins, relative to the head's first byte; so the next three. */
  nameStart(index: number): number {
    return this.offsets[index * 4]!;
  }

  nameEnd(index: number): number {
    return this.offsets[index * 4 + 1]!;
  }

  valueStart(index: number): number {
    return this.offsets[index * 4 + 2]!;
  }

  valueEnd(index: number): number {
    return this.offsets[index * 4 + 3]!;
  }

  /** The first byte of a line is no name's, or the line is one too many. */
  private refuseLine(byte: number, at: number): false {
    if (isBlank(byte)) return this.refuse("HTTP_OBSOLETE_FOLD", `at byte ${at}`);
    if (TOKEN[byte] === 0) return this.refuseName(byte, at);
    return this.refuse("HTTP_TOO_MANY_HEADERS", `over ${this.limits.maxHeaders}`);
  }

  private refuseName(byte: number, at: number): false {
    return this.refuse(byte === LF ? "HTTP_BARE_LF" : "HTTP_HEADER_NAME", `at byte ${at}`);
  }

  /** RFC 9110 section 5.5, RFC 9112 section 2.2: no control character but HTAB. */
  private refuseText(byte: number, at: number): false {
    if (byte === LF) return this.refuse("HTTP_BARE_LF", `at byte ${at}`);
    return this.refuse("HTTP_CONTROL_CHARACTER", `0x${byte.toString(16)} at byte ${at}`);
  }

  private refuse(fault: ProtocolFault, detail: string): false {
    this.fault = fault;
    this.detail = detail;
    return false;
  }
}

/**
 * The first index in `[start, end)` whose byte is no field text, or `end`.
 *
 * Bet: text is visible ASCII, of which a word is judged at once: each byte has bit 5 or 6 set, and adding one carries into no top bit.
 * What loses the bet is looked at byte by byte: the end of a line, HTAB, DEL, bytes over 0x7F, and whatever `words` does not cover.
 */
function skipText(bytes: Uint8Array, words: Int32Array, start: number, end: number): number {
  const text = FIELD_TEXT;
  const lastWord = Math.min(end >> 2, words.length);
  let pos = start;
  while ((pos & 3) !== 0 && pos < end) {
    if (text[bytes[pos]!] === 0) return pos;
    pos++;
  }
  let word = pos >> 2;
  while (word < lastWord) {
    const four = words[word]!;
    if (((~(four | (four << 1)) & BITS_6) | (((four + ONES) | four) & BITS_7)) !== 0) break;
    word++;
  }
  if (pos < word << 2) pos = word << 2;
  while (pos < end && text[bytes[pos]!] !== 0) pos++;
  return pos;
}

/** True where `text` is a token (RFC 9110 section 5.6.2): a field name, a subprotocol. */
export function isToken(text: string): boolean {
  if (text === "") return false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f || TOKEN[code] === 0) return false;
  }
  return true;
}

/** True where `text` may be a field value: no control character but HTAB, nothing over 0xFF, no white space around it. */
export function isFieldValue(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code < SP && code !== HTAB) || code === DEL || code > 0xff) return false;
  }
  return text === "" || (!isBlank(text.charCodeAt(0)) && !isBlank(text.charCodeAt(text.length - 1)));
}

const NO_WORDS: Int32Array = new Int32Array(0);
const ONES = 0x01010101;
const BITS_6 = 0x40404040;
const BITS_7 = 0x80808080 | 0;

/** Where the next byte stands. */
const START_LINE = 0;
const LINE = 1;
const NAME = 2;
const BEFORE_VALUE = 3;
const VALUE = 4;
/** A CR was read that only LF may follow. */
const START_LINE_FEED = 5;
const LINE_FEED = 6;
const LAST_LINE_FEED = 7;
