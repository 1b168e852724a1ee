import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import type { DeflateWay } from "../../src/codec/ws/deflate-engine.ts";
import { deflateStream, inflateStream } from "../../src/ws/deflate-zlib.ts";
import { joined } from "./bytes.ts";
import { type FrameShape, frameBytes } from "./frames.ts";

/** How a peer compresses, for readers. */
export function inflateWay(windowBits = 15, contextTakeover = true): DeflateWay {
  return { windowBits, contextTakeover, open: inflateStream };
}

/** How we compress, for writers. */
export function deflateWay(windowBits = 15, contextTakeover = true, level = 6, memLevel = 8): DeflateWay {
  return { windowBits, contextTakeover, open: (bits) => deflateStream(bits, { level, memLevel }) };
}

/** RFC 7692 sections 7.2.1 and 7.2.2 by the public functions of `node:zlib`, which know nothing of a stream: the window is a dictionary. */
export class ReferenceDeflate {
  readonly #windowBits: number;
  readonly #contextTakeover: boolean;
  #window: Uint8Array = new Uint8Array(0);

  constructor(windowBits = 15, contextTakeover = true) {
    this.#windowBits = windowBits;
    this.#contextTakeover = contextTakeover;
  }

  /** The payload of a compressed message. `final` ends it with a final block, and the empty one that has to follow. */
  compress(message: Uint8Array, final = false, level = 6): Uint8Array {
    const options = { windowBits: Math.max(9, this.#windowBits), level, ...this.#dictionary };
    const finishFlush = final ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
    const raw = deflateRawSync(message, { ...options, finishFlush });
    this.#slide(message);
    return final ? joined([raw, Uint8Array.of(0)]) : raw.subarray(0, -4);
  }

  /** What a payload inflates to; it must be one stream without a final block. */
  inflate(payload: Uint8Array): Uint8Array {
    const whole = joined([payload, TAIL]);
    const message = inflateRawSync(whole, { ...this.#dictionary, finishFlush: constants.Z_SYNC_FLUSH });
    this.#slide(message);
    return message;
  }

  get #dictionary(): { dictionary?: Uint8Array } {
    return this.#window.length === 0 ? {} : { dictionary: this.#window };
  }

  #slide(message: Uint8Array): void {
    if (this.#contextTakeover) this.#window = joined([this.#window, message]).slice(-(1 << this.#windowBits));
  }
}

/** A compressed message in frames: one a piece, the first with RSV1. */
export function compressedFrames(
  opcode: number,
  pieces: readonly Uint8Array[],
  shape: Partial<FrameShape> = {},
): Uint8Array[] {
  return pieces.map((payload, at) =>
    frameBytes({
      ...shape,
      opcode: at === 0 ? opcode : 0,
      reserved: at === 0 ? 0x40 : 0,
      fin: at === pieces.length - 1,
      payload,
    }),
  );
}

/** `bytes` in `count` pieces, of which some may be empty. */
export function inPieces(bytes: Uint8Array, count: number): Uint8Array[] {
  const size = Math.ceil(bytes.length / count);
  return Array.from({ length: count }, (_, at) => bytes.slice(at * size, (at + 1) * size));
}

const TAIL: Uint8Array = Uint8Array.of(0, 0, 0xff, 0xff);
