import { wordsOf } from "../ascii.ts";
import type { HeaderRules } from "./frame-header.ts";
import { maskRun } from "./mask.ts";
import { ReaderMessage, type ReceiptOf } from "./message.ts";
import type { MessageSink } from "./message-sink.ts";
import { LENGTH_16, MAX_SHORT, Opcode } from "./opcode.ts";
import { PlainFrames } from "./plain-frames.ts";

/**
 * Reads frames where they lie, in the chunk that the socket gave, without the ring: the fast way where nothing is under way.
 * It stops at the first frame that is not plain and leaves it as it came: that one is for the frame reader.
 */
export class FrameWalk implements ReceiptOf {
  /** Index after the last frame that was handed over, also where the handler threw. */
  position = 0;
  /** When the chunk came, for those who ask its messages. */
  receivedAt: number = Number.NaN;
  readonly kernelReceivedAt = null;
  private readonly message: ReaderMessage = new ReaderMessage(new Uint8Array(0), this);
  private readonly plain: PlainFrames;

  constructor(rules: HeaderRules) {
    this.plain = new PlainFrames(rules);
  }

  /**
   * Hands each frame of `chunk` from `offset` on to `sink`, until one is not plain, the chunk ends, or the sink is closed; true unless
   * it was. `chunk` starts at a multiple of 4 in its ArrayBuffer, and is unmasked in place.
   *
   * The bet: a frame is followed by one of the same length. Then where the next frame starts is known before its header is read, so the
   * processor need not wait for one header to look for the next; one comparison judges a header; and a run of masked ones is unmasked at once.
   */
  run(chunk: Uint8Array, offset: number, sink: MessageSink): boolean {
    const { message, plain } = this;
    const { first, maskBit, keySize, limit } = plain;
    const { handler, owner } = sink;
    const words = wordsOf(chunk);
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    const tail = chunk.length;
    // Masked payloads are changed by words, of which the last may be cut; and not at all where they are empty.
    const reach = keySize === 0 ? tail : tail & ~3;
    const shortest = keySize === 0 ? 0 : 1;
    let start = offset;
    let step = 0;
    let header = 0;
    /** Of the first four bytes of a frame those that are its header but for the key. */
    let bits = 0;
    /** Where the last frame of a run may start; where frames are masked, that of the last which is unmasked. */
    let last = -1;
    let count = 0;
    message.buffer = chunk;
    try {
      while (tail - start >= 4) {
        const announced = chunk[start + 1]! ^ maskBit;
        const short = announced <= MAX_SHORT;
        const length = short ? announced : (chunk[start + 2]! << 8) | chunk[start + 3]!;
        header = (short ? 2 : 4) + keySize;
        step = header + length;
        const least = short ? shortest : LENGTH_16;
        if (
          chunk[start] === first &&
          announced <= LENGTH_16 &&
          length >= least &&
          length <= limit &&
          step <= reach - start
        ) {
          if (message.mark !== Opcode.BINARY) message.enter(Opcode.BINARY);
          bits = short ? 0xffff : -1;
          const same = view.getInt32(start, true) & bits;
          last = keySize === 0 ? reach - Math.max(step, 4) : maskRun(view, words, start, header, step, reach, bits);
          sink.last = last;
          // Nothing overflows here, and what is told so is not looked after.
          do {
            message.start = (start + header) | 0;
            start = (start + step) | 0;
            message.end = start;
            count = (count + 1) | 0;
            handler.message?.(owner, message);
          } while (start <= sink.last && (view.getInt32(start, true) & bits) === same);
          // What closes the sink may open it again at once: then the rest of what was unmasked is for the frame reader.
          if (!sink.open || (keySize !== 0 && start <= last)) return sink.open;
        } else {
          const end = plain.read(chunk, words, start, tail, message);
          if (end < 0) return true;
          start = end;
          count++;
          handler.message?.(owner, message);
          if (!sink.open) return false;
        }
      }
      return true;
    } finally {
      this.position = start;
      // What was unmasked and not handed over is left as it came.
      if (keySize !== 0 && start <= last) maskRun(view, words, start, header, step, last + step, bits);
      sink.count += count;
    }
  }

  /** Lets the chunk go. */
  release(): void {
    this.message.buffer = NOTHING;
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);
