import type { ProtocolFault } from "../errors.ts";
import type { Utf8Check } from "../utf8.ts";
import type { Assembly } from "./assembly.ts";
import type { DeflateStream, DeflateWay } from "./deflate-engine.ts";
import { DeflateHistory } from "./deflate-history.ts";

/**
 * Inflates compressed messages as their payload arrives (RFC 7692 section 7.2.2), into the assembly that the reader lends them from.
 * Never is more inflated than one byte over `maxMessageSize`.
 *
 * A final block may end anywhere in a message, and others may follow, whose references reach back beyond it. The stream is then begun
 * anew and given its window back as a stored block, for which the last bytes of all messages are remembered.
 */
export class MessageInflater {
  /** The numbers that belong to the fault which {@link take} has returned. */
  detail = "";
  readonly #way: DeflateWay;
  readonly #maxMessageSize: number;
  readonly #into: Assembly;
  readonly #text: Utf8Check;
  readonly #history: DeflateHistory;
  #stream: DeflateStream | null = null;
  #isText = false;
  /** Bytes of the message's payload that came, and final blocks that ended in it. */
  #payloadBytes = 0;
  #finalBlocks = 0;
  /** Room for a short payload and the tail in one piece. */
  #joined: Uint8Array = NOTHING;

  /** What comes out goes behind what `into` holds; `text` checks it where the message is text. */
  constructor(way: DeflateWay, maxMessageSize: number, into: Assembly, text: Utf8Check) {
    this.#way = way;
    this.#maxMessageSize = maxMessageSize;
    this.#into = into;
    this.#text = text;
    this.#history = new DeflateHistory(1 << way.windowBits);
  }

  begin(isText: boolean): void {
    this.#isText = isText;
    this.#payloadBytes = 0;
    this.#finalBlocks = 0;
  }

  /** Inflates `bytes[start, end)`, the next of a message's payload and, where `last`, the last of it. Returns what is wrong, or null. */
  take(bytes: Uint8Array, start: number, end: number, last: boolean): ProtocolFault | null {
    this.#payloadBytes += end - start;
    // An empty message does not compress to an empty payload (section 7.2.3.6), but an empty payload can be nothing else.
    if (this.#payloadBytes === 0) return null;
    this.#stream ??= this.#way.open(this.#way.windowBits);
    const stream = this.#stream;
    let fault: ProtocolFault | null;
    if (last && end - start <= MOST_JOINED) {
      fault = this.#inflate(stream, this.#withTail(bytes, start, end), 0, end - start, TAIL.length);
    } else {
      fault = this.#inflate(stream, bytes, start, end, 0);
      if (last) fault ??= this.#inflate(stream, TAIL, 0, 0, TAIL.length);
    }
    if (last && fault === null) this.#endMessage(stream);
    return fault;
  }

  /** Forgets what was inflated: what comes is of another connection. */
  reset(): void {
    this.detail = "";
    this.#stream?.reset();
    this.#history.clear();
  }

  /** Gives the stream's memory back. */
  close(): void {
    this.#stream?.close();
    this.#stream = null;
  }

  #endMessage(stream: DeflateStream): void {
    if (this.#way.contextTakeover) this.#history.append(this.#into.bytes, 0, this.#into.length);
    else stream.reset();
  }

  /** Inflates `input[start, end)` and the `tail` bytes behind it, which the sender has left out. */
  #inflate(stream: DeflateStream, input: Uint8Array, start: number, end: number, tail: number): ProtocolFault | null {
    const into = this.#into;
    const stop = end + tail;
    for (let pos = start; ; ) {
      const at = into.length;
      const limit = Math.min(into.reserve(1), this.#maxMessageSize + 1);
      if (!stream.run(input, pos, stop, into.bytes, at, limit)) return this.#corrupt(`${at} bytes into the message`);
      const { taken, written } = stream;
      if (written > this.#maxMessageSize) return this.#tooLarge();
      into.length = written;
      if (this.#isText && !this.#text.feed(into.bytes, into.words, at, written)) return "WS_INVALID_UTF8";
      pos = taken;
      if (written === limit) continue;
      if (pos === stop) return null;
      if (++this.#finalBlocks > MOST_FINAL_BLOCKS)
        return this.#corrupt(`it has over ${MOST_FINAL_BLOCKS} final blocks`);
      this.#restart(stream);
      // Senders that end each message with a final block leave out the empty one behind it, which the tail would complete.
      if (pos === end) return null;
    }
  }

  /** Begins the stream anew where a final block has ended, with the window that it had. */
  #restart(stream: DeflateStream): void {
    stream.reset();
    const window = this.#history.windowAfter(this.#into.bytes, this.#into.length);
    const { length } = window;
    if (length === 0) return;
    // RFC 1951 section 3.2.4: not the final block, stored, its length and the complement of that.
    const head = Uint8Array.of(0, length, length >> 8, ~length, ~length >> 8);
    const nowhere = new Uint8Array(length + 1);
    stream.run(head, 0, head.length, nowhere, 0, nowhere.length);
    stream.run(window, 0, length, nowhere, 0, nowhere.length);
  }

  #withTail(bytes: Uint8Array, start: number, end: number): Uint8Array {
    if (this.#joined.length === 0) this.#joined = new Uint8Array(MOST_JOINED + TAIL.length);
    this.#joined.set(bytes.subarray(start, end));
    this.#joined.set(TAIL, end - start);
    return this.#joined;
  }

  #tooLarge(): ProtocolFault {
    this.detail = `message inflates to more than the ${this.#maxMessageSize} bytes of maxMessageSize`;
    return "WS_MESSAGE_TOO_LARGE";
  }

  #corrupt(where: string): ProtocolFault {
    this.detail = where;
    return "WS_DEFLATE_CORRUPT";
  }
}

/** What the sender has left out (RFC 7692 section 7.2.1). */
const TAIL: Uint8Array = Uint8Array.of(0, 0, 0xff, 0xff);
/** Up to here a copy costs less than to run the tail by itself. */
const MOST_JOINED = 1024;
/** Each costs the copy of a window: a message of nothing else would cost a thousand times what it costs to send. */
const MOST_FINAL_BLOCKS = 256;

const NOTHING: Uint8Array = new Uint8Array(0);
