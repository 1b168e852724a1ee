import { wordsOf } from "../ascii.ts";
import type { HeaderRules } from "./frame-header.ts";
import { type Message, ReaderMessage } from "./message.ts";
import { MAX_SHORT, Opcode } from "./opcode.ts";
import { PlainFrames } from "./plain-frames.ts";

/** Takes messages one by one. */
export interface MessageSink {
  /** The message is borrowed until this returns. False stops the delivery. */
  take(message: Message): boolean;
}

/**
 * Reads frames where they lie, in the chunk that the socket gave, without the ring: the fast way where nothing is under way.
 * It stops at the first frame that is not plain and leaves it as it came: that one is for the frame reader.
 */
export class FrameWalk {
  /** Index after the last frame that was taken, also where the sink threw. */
  position = 0;
  private readonly message: ReaderMessage = new ReaderMessage(new Uint8Array(0));
  private readonly plain: PlainFrames;

  constructor(rules: HeaderRules) {
    this.plain = new PlainFrames(rules);
  }

  /**
   * Hands each frame of `chunk` from `offset` on to `sink`, until one is not plain, the chunk ends, or the sink says stop; true unless
   * it did. `chunk` starts at a multiple of 4 in its ArrayBuffer, and is unmasked in place.
   */
  run(chunk: Uint8Array, offset: number, sink: MessageSink): boolean {
    const { message, plain } = this;
    const { short } = plain;
    const words = wordsOf(chunk);
    const tail = chunk.length;
    let start = offset;
    this.position = offset;
    message.buffer = chunk;
    while (tail - start >= 4) {
      const length = chunk[start + 1]!;
      let end = start + 2 + length;
      if (chunk[start] === short && length <= MAX_SHORT && end <= tail) {
        if (message.mark !== Opcode.BINARY) message.enter(Opcode.BINARY);
        message.start = start + 2;
        message.end = end;
      } else {
        end = plain.read(chunk, words, start, tail, message);
        if (end < 0) return true;
      }
      this.position = end;
      start = end;
      if (!sink.take(message)) return false;
    }
    return true;
  }

  /** Lets the chunk go. */
  release(): void {
    this.message.buffer = NOTHING;
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);
