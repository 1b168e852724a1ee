import { UsageError } from "../errors.ts";
import { encodeUtf8 } from "../text.ts";
import type { WriteBuffer } from "../write-buffer.ts";
import { latin1Bytes } from "./characters.ts";
import type { HeaderPairs } from "./head.ts";
import { isFieldValue, isToken } from "./head.ts";
import { invalidName, invalidValue, reservedField } from "./request-fields.ts";
import { specialName } from "./special-names.ts";

/** Frames a body that is sent in chunks (RFC 9112 section 7.1): data in, chunks out, straight into the {@link WriteBuffer}. */
export class ChunkWriter {
  /** One chunk; `data` is copied, text as UTF-8. Nothing is written for no data, which would end the body. */
  chunk(out: WriteBuffer, data: string | Uint8Array): void {
    if (data.length === 0) return;
    const most = typeof data === "string" ? data.length * 3 : data.length;
    const start = out.reserve(MOST_FRAMING + most);
    const { bytes } = out;
    const digits = hexLength(data.length);
    let at = start + digits + 2;
    let length = data.length;
    if (typeof data === "string") {
      // Bet: the text is ASCII, so its length is the chunk's. Where that changes the number of digits the data is moved.
      length = encodeUtf8(bytes, data, at);
      const moved = at + hexLength(length) - digits;
      if (moved !== at) bytes.copyWithin(moved, at, at + length);
      at = moved;
    } else bytes.set(data, at);
    writeSize(bytes, start, at - 2, length);
    writeLineEnd(bytes, at + length);
    out.commit(at + length + 2);
  }

  /** Only what stands before a chunk's data, of which `length` bytes, at least one, follow; {@link end} goes behind them. */
  begin(out: WriteBuffer, length: number): void {
    if (!(Number.isSafeInteger(length) && length > 0)) {
      throw new UsageError("REQUEST_BODY_INVALID", `Cannot write chunk: ${length} is no number of bytes over 0`);
    }
    const start = out.reserve(MOST_FRAMING);
    const end = start + hexLength(length);
    writeSize(out.bytes, start, end, length);
    out.commit(end + 2);
  }

  /** What stands behind a chunk's data. */
  end(out: WriteBuffer): void {
    const start = out.reserve(2);
    writeLineEnd(out.bytes, start);
    out.commit(start + 2);
  }

  /** The last chunk and the trailer section, which must not frame or route the request (RFC 9110 section 6.5.1). */
  last(out: WriteBuffer, trailers: HeaderPairs = []): void {
    if (trailers.length === 0) {
      out.append(LAST_CHUNK);
      return;
    }
    let text = "0\r\n";
    for (const [name, value] of trailers) {
      if (!isToken(name)) throw invalidName(name);
      if (specialName(name) !== null) throw reservedField(name);
      if (!isFieldValue(value)) throw invalidValue(name);
      text += `${name}: ${value}\r\n`;
    }
    out.append(latin1Bytes(`${text}\r\n`));
  }
}

/** Writes `length` in hexadecimal, which fills `bytes[start, end)`, and CRLF. */
function writeSize(bytes: Uint8Array, start: number, end: number, length: number): void {
  let rest = length;
  for (let at = end - 1; at >= start; at--) {
    bytes[at] = HEX_DIGITS.charCodeAt(rest % 16);
    rest = Math.floor(rest / 16);
  }
  writeLineEnd(bytes, end);
}

function writeLineEnd(bytes: Uint8Array, pos: number): void {
  bytes[pos] = 0x0d;
  bytes[pos + 1] = 0x0a;
}

function hexLength(value: number): number {
  let length = 1;
  for (let bound = 16; value >= bound; bound *= 16) length++;
  return length;
}

const HEX_DIGITS = "0123456789abcdef";
const LAST_CHUNK: Uint8Array = latin1Bytes("0\r\n\r\n");
/** 14 digits of a size below 2^53, and CRLF twice. */
const MOST_FRAMING = 18;
