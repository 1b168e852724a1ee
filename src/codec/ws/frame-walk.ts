import { isAscii, wordsOf } from "../ascii.ts";
import { UTF8_ACCEPT, utf8Step } from "../utf8.ts";
import type { HeaderRules } from "./frame-header.ts";
import { keyAt, maskBytes } from "./mask.ts";
import { ASCII, type Message, ReaderMessage } from "./message.ts";
import { FIN, LENGTH_16, Opcode } from "./opcode.ts";

/** Takes messages one by one. */
export interface MessageSink {
  /** The message is borrowed until this returns. False stops the delivery. */
  take(message: Message): boolean;
}

/**
 * Reads frames where they lie, in the chunk that the socket gave, without the ring: the fast way where nothing is under way.
 *
 * Bet: unfragmented data frames with a 7-bit or 16-bit length, whole in the chunk. It stops at the first frame that is anything else, or
 * breaks a rule, and leaves it as it came: that one is for the {@link FrameReader}, which is the oracle for the others.
 */
export class FrameWalk {
  /** Index after the last frame that was taken, also where the sink threw. */
  position = 0;
  readonly #message: ReaderMessage = new ReaderMessage(new Uint8Array(0));
  readonly #maskBit: number;
  readonly #limit: number;

  constructor(rules: HeaderRules) {
    this.#maskBit = rules.maskBit;
    this.#limit = Math.min(rules.maxFrameSize, rules.maxMessageSize);
  }

  /**
   * Hands each frame of `chunk` from `offset` on to `sink`, until one is not plain, the chunk ends, or the sink says stop; true unless
   * it did. `chunk` starts at a multiple of 4 in its ArrayBuffer, and is unmasked in place.
   */
  run(chunk: Uint8Array, offset: number, sink: MessageSink): boolean {
    const message = this.#message;
    const maskBit = this.#maskBit;
    const keySize = maskBit === 0 ? 0 : 4;
    const limit = this.#limit;
    const tail = chunk.length;
    let words: Int32Array | null = null;
    let start = offset;
    this.position = offset;
    message.buffer = chunk;
    while (tail - start >= 4) {
      const first = chunk[start]!;
      if (first !== BINARY_FRAME && first !== TEXT_FRAME) return true;
      let length = chunk[start + 1]! ^ maskBit;
      let payload = start + 2 + keySize;
      if (length >= LENGTH_16) {
        if (length !== LENGTH_16) return true;
        length = (chunk[start + 2]! << 8) | chunk[start + 3]!;
        if (length < LENGTH_16) return true;
        payload += 2;
      }
      const end = payload + length;
      if (end > tail || length > limit) return true;
      message.mark = Opcode.BINARY;
      if (first === TEXT_FRAME || keySize !== 0) {
        words ??= wordsOf(chunk);
        const key = keySize === 0 ? 0 : keyAt(chunk, payload - 4);
        if (key !== 0) maskBytes(chunk, words, payload, end, key, 0);
        if (first === TEXT_FRAME) {
          const ascii = isAscii(chunk, words, payload, end);
          if (!ascii && utf8Step(chunk, payload, end, UTF8_ACCEPT) !== UTF8_ACCEPT) {
            if (key !== 0) maskBytes(chunk, words, payload, end, key, 0);
            return true;
          }
          message.mark = ascii ? Opcode.TEXT | ASCII : Opcode.TEXT;
        }
      }
      message.start = payload;
      message.end = end;
      this.position = end;
      start = end;
      if (!sink.take(message)) return false;
    }
    return true;
  }

  /** Lets the chunk go. */
  release(): void {
    this.#message.buffer = NOTHING;
  }
}

const BINARY_FRAME: number = FIN | Opcode.BINARY;
const TEXT_FRAME: number = FIN | Opcode.TEXT;
const NOTHING: Uint8Array = new Uint8Array(0);
