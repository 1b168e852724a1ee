import { isAscii } from "../ascii.ts";
import { UTF8_ACCEPT, utf8Step } from "../utf8.ts";
import type { HeaderRules } from "./frame-header.ts";
import { keyAt, maskBytes } from "./mask.ts";
import { ASCII, type ReaderMessage } from "./message.ts";
import { FIN, LENGTH_16, MAX_SHORT, Opcode } from "./opcode.ts";

/**
 * Reads plain frames: unfragmented data with a 7-bit or 16-bit length, whole and within the rules. What is not plain is left as it came,
 * for the slow path of the frame reader, which reads everything and is the oracle for this one.
 */
export class PlainFrames {
  /** First byte of the frames that a reader may take without a call: binary. −1, which no byte is, where even 125 bytes are over a limit. */
  readonly first: number;
  readonly maskBit: number;
  /** Bytes of the masking key: 4, or 0 where the peer does not mask. */
  readonly keySize: number;
  /** The longest payload. */
  readonly limit: number;

  constructor({ maskBit, maxFrameSize, maxMessageSize }: HeaderRules) {
    this.maskBit = maskBit;
    this.keySize = maskBit === 0 ? 0 : 4;
    this.limit = Math.min(maxFrameSize, maxMessageSize);
    this.first = this.limit >= MAX_SHORT ? BINARY_FRAME : -1;
  }

  /**
   * Makes `message` the frame at `start`, of which the bytes up to `tail` are there, and returns the index after it; −1 where it is not
   * plain, not whole, or breaks a rule. It is unmasked in place. `words` are `bytes` in words.
   */
  read(bytes: Uint8Array, words: Int32Array, start: number, tail: number, message: ReaderMessage): number {
    const first = bytes[start]!;
    if (first !== BINARY_FRAME && first !== TEXT_FRAME) return -1;
    const keySize = this.keySize;
    let length = bytes[start + 1]! ^ this.maskBit;
    let payload = start + 2 + keySize;
    if (length >= LENGTH_16) {
      if (length !== LENGTH_16) return -1;
      length = (bytes[start + 2]! << 8) | bytes[start + 3]!;
      if (length < LENGTH_16) return -1;
      payload += 2;
    }
    const end = payload + length;
    if (end > tail || length > this.limit) return -1;
    const key = keySize === 0 ? 0 : keyAt(bytes, payload - 4);
    if (key !== 0) maskBytes(bytes, words, payload, end, key, 0);
    let mark: number = Opcode.BINARY;
    if (first === TEXT_FRAME) {
      const ascii = isAscii(bytes, words, payload, end);
      if (!ascii && utf8Step(bytes, payload, end, UTF8_ACCEPT) !== UTF8_ACCEPT) {
        if (key !== 0) maskBytes(bytes, words, payload, end, key, 0);
        return -1;
      }
      mark = ascii ? Opcode.TEXT | ASCII : Opcode.TEXT;
    }
    if (message.mark !== mark) message.enter(mark);
    message.start = payload;
    message.end = end;
    return end;
  }
}

const BINARY_FRAME: number = FIN | Opcode.BINARY;
const TEXT_FRAME: number = FIN | Opcode.TEXT;
