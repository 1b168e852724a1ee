import { createDeflateRaw } from "node:zlib";
import { encodeFrame, TEXT } from "../corpus.ts";
import { booksOf } from "./books.ts";

/** All books of a size, and what they are on the wire. */
export interface CompressedBooks {
  readonly payloads: readonly Uint8Array[];
  readonly bytes: Uint8Array;
}

/**
 * The books as compressed text messages of one stream at zlib's default level, the window taken over. The first refers to nothing before it, so
 * they can be sent over and over. `mask` is the key of a client's frames, null for a server's.
 */
export async function compressedBooks(size: number, mask: Uint8Array | null): Promise<CompressedBooks> {
  const payloads = booksOf(size);
  const deflate = createDeflateRaw();
  let parts: Uint8Array[] = [];
  deflate.on("data", (part: Uint8Array) => parts.push(part));
  const frames: Uint8Array[] = [];
  for (const payload of payloads) {
    parts = [];
    deflate.write(payload);
    await new Promise<void>((resolve) => deflate.flush(() => resolve()));
    const message = Buffer.concat(parts);
    frames.push(encodeFrame(TEXT | RSV1, message.subarray(0, message.length - TAIL_LENGTH), true, mask));
  }
  deflate.destroy();
  return { payloads, bytes: Buffer.concat(frames) };
}

const TAIL_LENGTH = 4;
const RSV1 = 0x40;
