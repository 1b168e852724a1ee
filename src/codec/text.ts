/**
 * Between JavaScript strings and bytes. Where the engine has Node's `Buffer` (Bun, Node) its slices and writes are used, which take
 * offsets and so need no view; a page has `TextDecoder` and `TextEncoder`.
 */
interface BufferMethods {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  utf8Slice(this: Uint8Array, start: number, end: number): string;
  utf8Write(this: Uint8Array, text: string, offset: number, length: number): number;
}

/** Decodes `bytes[start, end)` one character a byte: what is ASCII, or a field value that predates UTF-8. */
export function decodeLatin1(bytes: Uint8Array, start: number, end: number): string {
  if (native !== null) return native.latin1Slice.call(bytes, start, end);
  // Not TextDecoder: its "latin1" is windows-1252, which has other characters from 0x80 to 0x9F.
  let text = "";
  for (let pos = start; pos < end; pos += ARGUMENTS) {
    text += String.fromCharCode(...bytes.subarray(pos, Math.min(end, pos + ARGUMENTS)));
  }
  return text;
}

/** Decodes `bytes[start, end)` as UTF-8; a byte order mark is kept, invalid bytes become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (native !== null) return native.utf8Slice.call(bytes, start, end);
  return decoder.decode(bytes.subarray(start, end));
}

/**
 * Writes `text` as UTF-8 at `offset` and returns the bytes written. A lone surrogate becomes U+FFFD.
 * Whole characters are written as long as they fit `most` bytes; there are never more than `3 * text.length`.
 */
export function encodeUtf8(
  bytes: Uint8Array,
  text: string,
  offset: number,
  most: number = bytes.length - offset,
): number {
  if (native !== null) return native.utf8Write.call(bytes, text, offset, most);
  return encoder.encodeInto(text, bytes.subarray(offset, offset + most)).written;
}

/** As many as every engine takes in one call. */
const ARGUMENTS = 4096;

const decoder: TextDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder: TextEncoder = new TextEncoder();
const native: BufferMethods | null = nativeMethods();

function nativeMethods(): BufferMethods | null {
  const methods = (globalThis as { Buffer?: { prototype: Partial<BufferMethods> } }).Buffer?.prototype;
  if (methods === undefined) return null;
  const { latin1Slice, utf8Slice, utf8Write } = methods;
  if (latin1Slice === undefined || utf8Slice === undefined || utf8Write === undefined) return null;
  return { latin1Slice, utf8Slice, utf8Write };
}
