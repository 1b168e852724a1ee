import type { ProtocolFault } from "../errors.ts";

/**
 * Undoes one content coding of a whole body (RFC 9110 section 8.4.1). Returns what it inflates to, null where that would be over `max` bytes;
 * throws where the bytes are not in that coding. The result must not be reused while the response is lent.
 */
export type ContentDecoder = (bytes: Uint8Array, max: number) => Uint8Array | null;

/** Decoders by the coding's name in lower case: `gzip` (also asked for `x-gzip`), `deflate`, `br`, `zstd`. */
export interface ContentDecoders {
  readonly [coding: string]: ContentDecoder | undefined;
}

/** What {@link decodeContent} came to: the body, or why there is none. */
export type DecodedContent =
  | { readonly body: Uint8Array; readonly fault: null }
  | { readonly body: null; readonly fault: ProtocolFault; readonly detail: string; readonly options?: ErrorOptions };

/** Undoes the codings that the value of `Content-Encoding` lists, the last first. */
export function decodeContent(
  body: Uint8Array,
  codings: string,
  decoders: ContentDecoders,
  max: number,
): DecodedContent {
  const names = codings
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length > MOST_CODINGS) return refused("HTTP_CONTENT_CODING", `${names.length} codings`);
  let decoded = body;
  for (const name of names.reverse()) {
    const known = name.startsWith("x-") ? name.slice(2) : name;
    const decoder = Object.hasOwn(decoders, known) ? decoders[known] : undefined;
    if (decoder === undefined) return refused("HTTP_CONTENT_CODING", `${JSON.stringify(name)} has no decoder`);
    let next: Uint8Array | null;
    try {
      next = decoder(decoded, max);
    } catch (cause) {
      return { body: null, fault: "HTTP_CONTENT_CODING", detail: `the body is not ${name}`, options: { cause } };
    }
    if (next === null || next.length > max) return refused("HTTP_BODY_TOO_LARGE", `over ${max} bytes once decoded`);
    decoded = next;
  }
  return { body: decoded, fault: null };
}

function refused(fault: ProtocolFault, detail: string): DecodedContent {
  return { body: null, fault, detail };
}

/** More than one is already unusual, and each may inflate a thousandfold. */
const MOST_CODINGS = 3;
