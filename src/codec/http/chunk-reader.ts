import type { ProtocolFault } from "../errors.ts";
import { CR, FIELD_TEXT, isBlank, LF, SEMICOLON } from "./characters.ts";

/**
 * The framing of a chunked body (RFC 9112 section 7.1): what stands between the runs of data. Resumable at every byte.
 *
 * ```text
 *   1a ; name=value CRLF  <26 bytes of data>  CRLF  0 CRLF  <trailer section>
 *   ------ read ------   ------ take -------  ---- read ----
 * ```
 *
 * Strict: sizes below 2^53 in at most 16 digits, no white space but before an extension, CRLF behind each run; extensions are skipped, and
 * all of a body's together are bounded.
 */
export class ChunkReader {
  fault: ProtocolFault | null = null;
  /** The numbers that belong to `fault`. */
  detail = "";
  /** Data bytes of the chunk under way that were not taken yet. */
  remaining = 0;
  /** The last chunk was read: the trailer section follows. */
  last = false;

  private phase: number = FIRST_DIGIT;
  private size = 0;
  private digits = 0;
  private extensionSize = 0;
  private readonly maxExtensionSize: number;

  /** `maxExtensionSize` bounds the bytes of all extensions in one body. */
  constructor(maxExtensionSize: number) {
    this.maxExtensionSize = maxExtensionSize;
  }

  /** Is ready for a new body. */
  clear(): void {
    this.fault = null;
    this.detail = "";
    this.remaining = 0;
    this.last = false;
    this.phase = FIRST_DIGIT;
    this.extensionSize = 0;
  }

  /**
   * Reads framing from `start` on and returns where it stopped: at data (then {@link remaining} says how much is to come), at the
   * trailer section ({@link last}), at `end` where bytes are missing, or anywhere where {@link fault} is set.
   */
  read(bytes: Uint8Array, start: number, end: number): number {
    let pos = start;
    while (pos < end && this.remaining === 0 && !this.last && this.fault === null) {
      const byte = bytes[pos]!;
      switch (this.phase) {
        case FIRST_DIGIT:
        case DIGIT:
          this.readDigit(byte);
          break;
        case BEFORE_EXTENSION:
          if (byte === SEMICOLON) this.phase = EXTENSION;
          else if (!isBlank(byte)) this.refuse("HTTP_CHUNK_SIZE", "white space follows it");
          this.countExtension();
          break;
        case EXTENSION:
          if (byte === CR) this.phase = SIZE_LINE_FEED;
          else if (FIELD_TEXT[byte] === 0) this.refuse("HTTP_CHUNK_EXTENSION", `0x${byte.toString(16)} stands in it`);
          else this.countExtension();
          break;
        case SIZE_LINE_FEED:
          if (byte !== LF) this.refuse("HTTP_CHUNK_SIZE", "its line does not end in CRLF");
          else this.beginData();
          break;
        case DATA_RETURN:
          if (byte !== CR) this.refuse("HTTP_CHUNK_END", `0x${byte.toString(16)}`);
          else this.phase = DATA_LINE_FEED;
          break;
        default:
          if (byte !== LF) this.refuse("HTTP_CHUNK_END", `0x${byte.toString(16)}`);
          else this.phase = FIRST_DIGIT;
      }
      pos++;
    }
    return pos;
  }

  /** `count` bytes of data, at most {@link remaining}, were taken. */
  take(count: number): void {
    this.remaining -= count;
  }

  private readDigit(byte: number): void {
    const value = HEX_VALUE[byte]!;
    if (value < NOT_HEX) {
      if (this.phase === FIRST_DIGIT) {
        this.phase = DIGIT;
        this.size = 0;
        this.digits = 0;
      }
      this.size = this.size * 16 + value;
      this.digits++;
      if (this.digits > MOST_DIGITS || this.size > Number.MAX_SAFE_INTEGER) {
        this.refuse("HTTP_CHUNK_SIZE", "it is too large");
      }
    } else if (this.phase === FIRST_DIGIT) this.refuse("HTTP_CHUNK_SIZE", `0x${byte.toString(16)} stands for it`);
    else if (byte === CR) this.phase = SIZE_LINE_FEED;
    else if (byte === SEMICOLON) this.phase = EXTENSION;
    else if (isBlank(byte)) this.phase = BEFORE_EXTENSION;
    else this.refuse("HTTP_CHUNK_SIZE", `0x${byte.toString(16)} stands in it`);
  }

  private beginData(): void {
    this.phase = DATA_RETURN;
    this.remaining = this.size;
    this.last = this.size === 0;
  }

  private countExtension(): void {
    this.extensionSize++;
    if (this.extensionSize > this.maxExtensionSize) {
      this.refuse("HTTP_CHUNK_EXTENSION", `they are over ${this.maxExtensionSize} bytes`);
    }
  }

  /** The first fault stays. */
  private refuse(fault: ProtocolFault, detail: string): void {
    if (this.fault !== null) return;
    this.fault = fault;
    this.detail = detail;
  }
}

const NOT_HEX = 16;
const HEX_VALUE: Uint8Array = hexValues();

function hexValues(): Uint8Array {
  const values = new Uint8Array(256).fill(NOT_HEX);
  for (let value = 0; value < 16; value++) {
    const digit = value.toString(16);
    values[digit.charCodeAt(0)] = value;
    values[digit.toUpperCase().charCodeAt(0)] = value;
  }
  return values;
}

/** Where the next byte of framing stands. */
const FIRST_DIGIT = 0;
const DIGIT = 1;
const BEFORE_EXTENSION = 2;
const EXTENSION = 3;
const SIZE_LINE_FEED = 4;
const DATA_RETURN = 5;
const DATA_LINE_FEED = 6;

const MOST_DIGITS = 16;
