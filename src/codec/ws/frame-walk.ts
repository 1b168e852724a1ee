import { wordsOf } from "../ascii.ts";
import type { HeaderRules } from "./frame-header.ts";
import { maskRun } from "./mask.ts";
import { ReaderMessage, type ReceiptOf } from "./message.ts";
import type { MessageSink } from "./message-sink.ts";
import { MAX_SHORT, Opcode } from "./opcode.ts";
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
   * The bet: a short frame is followed by one of the same length. Then where the next frame starts is known before its header is read,
   * so the processor need not wait for one header to look for the next; and a run of masked ones is unmasked at once.
   */
  run(chunk: Uint8Array, offset: number, sink: MessageSink): boolean {
    const { message, plain } = this;
    const { first, maskBit, keySize } = plain;
    const { handler, owner } = sink;
    const words = wordsOf(chunk);
    const tail = chunk.length;
    // Masked payloads are changed by words, of which the last may be cut; and not at all where they are empty.
    const reach = keySize === 0 ? tail : tail & ~3;
    const shortest = keySize === 0 ? 0 : 1;
    let start = offset;
    let step = 0;
    /** Where the last frame of a run may start; where frames are masked, that of the last which is unmasked. */
    let last = -1;
    let count = 0;
    message.buffer = chunk;
    try {
      while (tail - start >= 4) {
        const second = chunk[start + 1]!;
        const length = second ^ maskBit;
        step = 2 + keySize + length;
        if (chunk[start] === first && length <= MAX_SHORT && length >= shortest && step <= reach - start) {
          if (message.mark !== Opcode.BINARY) message.enter(Opcode.BINARY);
          last = keySize === 0 ? reach - step : maskRun(chunk, words, start, step, reach);
          const header = 2 + keySize;
          do {
            message.start = start + header;
            start += step;
            message.end = start;
            count++;
            handler.message?.(owner, message);
            if (!sink.open) return false;
          } while (start <= last && chunk[start] === first && chunk[start + 1] === second);
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
      if (keySize !== 0 && start <= last) maskRun(chunk, words, start, step, last + step);
      sink.count += count;
    }
  }

  /** Lets the chunk go. */
  release(): void {
    this.message.buffer = NOTHING;
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);
