import { marketPayload } from "./market.ts";

/** What the bytes of a payload are: any bytes, ASCII text, text of one to four bytes a character, or market data in JSON. */
export type PayloadKind = "binary" | "ascii" | "wide" | "json";

/** Whole frames of one kind and size, back to back, to be sent over and over. */
export interface FrameBlock {
  readonly bytes: Uint8Array;
  readonly frames: number;
  readonly frameLength: number;
  readonly payloads: readonly Uint8Array[];
}

/** A block of every kind and size of message, as data messages are counted: pings and pongs are not. */
export interface MixedBlock {
  readonly bytes: Uint8Array;
  readonly payloads: readonly Uint8Array[];
}

/** A small seeded generator (xorshift32): the corpus is the same bytes on every machine and in every run. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** A whole number in `[0, bound)`. */
  below(bound: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % bound;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }
}

/**
 * One frame as RFC 6455 section 5.2 has it. Written apart from the library's own encoder, so that one does not
 * vouch for the other.
 */
export function encodeFrame(
  opcode: number,
  payload: Uint8Array,
  final: boolean,
  maskKey: Uint8Array | null,
): Uint8Array {
  const length = payload.length;
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const headerLength = 2 + extended + (maskKey === null ? 0 : 4);
  const frame = new Uint8Array(headerLength + length);
  const view = new DataView(frame.buffer);
  frame[0] = (final ? 0x80 : 0) | opcode;
  frame[1] = (maskKey === null ? 0 : 0x80) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) view.setUint16(2, length);
  if (extended === 8) view.setBigUint64(2, BigInt(length));
  frame.set(payload, headerLength);
  if (maskKey !== null) {
    frame.set(maskKey, headerLength - 4);
    for (let i = 0; i < length; i++) frame[headerLength + i] = (payload[i] ?? 0) ^ (maskKey[i & 3] ?? 0);
  }
  return frame;
}

/** A payload of exactly `length` bytes; text is valid UTF-8. */
export function seededPayload(random: SeededRandom, kind: PayloadKind, length: number): Uint8Array {
  if (kind === "json") return marketPayload(random, length);
  const bytes = new Uint8Array(length);
  let pos = 0;
  while (pos < length) {
    const room = length - pos;
    if (kind === "binary") bytes[pos++] = random.below(256);
    else if (kind === "ascii" || room < 2) bytes[pos++] = 0x20 + random.below(95);
    else pos += encoder.encodeInto(random.pick(WIDE), bytes.subarray(pos)).written;
  }
  return bytes;
}

/**
 * Whole frames of one kind and size, at least `minimum` bytes of them: up to {@link DISTINCT_FRAMES} different ones, repeated. Client
 * frames are masked, server frames are not.
 */
export function frameBlock(kind: PayloadKind, size: number, minimum: number, masked: boolean): FrameBlock {
  const random = new SeededRandom(SEED + size);
  const payloads: Uint8Array[] = [];
  const frames: Uint8Array[] = [];
  const opcode = kind === "binary" ? BINARY : TEXT;
  let length = 0;
  while (length < minimum) {
    const repeated = frames.length - DISTINCT_FRAMES;
    const payload = payloads[repeated] ?? seededPayload(random, kind, size);
    const frame =
      frames[repeated] ?? encodeFrame(opcode, payload, true, masked ? seededPayload(random, "binary", 4) : null);
    payloads.push(payload);
    frames.push(frame);
    length += frame.length;
  }
  return { bytes: Buffer.concat(frames), frames: frames.length, frameLength: frames[0]?.length ?? 0, payloads };
}

/**
 * Text and binary, short and long, whole and in fragments with pings between them, in a seeded order: what a process has
 * read before its figures count. One message is larger than a ring of 1 MiB.
 */
export function mixedBlock(masked: boolean): MixedBlock {
  const random = new SeededRandom(SEED);
  const payloads: Uint8Array[] = [];
  const frames: Uint8Array[] = [];
  const append = (opcode: number, payload: Uint8Array, final: boolean): void => {
    frames.push(encodeFrame(opcode, payload, final, masked ? seededPayload(random, "binary", 4) : null));
  };
  for (let i = 0; i < MIXED_MESSAGES; i++) {
    const kind = random.pick<PayloadKind>(["binary", "ascii", "wide", "ascii", "binary"]);
    const size =
      i === 0 ? LARGEST : i % 500 === 1 ? random.pick(LARGE_SIZES) : random.pick(SMALL_SIZES) + random.below(40);
    const payload = seededPayload(random, kind, size);
    const opcode = kind === "binary" ? BINARY : TEXT;
    payloads.push(payload);
    if (random.below(8) === 0) {
      const first = random.below(size + 1);
      const second = first + random.below(size - first + 1);
      append(opcode, payload.subarray(0, first), false);
      if (random.below(2) === 0) append(PING, seededPayload(random, "binary", random.below(126)), true);
      append(CONTINUATION, payload.subarray(first, second), false);
      append(CONTINUATION, payload.subarray(second), true);
    } else {
      append(opcode, payload, true);
    }
    if (random.below(16) === 0)
      append(random.pick([PING, PONG]), seededPayload(random, "ascii", random.below(126)), true);
  }
  return { bytes: Buffer.concat(frames), payloads };
}

/** A running check over payload bytes in order: `check = check * 31 + byte`, 32 bits. */
export function checksum(previous: number, bytes: Uint8Array, start: number, end: number): number {
  let check = previous;
  for (let pos = start; pos < end; pos++) check = (Math.imul(check, 31) + (bytes[pos] ?? 0)) | 0;
  return check;
}

/** The text of the last message of a run, always of one length: what the run before it held. */
export function endText(messages: number, bytes: number, check: number): string {
  return `end ${String(messages).padStart(10, "0")} ${String(bytes).padStart(15, "0")} ${String(check >>> 0).padStart(10, "0")}`;
}

const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
const PING = 9;
const PONG = 10;

const SEED = 0x5eed;
const DISTINCT_FRAMES = 1_024;
const MIXED_MESSAGES = 2_000;
const SMALL_SIZES = [0, 1, 40, 86, 126, 128, 300, 512] as const;
const LARGE_SIZES = [4_096, 16_384, 65_535, 65_536, 200_000] as const;
const LARGEST = 1_500_000;
const WIDE = ["a", "Z", "7", " ", "é", "ß", "Ж", "€", "日", "本", "😀"] as const;
const encoder = new TextEncoder();
