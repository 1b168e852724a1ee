import { UsageError } from "../codec/errors.ts";
import { WriteBuffer } from "../codec/write-buffer.ts";
import { checkWritten, type FrameWriter, type PayloadWriter } from "../codec/ws/frame-writer.ts";
import { maskBytes } from "../codec/ws/mask.ts";
import { COMPRESSED, MAX_HEADER, Opcode } from "../codec/ws/opcode.ts";
import type { Transport } from "../socket/transport.ts";
import type { DeflateSender } from "./deflate-sender.ts";

/** Sizes of an {@link Outbox} in bytes. */
export interface OutboxLimits {
  readonly capacity: number;
  readonly highWaterMark: number;
}

/**
 * The way out: frames are encoded into one buffer and offered to the transport; what the kernel does not take waits, in order.
 * Nothing is refused: above the high-water mark {@link settle} says false, and {@link onRoom} is called once at most half of it waits.
 */
export class Outbox {
  /** Called when room came after a send had said false. */
  onRoom: () => void = ignore;
  readonly #transport: Pick<Transport, "write">;
  readonly #writer: FrameWriter;
  readonly #buffer: WriteBuffer;
  readonly #highWaterMark: number;
  readonly #deflate: DeflateSender | null;
  /** The kernel took less than it was offered: wait for its drain. */
  #blocked = false;
  /** A send said false, and nobody was told yet that there is room. */
  #full = false;
  #corked = 0;
  #writingInPlace = false;

  constructor(
    transport: Pick<Transport, "write">,
    writer: FrameWriter,
    limits: OutboxLimits,
    deflate: DeflateSender | null = null,
  ) {
    this.#transport = transport;
    this.#writer = writer;
    this.#buffer = new WriteBuffer(limits.capacity, true);
    this.#highWaterMark = limits.highWaterMark;
    this.#deflate = deflate;
  }

  /** Bytes that wait for the kernel. */
  get length(): number {
    return this.#buffer.length;
  }

  /** True after a send said false, until room came. */
  get full(): boolean {
    return this.#full;
  }

  /** Sends bytes that are no frame: a server's half of the handshake, before the first one. */
  raw(bytes: Uint8Array): void {
    const taken = this.#transport.write(bytes, 0, bytes.length);
    if (taken < 0 || taken === bytes.length) return;
    this.#blocked = true;
    this.#buffer.append(bytes.subarray(taken));
  }

  text(text: string): boolean {
    if (this.#deflate !== null) {
      this.#checkNotWriting();
      const payload = this.#deflate.text(text, this.#buffer);
      if (payload !== null) return this.#compressed(this.#deflate, Opcode.TEXT, payload);
    }
    // A string takes up to three bytes a character while it is encoded: a long one is encoded beside the buffer.
    if (text.length > this.#buffer.capacity) return this.#pieces(Opcode.TEXT, encoder.encode(text));
    this.#checkNotWriting();
    this.#writer.text(this.#buffer, text);
    return this.settle();
  }

  binary(payload: Uint8Array): boolean {
    if (this.#deflate !== null) {
      this.#checkNotWriting();
      const compressed = this.#deflate.bytes(payload, this.#buffer);
      if (compressed !== null) return this.#compressed(this.#deflate, Opcode.BINARY, compressed);
    }
    if (payload.length > this.#buffer.capacity) return this.#pieces(Opcode.BINARY, payload);
    this.#checkNotWriting();
    this.#writer.binary(this.#buffer, payload);
    return this.settle();
  }

  ping(payload?: Uint8Array): boolean {
    this.#checkNotWriting();
    this.#writer.ping(this.#buffer, payload);
    return this.settle();
  }

  pong(payload?: Uint8Array): boolean {
    this.#checkNotWriting();
    this.#writer.pong(this.#buffer, payload);
    return this.settle();
  }

  close(code: number | undefined, reason: string | undefined): boolean {
    this.#checkNotWriting();
    this.#writer.close(this.#buffer, code, reason);
    return this.settle();
  }

  inPlace(kind: "text" | "binary", maxLength: number, write: PayloadWriter): boolean {
    this.#checkNotWriting();
    if (this.#deflate !== null && maxLength >= this.#deflate.threshold) {
      return this.#compressedInPlace(this.#deflate, kind === "text" ? Opcode.TEXT : Opcode.BINARY, maxLength, write);
    }
    this.#writingInPlace = true;
    try {
      if (kind === "text") this.#writer.textWith(this.#buffer, maxLength, write);
      else this.#writer.binaryWith(this.#buffer, maxLength, write);
    } finally {
      this.#writingInPlace = false;
    }
    return this.settle();
  }

  /** Runs `sends` and offers what they encoded in one write. */
  cork(sends: () => void): boolean {
    this.#corked++;
    try {
      sends();
    } finally {
      // What was sent before a throw goes out all the same.
      this.#corked--;
      this.settle();
      this.#tellRoom();
    }
    return this.#buffer.length <= this.#highWaterMark;
  }

  /** Offers what waits, unless corked or blocked; false above the high-water mark. */
  settle(): boolean {
    if (!this.#blocked && this.#corked === 0) this.#offer();
    if (this.#buffer.length <= this.#highWaterMark) return true;
    this.#full = true;
    return false;
  }

  /** The transport has room again. */
  drain(): void {
    this.#blocked = false;
    if (this.#buffer.length > 0) this.#offer();
    this.#tellRoom();
  }

  /** Drops what waits: the connection is gone. */
  clear(): void {
    this.#buffer.clear();
    this.#full = false;
    this.#deflate?.close();
  }

  #tellRoom(): void {
    if (!this.#full || this.#buffer.length > this.#highWaterMark >> 1) return;
    this.#full = false;
    this.onRoom();
  }

  #offer(): void {
    const buffer = this.#buffer;
    while (buffer.length > 0) {
      const taken = this.#transport.write(buffer.bytes, buffer.head, buffer.length);
      // Less than was taken waits where the transport ended meanwhile.
      if (taken < 0 || buffer.length < taken) {
        buffer.clear();
        return;
      }
      this.#blocked = taken < buffer.length;
      if (taken > 0) buffer.consume(taken);
      if (this.#blocked) return;
    }
  }

  #compressed(deflate: DeflateSender, opcode: number, payload: Uint8Array): boolean {
    const whole = payload.length <= this.#buffer.capacity;
    // A transport may call others while it writes, and they compress into the same memory.
    const own = whole ? payload : payload.slice();
    if (whole) this.#writer.frame(this.#buffer, opcode | COMPRESSED, payload, true);
    deflate.sent();
    return whole ? this.settle() : this.#pieces(opcode | COMPRESSED, own);
  }

  /** The payload is written where it would be sent from, and what it compresses to goes over it. */
  #compressedInPlace(deflate: DeflateSender, opcode: number, maxLength: number, write: PayloadWriter): boolean {
    const buffer = this.#buffer;
    const start = buffer.reserve(maxLength);
    let end: number;
    this.#writingInPlace = true;
    try {
      end = write(buffer.bytes, start);
    } finally {
      this.#writingInPlace = false;
    }
    checkWritten(end, start, maxLength);
    const payload = buffer.bytes.subarray(start, end);
    const compressed = deflate.bytes(payload, buffer);
    if (compressed !== null) return this.#compressed(deflate, opcode, compressed);
    this.#writer.frame(buffer, opcode, payload, true);
    return this.settle();
  }

  /** A payload over the buffer's capacity goes out piece by piece, so that a large one costs no large buffer unless the kernel is full. */
  #pieces(opcode: number, payload: Uint8Array): boolean {
    this.#checkNotWriting();
    const buffer = this.#buffer;
    buffer.checkRoom(MAX_HEADER + payload.length);
    const key = this.#writer.header(buffer, opcode, payload.length, true);
    for (let offset = 0; offset < payload.length; offset += buffer.capacity) {
      const piece = payload.subarray(offset, offset + buffer.capacity);
      const start = buffer.reserve(piece.length);
      const end = start + piece.length;
      buffer.bytes.set(piece, start);
      if (key !== 0) maskBytes(buffer.bytes, buffer.words, start, end, key, offset);
      buffer.commit(end);
      this.settle();
    }
    return this.settle();
  }

  #checkNotWriting(): void {
    if (!this.#writingInPlace) return;
    throw new UsageError("SEND_WITHIN_WRITER", "Cannot send: a writer function is filling the buffer");
  }
}

const encoder: TextEncoder = new TextEncoder();

function ignore(): void {}
