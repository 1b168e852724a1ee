import { encodeUtf8 } from "../codec/text.ts";
import type { WriteBuffer } from "../codec/write-buffer.ts";
import { Assembly } from "../codec/ws/assembly.ts";
import type { DeflateWindow } from "../codec/ws/deflate-engine.ts";
import { MessageDeflater } from "../codec/ws/deflate-outgoing.ts";
import { MAX_HEADER } from "../codec/ws/opcode.ts";
import type { DeflateSettings } from "./deflate-options.ts";
import { deflateStream } from "./deflate-zlib.ts";

/**
 * Compresses what one connection sends, where it is worth it. What it returns is to be sent at once: the peer's window depends on it, and
 * all connections share the memory in which it lies.
 */
export class DeflateSender {
  readonly threshold: number;
  readonly #deflater: MessageDeflater;

  constructor(window: DeflateWindow, settings: DeflateSettings) {
    this.threshold = settings.threshold;
    this.#deflater = new MessageDeflater({ ...window, open: (bits) => deflateStream(bits, settings) }, compressed);
  }

  /** The payload that stands for `text`, null where it is to be sent as it is. Throws where `into` could not take it. */
  text(text: string, into: WriteBuffer): Uint8Array | null {
    if (text.length * 3 < this.threshold) return null;
    if (text.length * 3 > encoded.length) return this.bytes(encoder.encode(text), into);
    return this.bytes(encoded.subarray(0, encodeUtf8(encoded, text, 0)), into);
  }

  /** {@link text} for bytes. */
  bytes(payload: Uint8Array, into: WriteBuffer): Uint8Array | null {
    const { length } = payload;
    if (length < this.threshold) return null;
    // What was compressed must be sent, so it is asked before: data that cannot be compressed grows by an eighth at the worst.
    into.checkRoom(MAX_HEADER + length + (length >> 3) + 64);
    return this.#deflater.deflate(payload);
  }

  /** It was sent. */
  sent(): void {
    this.#deflater.sent();
  }

  /** Gives the memory back: nothing more is sent. */
  close(): void {
    this.#deflater.close();
  }
}

const KEPT = 64 << 10;
/** Shared: nothing waits in them, for compressing is synchronous and calls nobody. */
const compressed: Assembly = new Assembly(KEPT);
const encoded: Uint8Array = new Uint8Array(KEPT);
const encoder: TextEncoder = new TextEncoder();
