import { UsageError } from "../errors.ts";
import { encodeUtf8 } from "../text.ts";
import type { WriteBuffer } from "../write-buffer.ts";
import { isSendableCloseCode } from "./close-code.ts";
import { type MaskKeys, maskBytes } from "./mask.ts";
import { FIN, LENGTH_16, LENGTH_64, MASK_BIT, MAX_CONTROL_PAYLOAD, MAX_HEADER, Opcode, type Role } from "./opcode.ts";

/** What a {@link FrameWriter} is made of. */
export interface FrameWriterOptions {
  /** Which end writes: a `"client"` masks its frames, a `"server"` does not. */
  readonly role: Role;
  /** Needed for a client: fresh, unpredictable keys, one a frame. */
  readonly maskKeys?: MaskKeys;
}

/** Serialises a payload in place: writes at most `maxLength` bytes at `offset` and returns the index after the last one. */
export type PayloadWriter = (bytes: Uint8Array, offset: number) => number;

/** Messages in, RFC 6455 frames out: header and (masked) payload go straight into the {@link WriteBuffer}. */
export class FrameWriter {
  readonly #maskBit: number;
  readonly #keySize: number;
  readonly #maskKeys: MaskKeys | null;

  constructor(options: FrameWriterOptions) {
    const client = options.role === "client";
    if (client && options.maskKeys === undefined) {
      throw new UsageError("MASK_KEYS_MISSING", "Cannot create writer: a client needs maskKeys");
    }
    this.#maskBit = client ? MASK_BIT : 0;
    this.#keySize = client ? 4 : 0;
    this.#maskKeys = client ? options.maskKeys! : null;
  }

  /** One text message. A lone surrogate goes out as U+FFFD. */
  text(out: WriteBuffer, text: string): void {
    const most = text.length * 3;
    const start = out.reserve(MAX_HEADER + most);
    // Bet: the text is ASCII, so its length is the payload's. Where that changes the header's size the payload is moved.
    const payload = start + this.#headerSize(text.length);
    const length = encodeUtf8(out.bytes, text, payload);
    this.#finish(out, FIN | Opcode.TEXT, start, payload, length);
  }

  /** One binary message; `payload` is copied. */
  binary(out: WriteBuffer, payload: Uint8Array): void {
    this.frame(out, Opcode.BINARY, payload, true);
  }

  /** One text message that `write` serialises in place: UTF-8, at most `maxLength` bytes. */
  textWith(out: WriteBuffer, maxLength: number, write: PayloadWriter): void {
    this.#writeWith(out, FIN | Opcode.TEXT, maxLength, write);
  }

  /** One binary message of at most `maxLength` bytes that `write` serialises in place. */
  binaryWith(out: WriteBuffer, maxLength: number, write: PayloadWriter): void {
    this.#writeWith(out, FIN | Opcode.BINARY, maxLength, write);
  }

  /** A ping of at most 125 bytes. */
  ping(out: WriteBuffer, payload: Uint8Array = EMPTY): void {
    this.#control(out, Opcode.PING, payload);
  }

  /** A pong of at most 125 bytes; it answers a ping with the ping's payload. */
  pong(out: WriteBuffer, payload: Uint8Array = EMPTY): void {
    this.#control(out, Opcode.PONG, payload);
  }

  /** A close frame: without a code it is empty; the reason is at most 123 bytes of UTF-8. */
  close(out: WriteBuffer, code?: number, reason = ""): void {
    if (code === undefined) {
      if (reason !== "") throw new UsageError("CLOSE_CODE_INVALID", "Cannot close: a reason needs a code");
      this.#control(out, Opcode.CLOSE, EMPTY);
      return;
    }
    if (!isSendableCloseCode(code)) {
      throw new UsageError(
        "CLOSE_CODE_INVALID",
        `Cannot close: code ${code} is not 1000 to 1003, 1007 to 1014 or 3000 to 4999`,
      );
    }
    const payload = new Uint8Array(2 + reason.length * 3);
    payload[0] = code >> 8;
    payload[1] = code & 0xff;
    const length = encodeUtf8(payload, reason, 2);
    this.#control(out, Opcode.CLOSE, payload.subarray(0, 2 + length));
  }

  /** One frame of a message: `opcode` for the first, `Opcode.CONTINUATION` for the others, `fin` for the last (section 5.4). */
  frame(out: WriteBuffer, opcode: number, payload: Uint8Array, fin: boolean): void {
    const length = payload.length;
    const start = out.reserve(MAX_HEADER + length);
    const at = start + this.#headerSize(length);
    out.bytes.set(payload, at);
    this.#finish(out, (fin ? FIN : 0) | opcode, start, at, length);
  }

  /** Only the header of a frame of `length` bytes; returns the key to mask the payload with, 0 for a server. */
  header(out: WriteBuffer, opcode: number, length: number, fin: boolean): number {
    const start = out.reserve(MAX_HEADER);
    const end = start + this.#headerSize(length);
    const key = this.#writeHeader(out.bytes, (fin ? FIN : 0) | opcode, start, end, length);
    out.commit(end);
    return key;
  }

  #control(out: WriteBuffer, opcode: number, payload: Uint8Array): void {
    if (payload.length > MAX_CONTROL_PAYLOAD) {
      throw new UsageError(
        "CONTROL_PAYLOAD_TOO_LONG",
        `Cannot send control frame: payload is ${payload.length} bytes where ${MAX_CONTROL_PAYLOAD} are allowed`,
      );
    }
    this.frame(out, opcode, payload, true);
  }

  #writeWith(out: WriteBuffer, first: number, maxLength: number, write: PayloadWriter): void {
    const start = out.reserve(MAX_HEADER + maxLength);
    const payload = start + this.#headerSize(maxLength);
    const end = write(out.bytes, payload);
    checkWritten(end, payload, maxLength);
    this.#finish(out, first, start, payload, end - payload);
  }

  /** The payload stands at `payload`; it is moved if its length calls for a header of another size, framed and masked. */
  #finish(out: WriteBuffer, first: number, start: number, payload: number, length: number): void {
    const bytes = out.bytes;
    const at = start + this.#headerSize(length);
    if (at !== payload) bytes.copyWithin(at, payload, payload + length);
    const key = this.#writeHeader(bytes, first, start, at, length);
    const end = at + length;
    if (this.#maskKeys !== null) maskBytes(bytes, out.words, at, end, key, 0);
    out.tail = end;
  }

  #headerSize(length: number): number {
    return this.#keySize + (length < LENGTH_16 ? 2 : length <= 0xffff ? 4 : 10);
  }

  /** Fills `bytes[start, end)`, whose size is already that of a header for `length`; returns the masking key. */
  #writeHeader(bytes: Uint8Array, first: number, start: number, end: number, length: number): number {
    bytes[start] = first;
    if (length < LENGTH_16) {
      bytes[start + 1] = this.#maskBit | length;
    } else if (length <= 0xffff) {
      bytes[start + 1] = this.#maskBit | LENGTH_16;
      bytes[start + 2] = length >> 8;
      bytes[start + 3] = length;
    } else {
      bytes[start + 1] = this.#maskBit | LENGTH_64;
      const high = Math.floor(length / 0x100000000);
      bytes[start + 2] = high >>> 24;
      bytes[start + 3] = high >> 16;
      bytes[start + 4] = high >> 8;
      bytes[start + 5] = high;
      bytes[start + 6] = length >>> 24;
      bytes[start + 7] = length >>> 16;
      bytes[start + 8] = length >>> 8;
      bytes[start + 9] = length;
    }
    if (this.#maskKeys === null) return 0;
    const key = this.#maskKeys.next();
    bytes[end - 4] = key;
    bytes[end - 3] = key >> 8;
    bytes[end - 2] = key >> 16;
    bytes[end - 1] = key >> 24;
    return key;
  }
}

/** Throws where a {@link PayloadWriter} that began at `start` says that it ended outside its room. */
export function checkWritten(end: number, start: number, maxLength: number): void {
  if (Number.isInteger(end) && end >= start && end <= start + maxLength) return;
  throw new UsageError(
    "WRITER_OUT_OF_BOUNDS",
    `Cannot send: the writer ended at ${end}, not in ${start} to ${start + maxLength}`,
  );
}

const EMPTY: Uint8Array = new Uint8Array(0);
