import { wordsOf } from "../ascii.ts";
import { closePayloadFault } from "./close-payload.ts";
import { FrameHeader } from "./frame-header.ts";
import type { FrameReader } from "./frame-reader.ts";
import { maskBytes } from "./mask.ts";
import { ReaderMessage } from "./message.ts";
import { MAX_CONTROL_PAYLOAD, Opcode } from "./opcode.ts";

/**
 * Looks past the messages that nobody has read yet for what must be answered at once: pings and the close frame.
 * It reads headers only, changes nothing in the ring, and stops for good at the first frame that breaks a rule: that is for
 * the reader to report when it comes there.
 */
export class FrameScout {
  readonly #reader: FrameReader;
  readonly #header: FrameHeader = new FrameHeader();
  readonly #message: ReaderMessage = new ReaderMessage(new Uint8Array((MAX_CONTROL_PAYLOAD + 3) & ~3));
  readonly #words: Int32Array = wordsOf(this.#message.buffer);
  /** Stream offset (index plus the ring's origin) of the first frame not looked at. */
  #position = 0;
  #stopped = false;

  constructor(reader: FrameReader) {
    this.#reader = reader;
  }

  /** The next ping or close frame that has arrived and was not seen before; borrowed until the next call. Null where there is none. */
  next(): ReaderMessage | null {
    const { ring, nextFrame, rules, closed, failure } = this.#reader;
    if (closed || failure !== null) return null;
    const header = this.#header;
    let pos = Math.max(nextFrame, this.#position - ring.origin);
    let found: ReaderMessage | null = null;
    while (found === null && !this.#stopped) {
      header.clear();
      const continues = pos < ring.tail && (ring.bytes[pos]! & 0x0f) === Opcode.CONTINUATION;
      if (!header.parse(ring.bytes, pos, ring.tail, rules, continues ? 0 : -1, rules.deflate)) {
        this.#stopped = header.fault !== null;
        break;
      }
      const payload = pos + header.size;
      const end = payload + header.length;
      if (header.isControl && end > ring.tail) break;
      if (header.opcode === Opcode.PING || header.opcode === Opcode.CLOSE) found = this.#copy(payload, end);
      this.#stopped = header.opcode === Opcode.CLOSE;
      if (this.#stopped && closePayloadFault(this.#message.buffer, 0, this.#message.end) !== null) {
        found = null;
        break;
      }
      pos = end;
    }
    this.#position = pos + ring.origin;
    return found;
  }

  /** True where the message that the reader has just lent was seen, and so answered, ahead of its reading. */
  get sawLent(): boolean {
    return this.#reader.nextFrame + this.#reader.ring.origin <= this.#position;
  }

  #copy(start: number, end: number): ReaderMessage {
    const message = this.#message;
    message.buffer.set(this.#reader.ring.bytes.subarray(start, end));
    message.enter(this.#header.opcode);
    message.end = end - start;
    maskBytes(message.buffer, this.#words, 0, message.end, this.#header.key, 0);
    return message;
  }
}
