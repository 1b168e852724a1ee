import { Assembly } from "./assembly.ts";
import type { DeflateStream, DeflateWay } from "./deflate-engine.ts";

/** Compresses messages, each in one piece (RFC 7692 section 7.2.1): the payload of a frame that has {@link COMPRESSED} set. */
export class MessageDeflater {
  readonly #way: DeflateWay;
  readonly #into: Assembly;
  #stream: DeflateStream | null = null;

  /**
   * `into` is where payloads are put; connections can share it, for what is in it is of use only until the next message. Default: one of
   * its own, of which it keeps up to 64 KiB.
   */
  constructor(way: DeflateWay, into: Assembly = new Assembly(KEPT)) {
    this.#way = way;
    this.#into = into;
  }

  /**
   * The payload that stands for `payload`, valid until the next message; or null where this one is to be sent as it is: it is empty, or it
   * does not shrink and the peer need not know it for the next. Once there is a payload it must be sent: the peer's window depends on it.
   */
  deflate(payload: Uint8Array): Uint8Array | null {
    if (payload.length === 0) return null;
    this.#stream ??= this.#way.open(this.#way.windowBits);
    const stream = this.#stream;
    const into = this.#into;
    into.clear();
    for (let pos = 0; ; pos = stream.taken) {
      const limit = into.reserve(LEAST_ROOM);
      stream.run(payload, pos, payload.length, into.bytes, into.length, limit);
      into.length = stream.written;
      if (stream.written < limit) break;
    }
    const length = into.length - TAIL_LENGTH;
    if (!this.#way.contextTakeover) {
      stream.reset();
      if (length >= payload.length) return null;
    }
    return into.bytes.subarray(0, length);
  }

  /** The payload was sent: lets go of what a large one took. */
  sent(): void {
    this.#into.clear();
  }

  /** Gives the stream's memory back. */
  close(): void {
    this.#stream?.close();
    this.#stream = null;
  }
}

/** What is left out at the end: `00 00 ff ff`. */
const TAIL_LENGTH = 4;
/** A flush that has no room for its mark writes it twice. */
const LEAST_ROOM = 16;
const KEPT = 64 << 10;
