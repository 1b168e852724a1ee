import { line } from "../vectors/build.ts";
import type { Frame } from "../vectors/vector.ts";
import type { PeerDeflate } from "./peer-deflate.ts";

/** A frame as the wire has it, from RFC 6455 section 5.2 alone: nothing here is of the library. */
export interface WireFrame {
  readonly bytes: Uint8Array;
  /** Where the frame's marks are, from its start. */
  readonly marks: readonly number[];
}

/** `key` is the masking key, null where the sender does not mask. */
export function wireFrame(frame: Frame, key: Uint8Array | null): WireFrame {
  const { payload, fin, reserved, opcode, announced } = frame;
  const told = announced ?? BigInt(payload.length);
  const extended = frame.lengthBytes ?? (told < 126n ? 0 : told < 65_536n ? 2 : 8);
  const headerSize = 2 + extended + (key === null ? 0 : 4);
  const bytes = new Uint8Array(headerSize + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, (fin ? 0x80 : 0) | reserved | opcode);
  view.setUint8(1, (key === null ? 0 : 0x80) | (extended === 0 ? Number(told) : extended === 2 ? 126 : 127));
  if (extended === 2) view.setUint16(2, Number(told));
  if (extended === 8) view.setBigUint64(2, told);
  if (key !== null) bytes.set(key, headerSize - 4);
  bytes.set(payload, headerSize);
  if (key !== null) mask(bytes, headerSize, key);
  return { bytes, marks: frame.marks.map((mark) => headerSize + mark) };
}

/** What the program under test sends, frame by frame: the lines of a vector, or what is wrong with it. */
export class WireReader {
  readonly #masked: boolean;
  readonly #deflate: PeerDeflate | null;
  readonly #say: (line: string) => void;
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** So many bytes are needed to go on. */
  #wanted = 2;
  #closed = false;

  /** `masked` is whether the sender must mask, `deflate` how it may compress. */
  constructor(masked: boolean, deflate: PeerDeflate | null, say: (line: string) => void) {
    this.#masked = masked;
    this.#deflate = deflate;
    this.#say = say;
  }

  read(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= this.#wanted && this.#take());
  }

  /** Bytes of a frame that is not whole. */
  get unread(): number {
    return this.#length;
  }

  #take(): boolean {
    const bytes = this.#joined();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const short = view.getUint8(1) & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    const headerSize = 2 + extended + (this.#masked ? 4 : 0);
    if (bytes.length < headerSize) return this.#want(headerSize);
    const length = extended === 0 ? short : extended === 2 ? view.getUint16(2) : Number(view.getBigUint64(2));
    const size = headerSize + length;
    if (bytes.length < size) return this.#want(size);
    const key = this.#masked ? bytes.slice(headerSize - 4, headerSize) : null;
    const payload = key === null ? bytes.subarray(headerSize, size) : bytes.slice(headerSize, size);
    if (key !== null) mask(payload, 0, key);
    this.#chunks = size < bytes.length ? [bytes.subarray(size)] : [];
    this.#length = bytes.length - size;
    this.#wanted = 2;
    this.#tellInflated(view.getUint8(0), view.getUint8(1) >= 0x80, payload);
    const shortest = length < 126 ? 0 : length < 65_536 ? 2 : 8;
    if (extended !== shortest) this.#say(`sent a length of ${length} in ${extended} bytes`);
    return true;
  }

  #tellInflated(first: number, masked: boolean, payload: Uint8Array): void {
    const compressed = this.#deflate !== null && (first === 0xc1 || first === 0xc2);
    if (!compressed) {
      this.#tell(first, masked, payload);
      return;
    }
    try {
      this.#tell(first & ~0x40, masked, this.#deflate.inflate(payload));
    } catch (error) {
      this.#say(`sent what does not inflate: ${String(error)}`);
    }
  }

  #tell(first: number, masked: boolean, payload: Uint8Array): void {
    const say = (what: string): void =>
      this.#say(this.#closed ? `sent behind its close frame: ${what}` : `sent ${what}`);
    if (masked !== this.#masked) say(`a frame that is ${masked ? "" : "not "}masked`);
    if ((first & 0xf0) !== 0x80) say(`a frame whose first byte is ${first.toString(16)}`);
    const opcode = first & 0x0f;
    if (opcode >= 8 && payload.length > 125) say(`a control frame of ${payload.length} bytes`);
    if (opcode === 1) say(line("text", payload));
    else if (opcode === 2) say(line("binary", payload));
    else if (opcode === 9) say(line("ping", payload));
    else if (opcode === 10) say(line("pong", payload));
    else if (opcode === 8) {
      const [high = 0, low = 0] = payload;
      say(payload.length === 0 ? "close" : `close ${high * 256 + low}`);
      if (payload.length === 1 || payload.length > 2) say(`a close frame of ${payload.length} bytes`);
      this.#closed = true;
    } else say(`opcode ${opcode}`);
  }

  #joined(): Uint8Array {
    const [first = new Uint8Array(0), ...more] = this.#chunks;
    if (more.length === 0) return first;
    const whole = Buffer.concat(this.#chunks, this.#length);
    this.#chunks = [whole];
    return whole;
  }

  #want(size: number): boolean {
    this.#wanted = size;
    return this.#length >= size;
  }
}

function mask(bytes: Uint8Array, start: number, key: Uint8Array): void {
  const [a = 0, b = 0, c = 0, d = 0] = key;
  const keys = [a, b, c, d];
  for (let at = start, turn = 0; at < bytes.length; at++, turn = (turn + 1) & 3) {
    bytes[at] = (bytes[at] ?? 0) ^ (keys[turn] ?? 0);
  }
}
