import type { ProtocolFault } from "../errors.ts";
import { decodeLatin1 } from "../text.ts";

/** Limits of a {@link HeadReader}. */
export interface HeadLimits {
  /** Bytes of the head, start line and blank line included. */
  readonly maxHeadSize: number;
  /** Field lines. */
  readonly maxHeaders: number;
}

/**
 * The head of an HTTP/1.1 message (RFC 9112 sections 2 to 5): a start line and field lines, kept as offsets into the bytes they
 * arrived in. Resumable: a line is looked at once it is whole, and no byte is searched twice.
 *
 * Strict: lines end in CRLF; a bare CR or LF, NUL, an obsolete fold, a name that is no token, and white space before the
 * colon are refused (sections 2.2, 5.1, 5.2).
 */
export class HeadReader {
  fault: ProtocolFault | null = null;
  /** The numbers that belong to `fault`. */
  detail = "";
  /** Field lines read. */
  count = 0;
  /** Bytes of the head so far; all of it once {@link read} has returned true. */
  size = 0;
  /** Length of the start line without its CRLF; −1 while there is none. */
  startLineLength = -1;

  readonly #limits: HeadLimits;
  /** Four a field: name start, name end, value start, value end, relative to the head's first byte. */
  readonly #offsets: Int32Array;
  /** Bytes searched for the end of the current line: size <= searched. */
  #searched = 0;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
    this.#offsets = new Int32Array(limits.maxHeaders * 4);
  }

  clear(): void {
    this.fault = null;
    this.detail = "";
    this.count = 0;
    this.size = 0;
    this.startLineLength = -1;
    this.#searched = 0;
  }

  /**
   * Reads on in the head that begins at `start`, of which the bytes up to `end` are there. True once the blank line was read; false
   * where bytes are missing or {@link fault} is set.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    const available = end - start;
    const most = Math.min(available, this.#limits.maxHeadSize);
    while (this.fault === null) {
      const feed = bytes.subarray(start + this.#searched, start + most).indexOf(LF);
      if (feed < 0) {
        this.#searched = most;
        if (available >= this.#limits.maxHeadSize)
          this.#refuse("HTTP_HEAD_TOO_LARGE", `it is over ${this.#limits.maxHeadSize} bytes`);
        return false;
      }
      const lineStart = this.size;
      const lineEnd = this.#searched + feed - 1;
      this.#searched += feed + 1;
      this.size = this.#searched;
      if (lineEnd < lineStart || bytes[start + lineEnd] !== CR) {
        this.#refuse("HTTP_BARE_LF", `at byte ${lineEnd + 1}`);
      } else if (lineEnd === lineStart && this.startLineLength >= 0) {
        return true;
      } else if (this.startLineLength < 0) {
        this.startLineLength = lineEnd - lineStart;
        this.#judgeBytes(bytes, start, lineStart, lineEnd);
      } else {
        this.#readField(bytes, start, lineStart, lineEnd);
      }
    }
    return false;
  }

  /** The name of field `index` as it was sent; `start` is where the head begins now. */
  name(bytes: Uint8Array, start: number, index: number): string {
    const at = index * 4;
    return decodeLatin1(bytes, start + this.#offsets[at]!, start + this.#offsets[at + 1]!);
  }

  /** The value of field `index`, white space around it trimmed; bytes over 0x7F are read as Latin-1 (RFC 9110 section 5.5). */
  value(bytes: Uint8Array, start: number, index: number): string {
    const at = index * 4;
    return decodeLatin1(bytes, start + this.#offsets[at + 2]!, start + this.#offsets[at + 3]!);
  }

  /** The first field at or after `from` that is called `name` (lower case), or −1. Names are compared without regard to case. */
  find(bytes: Uint8Array, start: number, name: string, from = 0): number {
    const offsets = this.#offsets;
    for (let index = from; index < this.count; index++) {
      const nameStart = offsets[index * 4]!;
      if (offsets[index * 4 + 1]! - nameStart !== name.length) continue;
      if (sameName(bytes, start + nameStart, name)) return index;
    }
    return -1;
  }

  #readField(bytes: Uint8Array, start: number, lineStart: number, lineEnd: number): boolean {
    const first = bytes[start + lineStart]!;
    if (first === SP || first === HTAB) return this.#refuse("HTTP_OBSOLETE_FOLD", `at byte ${lineStart}`);
    if (this.count === this.#limits.maxHeaders)
      return this.#refuse("HTTP_TOO_MANY_HEADERS", `over ${this.#limits.maxHeaders}`);
    let pos = start + lineStart;
    const last = start + lineEnd;
    while (pos < last && TOKEN[bytes[pos]!] !== 0) pos++;
    const nameEnd = pos - start;
    if (pos === last || bytes[pos] !== COLON || nameEnd === lineStart) {
      return this.#refuse("HTTP_HEADER_NAME", `at byte ${pos - start}`);
    }
    let valueStart = nameEnd + 1;
    let valueEnd = lineEnd;
    while (valueStart < valueEnd && isBlank(bytes[start + valueStart]!)) valueStart++;
    while (valueEnd > valueStart && isBlank(bytes[start + valueEnd - 1]!)) valueEnd--;
    if (!this.#judgeBytes(bytes, start, valueStart, valueEnd)) return false;
    const at = this.count * 4;
    this.#offsets[at] = lineStart;
    this.#offsets[at + 1] = nameEnd;
    this.#offsets[at + 2] = valueStart;
    this.#offsets[at + 3] = valueEnd;
    this.count++;
    return true;
  }

  /** Refuses control characters other than HTAB (RFC 9110 section 5.5, RFC 9112 section 2.2). */
  #judgeBytes(bytes: Uint8Array, start: number, from: number, to: number): boolean {
    for (let pos = from; pos < to; pos++) {
      const byte = bytes[start + pos]!;
      if (byte >= SP && byte !== DEL) continue;
      if (byte === HTAB) continue;
      return this.#refuse(
        byte === CR ? "HTTP_BARE_CR" : "HTTP_CONTROL_CHARACTER",
        `0x${byte.toString(16)} at byte ${pos}`,
      );
    }
    return true;
  }

  #refuse(fault: ProtocolFault, detail: string): false {
    this.fault = fault;
    this.detail = detail;
    return false;
  }
}

/** True where `bytes` at `pos` spell `name`, which is lower case, in any case. */
function sameName(bytes: Uint8Array, pos: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const byte = bytes[pos + index]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(index)) return false;
  }
  return true;
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

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB;
}

const LF = 0x0a;
const CR = 0x0d;
const HTAB = 0x09;
const SP = 0x20;
const DEL = 0x7f;
const COLON = 0x3a;

/** `tchar` of RFC 9110 section 5.6.2: `"!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA`. */
const TOKEN: Uint8Array = tokenTable();

function tokenTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (const char of "!#$%&'*+-.^_`|~") table[char.charCodeAt(0)] = 1;
  table.fill(1, 0x30, 0x3a);
  table.fill(1, 0x41, 0x5b);
  table.fill(1, 0x61, 0x7b);
  return table;
}
