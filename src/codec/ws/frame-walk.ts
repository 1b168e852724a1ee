import { wordsOf } from "../ascii.ts";
import type { HeaderRules } from "./frame-header.ts";
import { ReaderMessage, type ReceiptOf } from "./message.ts";
import type { MessageSink } from "./message-sink.ts";
import { LENGTH_16, MAX_SHORT, Opcode } from "./opcode.ts";
import { PlainFrames } from "./plain-frames.ts";
import { giveRunMemory, RUN_MEMORY, type RunMemory, takeRunMemory } from "./run-memory.ts";

/**
 * Reads frames where they lie, in the chunk that the socket gave, without the ring: the fast way where nothing is under way.
 * It stops at the first frame that is not plain and leaves it as it came: that one is for the frame reader.
 *
 * The bet: a frame is followed by one of the same length. Then where the next one starts is known before its header is read, so the
 * processor need not wait for one header to look for the next; one comparison judges a header; and a run of masked ones is unmasked at once.
 */
export class FrameWalk implements ReceiptOf {
  /** Index after the last frame that was handed over, also where the handler threw. */
  position = 0;
  /** When the chunk came, for those who ask its messages. */
  receivedAt: number = Number.NaN;
  readonly kernelReceivedAt = null;
  private readonly message: ReaderMessage;
  private readonly plain: PlainFrames;
  /** What is read, with other looks at the same memory: a ring is read again and again. */
  private bytes: Uint8Array = NOTHING;
  private words: Int32Array = NO_WORDS;
  private view: DataView = NO_VIEW;
  /** Where runs of masked frames are unmasked, while somebody reads them. */
  private memory: RunMemory | null = null;
  /** The most bytes that the next run is given there. */
  private share: number = LEAST_SHARE;

  /** `receipt` knows when messages came. Default: {@link receivedAt}. */
  constructor(rules: HeaderRules, receipt: ReceiptOf | null = null) {
    this.plain = new PlainFrames(rules);
    this.message = new ReaderMessage(NOTHING, receipt ?? this);
  }

  /**
   * Hands each frame of `chunk[offset, tail)` to `sink`, until one is not plain, no whole one is left, or the sink is closed; true unless
   * it was. `chunk` starts at a multiple of 4 in its ArrayBuffer; frames that were handed over may have been unmasked in it.
   */
  run(chunk: Uint8Array, offset: number, tail: number, sink: MessageSink): boolean {
    if (chunk !== this.bytes) {
      this.bytes = chunk;
      this.words = wordsOf(chunk);
      this.view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    }
    this.position = offset;
    try {
      return this.walk(tail, sink);
    } finally {
      if (this.memory !== null) giveRunMemory(this.memory);
      this.memory = null;
    }
  }

  /** Lets the chunk go. */
  release(): void {
    this.message.buffer = NOTHING;
    this.bytes = NOTHING;
    this.words = NO_WORDS;
    this.view = NO_VIEW;
  }

  private walk(tail: number, sink: MessageSink): boolean {
    const { message, plain, bytes: chunk, words } = this;
    const { first, maskBit, keySize, limit } = plain;
    for (let start = this.position; tail - start >= 4; start = this.position) {
      const announced = chunk[start + 1]! ^ maskBit;
      const short = announced <= MAX_SHORT;
      const length = short ? announced : (chunk[start + 2]! << 8) | chunk[start + 3]!;
      const header = (short ? 2 : 4) + keySize;
      const step = header + length;
      const bits = short ? SHORT_HEADER : LONG_HEADER;
      const isBinary = chunk[start] === first && announced <= LENGTH_16 && (short || length > MAX_SHORT);
      const isRun = isBinary && length <= limit && step <= tail - start;
      message.buffer = chunk;
      if (isRun && keySize === 0) {
        if (message.mark !== Opcode.BINARY) message.enter(Opcode.BINARY);
        this.hand(start, header, step, bits, tail - Math.max(step, 4), sink);
      } else if (!isRun || !this.handMasked(start, tail, header, step, bits, sink)) {
        const end = plain.read(chunk, words, start, tail, message);
        if (end < 0) return true;
        this.position = end;
        sink.count++;
        sink.handler.message?.(sink.owner, message);
      }
      if (!sink.open) return false;
    }
    return true;
  }

  /**
   * Hands over the run that begins at `from`: frames of `step` bytes, of which `header` are not payload, the last of which starts at `last` at
   * the latest. Of their first four bytes `bits` are the same for all of them.
   */
  private hand(from: number, header: number, step: number, bits: number, last: number, sink: MessageSink): void {
    const { message, view } = this;
    const { handler, owner } = sink;
    const same = view.getInt32(from, true) & bits;
    let at = from;
    sink.last = last;
    try {
      // Nothing overflows here, and what is told so is not looked after.
      do {
        message.start = (at + header) | 0;
        at = (at + step) | 0;
        message.end = at;
        handler.message?.(owner, message);
      } while (at <= sink.last && (view.getInt32(at, true) & bits) === same);
    } finally {
      this.position = at;
      sink.count += (at - from) / step;
    }
  }

  /** The same for masked frames; false where it is not likely that {@link LEAST_RUN} of them can be unmasked together. */
  private handMasked(
    start: number,
    tail: number,
    header: number,
    step: number,
    bits: number,
    sink: MessageSink,
  ): boolean {
    const { view, bytes: chunk, message } = this;
    const least = LEAST_RUN * step;
    const room = Math.min(RUN_MEMORY, Math.max(this.share, least), tail - start);
    if (room < least) return false;
    if (((view.getInt32(start, true) ^ view.getInt32(start + least - step, true)) & bits) !== 0) return false;
    this.memory ??= takeRunMemory();
    const { memory } = this;
    if (memory === null) return false;
    const { bytes, desk } = memory;
    const size = room - (room % step);
    let source = chunk.byteOffset + start;
    if (chunk.buffer !== bytes.buffer) {
      desk.set(chunk.subarray(start, start + size));
      source = desk.byteOffset;
    }
    const length = memory.unmask(source, size, header, step, bits);
    this.share = length === size ? Math.min(2 * this.share, RUN_MEMORY) : LEAST_SHARE;
    message.buffer = bytes;
    if (message.mark !== Opcode.BINARY) message.enter(Opcode.BINARY);
    this.handUnmasked(length, header, step, sink, start);
    return true;
  }

  /** {@link hand} for `length` bytes that lay at `origin` in the chunk and were unmasked: their headers have been looked at. */
  private handUnmasked(length: number, header: number, step: number, sink: MessageSink, origin: number): void {
    const { message } = this;
    const { handler, owner } = sink;
    let at = 0;
    sink.last = (length - step) | 0;
    try {
      do {
        message.start = (at + header) | 0;
        at = (at + step) | 0;
        message.end = at;
        handler.message?.(owner, message);
      } while (at <= sink.last);
    } finally {
      this.position = origin + at;
      sink.count += at / step;
    }
  }
}

/** Of a frame's first four bytes, in memory order: its header but for the key. */
const SHORT_HEADER = 0xffff;
const LONG_HEADER = -1;
/** Frames: for fewer, a view of what is copied would cost more than it saves. */
const LEAST_RUN = 4;
/** Bytes: more are unmasked ahead only where as many turned out to be of one run. */
const LEAST_SHARE = 1024;
const NOTHING: Uint8Array = new Uint8Array(0);
const NO_WORDS: Int32Array = wordsOf(NOTHING);
const NO_VIEW: DataView = new DataView(NOTHING.buffer);
