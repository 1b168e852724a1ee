import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import type { ContentDecoder, ContentDecoders } from "../codec/http/content-coding.ts";

/**
 * Undoes `gzip`, `deflate` and `br` with the engine's zlib, for `new ResponseReader({ decoders: contentDecoders })`; ask for them with
 * `Accept-Encoding`. A body that inflates beyond the reader's `maxBodySize` is given up while it inflates.
 */
export const contentDecoders: ContentDecoders = {
  gzip: bounded((bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength })),
  // RFC 9110 section 8.4.1.2 means the zlib format; some servers send the bare stream.
  deflate: bounded((bytes, maxOutputLength) =>
    isZlib(bytes) ? inflateSync(bytes, { maxOutputLength }) : inflateRawSync(bytes, { maxOutputLength }),
  ),
  br: bounded((bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength })),
};

function bounded(inflate: (bytes: Uint8Array, max: number) => Uint8Array): ContentDecoder {
  return (bytes, max) => {
    try {
      // Zlib has no output of no bytes: one more is asked for, and refused here.
      const inflated = inflate(bytes, max + 1);
      return inflated.length > max ? null : inflated;
    } catch (error) {
      if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return null;
      throw error;
    }
  };
}

/** RFC 1950 section 2.2: method 8, and a check that the first two bytes are a multiple of 31. */
function isZlib(bytes: Uint8Array): boolean {
  const [method = 0, flags = 0] = bytes;
  return (method & 0x0f) === 8 && ((method << 8) | flags) % 31 === 0;
}
