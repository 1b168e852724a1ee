import { expect } from "bun:test";
import { plainMemory, type RingMemory } from "../../src/codec/byte-ring.ts";
import { ProtocolError } from "../../src/codec/errors.ts";
import { FrameReader } from "../../src/codec/ws/frame-reader.ts";
import type { FrameReaderOptions } from "../../src/codec/ws/reader-options.ts";
import { mirroredMemory } from "../../src/ffi/mirrored-memory.ts";
import { joined } from "./bytes.ts";
import { eventOf, failureEvents } from "./events.ts";
import { frameBytes } from "./frames.ts";
import { below, type Random, seededRandom } from "./random.ts";

/** A stream, and what a reader must make of it. */
export interface DecoderCase {
  readonly stream: Uint8Array;
  /** Lines of `events.ts`, a failure last. */
  readonly events: readonly string[];
  /** Role and limits; memory and `debug` are this helper's to vary. Default: a client with the reader's own limits. */
  readonly options?: Partial<Pick<FrameReaderOptions, "role" | "maxFrameSize" | "maxMessageSize" | "inflate">>;
  /** How many bytes must be in, and how many suffice, for the failure to be known. */
  readonly failsAfter?: number;
  /** The stream ends within a frame: bytes put behind it would belong to that frame. */
  readonly endsWithinFrame?: boolean;
}

/**
 * Reads one case in every way that must not matter, each from a reader that was used and reset before:
 *
 * - whole, at each chunk size, cut at each single point, at random cuts (seeded), and with bytes of a next frame behind it;
 * - on plain and on mirrored memory, which are small or large beside the stream, with the stream at the ring's start and across its end;
 * - on the fast path, and on the slow path that is its oracle (`debug`), which also throws where a message is read too late;
 * - taking messages after each chunk, only once the ring is full, or with the next bytes read in while a message is lent.
 *
 * Long streams are cut at chosen points only, near their ends and around powers of two, and each cut is tried on every fourth reader.
 */
export function feedAllWays(decoder: DecoderCase): void {
  const { stream, events, failsAfter } = decoder;
  const random = seededRandom(stream.length);
  for (const [index, reader] of readersFor(decoder.options ?? {}).entries()) {
    const positions = positionsOn(reader);
    const ways = [...cutsOf(stream.length, random)];
    for (const [turn, cuts] of ways.entries()) {
      if (stream.length > EVERY_POINT && (turn + index) % 4 !== 0) continue;
      const drain = DRAINS[(turn + index) % DRAINS.length] ?? "each";
      const behindEnd = positions[(turn + (index >> 1)) % positions.length] ?? 0;
      check({ reader, stream, cuts, drain, behindEnd }, events);
    }
    for (const drain of DRAINS) {
      for (const behindEnd of positions) check({ reader, stream, cuts: [], drain, behindEnd }, events);
    }
    checkTrailing(reader, decoder);
    if (failsAfter !== undefined) checkMoment(reader, stream, failsAfter);
  }
}

/** The events of `stream`, fed in pieces that end at `cuts`. */
export function eventsOf(feed: Feed): string[] {
  const { reader, stream, cuts, drain } = feed;
  startAt(reader, feed.behindEnd);
  const events: string[] = [];
  const bounds = [...cuts, stream.length];
  let pos = 0;
  const read = (bound: number): number => {
    const taken = reader.read(stream.subarray(0, bound), pos);
    pos += taken;
    return taken;
  };
  const takeAll = (ahead: number): void => {
    for (let message = reader.next(); message !== null; message = reader.next()) {
      if (ahead > pos) read(ahead);
      events.push(eventOf(message));
    }
  };
  for (const [at, bound] of bounds.entries()) {
    const ahead = drain === "ahead" ? (bounds[at + 1] ?? bound) : 0;
    for (let stalls = 0; pos < bound; ) {
      const taken = read(bound);
      if (drain === "late" && pos === bound && at < bounds.length - 1) break;
      stalls = taken === 0 ? stalls + 1 : 0;
      if (stalls > 1) throw new Error(`the reader took nothing twice at byte ${pos} (${wayOf(feed)})`);
      takeAll(ahead);
    }
  }
  takeAll(0);
  expectSettled(reader, feed);
  return [...events, ...failureEvents(reader)];
}

export interface Feed {
  readonly reader: FrameReader;
  readonly stream: Uint8Array;
  readonly cuts: readonly number[];
  /** Take messages after `each` chunk; `late`: when the ring is full; `ahead`: after each, reading on while one is lent. */
  readonly drain: Drain;
  /** Where the stream begins: this many bytes before the ring's end, or at its start where it is 0. */
  readonly behindEnd: number;
}

export type Drain = "each" | "late" | "ahead";

export const DRAINS: readonly Drain[] = ["each", "late", "ahead"];

/** One reader per kind of memory, size and path, made once for the same options. */
export function readersFor(options: NonNullable<DecoderCase["options"]>): readonly FrameReader[] {
  const { role, maxFrameSize, maxMessageSize, inflate } = options;
  const key = JSON.stringify([role, maxFrameSize, maxMessageSize, inflate?.windowBits, inflate?.contextTakeover]);
  const known = READERS.get(key);
  if (known !== undefined) return known;
  const made = [SMALL, LARGE]
    .flatMap((capacity) => [() => plainMemory(capacity), () => mirroredMemory(capacity)])
    .flatMap((memory) => [readerOn(memory(), options, false), readerOn(memory(), options, true)])
    .filter((reader) => reader !== null);
  READERS.set(key, made);
  return made;
}

/** Cuts at random points, each stream byte a cut with the chance `1 / most` at best. */
function randomCuts(length: number, random: Random, most: number): number[] {
  const cuts: number[] = [];
  for (let pos = 1 + below(random, most); pos < length; pos += 1 + below(random, most)) cuts.push(pos);
  return cuts;
}

function readerOn(
  memory: RingMemory | null,
  options: NonNullable<DecoderCase["options"]>,
  debug: boolean,
): FrameReader | null {
  return memory === null ? null : new FrameReader({ role: "client", ...options, memory, debug });
}

function check(feed: Feed, events: readonly string[]): void {
  const seen = eventsOf(feed);
  if (Bun.deepEquals(seen, events)) return;
  expect({ way: wayOf(feed), events: seen }).toEqual({ way: wayOf(feed), events: [...events] });
}

/** A reader that is done says nothing more, and swallows what comes. */
function expectSettled(reader: FrameReader, feed: Feed): void {
  if (reader.next() !== null) throw new Error(`a message after the last one (${wayOf(feed)})`);
  if (reader.failure === null && !reader.closed) return;
  if (reader.failure !== null && !(reader.failure instanceof ProtocolError)) throw reader.failure;
  if (reader.read(PING) !== PING.length) throw new Error(`bytes refused after the end (${wayOf(feed)})`);
  if (reader.next() !== null) throw new Error(`a message after the end (${wayOf(feed)})`);
}

function checkTrailing(reader: FrameReader, decoder: DecoderCase): void {
  if (decoder.endsWithinFrame) return;
  const { events } = decoder;
  const over = /^(?:fail|close)/.test(events.at(-1) ?? "");
  const first = decoder.options?.role === "server" ? MASKED_PING : PING;
  for (const drain of DRAINS) {
    const start = joined([decoder.stream, first.subarray(0, first.length - 1)]);
    check({ reader, stream: start, cuts: [decoder.stream.length], drain, behindEnd: 0 }, events);
    const frame = joined([decoder.stream, first]);
    const behindEnd = positionsOn(reader)[3] ?? 0;
    check({ reader, stream: frame, cuts: [], drain, behindEnd }, over ? events : [...events, "ping 21"]);
  }
}

/** Byte by byte, the failure must show with the byte that makes it certain. */
function checkMoment(reader: FrameReader, stream: Uint8Array, failsAfter: number): void {
  startAt(reader, 0);
  let fed = 0;
  while (fed < stream.length && reader.failure === null) {
    fed += reader.read(stream.subarray(0, fed + 1), fed);
    while (reader.next() !== null);
  }
  expect({ code: reader.failure?.code, failsAfter: fed }).toEqual({ code: reader.failure?.code, failsAfter });
}

/** Where streams begin on this reader's ring: on a large one, or where limits are low, coming near its end takes too long. */
function positionsOn({ ring, rules }: FrameReader): readonly number[] {
  const largest = Math.min(rules.maxFrameSize, rules.maxMessageSize) + 2;
  return ring.capacity < LARGE && ring.capacity / largest < 200 ? POSITIONS : [0];
}

/** Resets the reader and lets it read so much that the next byte goes `behindEnd` bytes before its ring's end. */
function startAt(reader: FrameReader, behindEnd: number): void {
  reader.reset();
  if (behindEnd === 0) return;
  const { ring, rules } = reader;
  const most = Math.min(rules.maxFrameSize, rules.maxMessageSize, ring.capacity);
  const key = [ring.capacity - behindEnd, rules.maskBit, most].join();
  let filling = FILLINGS.get(key);
  for (let size = ring.capacity - behindEnd; filling === undefined || filling.length > ring.capacity; size--) {
    filling = fillingFor(size, rules.maskBit === 0 ? null : KEY, most);
  }
  FILLINGS.set(key, filling);
  if (reader.read(filling) !== filling.length) throw new Error("Cannot fill the ring: it did not take all");
  while (reader.next() !== null);
}

/** Binary frames of `size` bytes in all, or of so little more that no frame would fit between. */
function fillingFor(size: number, key: Uint8Array | null, most: number): Uint8Array {
  const frames: Uint8Array[] = [];
  for (let missing = size; missing > 0; ) {
    const room = missing - (key === null ? 2 : 6) - (missing > 131 ? 2 : 0) - (missing > 65545 ? 6 : 0);
    const frame = frameBytes({ opcode: 2, payload: new Uint8Array(Math.max(0, Math.min(most, room))), key });
    frames.push(frame);
    missing -= frame.length;
  }
  return joined(frames);
}

/** Where to cut a stream into chunks: whole, chunk sizes, single cuts, random ones. */
function* cutsOf(length: number, random: Random): Generator<number[]> {
  yield [];
  const points = length <= EVERY_POINT ? sequence(1, length) : chosenPoints(length, random);
  const sizes =
    length <= EVERY_POINT ? points : CHUNK_SIZES.filter((size) => size < length && length / size <= MOST_CHUNKS);
  for (const size of sizes) yield sequence(1, Math.ceil(length / size)).map((count) => count * size);
  for (const point of points) yield [point];
  for (let round = 0; round < 6; round++) yield randomCuts(length, random, 2 + round * 7);
}

function chosenPoints(length: number, random: Random): number[] {
  const points = [...sequence(1, 20), ...sequence(length - 6, length)];
  for (let power = 64; power < length; power *= 2) points.push(...sequence(power - 2, power + 3));
  for (let round = 0; round < 5; round++) points.push(1 + below(random, length - 1));
  return points.filter((point) => point > 0 && point < length);
}

function sequence(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);
}

function wayOf({ reader, stream, cuts, drain, behindEnd }: Feed): string {
  const { capacity, mirrored } = reader.ring;
  const memory = `${mirrored ? "mirrored" : "plain"} ${capacity}`;
  const path = reader["debug"] ? "slow path" : "fast path";
  const where = behindEnd === 0 ? "at its start" : `${behindEnd} bytes before its end`;
  return `${stream.length} bytes on ${memory} ${where}, ${path}, cut at [${cuts.slice(0, 40)}], drained ${drain}`;
}

const FILLINGS = new Map<string, Uint8Array>();
const READERS = new Map<string, readonly FrameReader[]>();
const SMALL = 256;
const LARGE = 1 << 17;
/** Streams up to this length are cut at every point and to every chunk size. */
const EVERY_POINT = 150;
const CHUNK_SIZES: readonly number[] = [1, 2, 3, 7, 64, 125, 126, 127, 128, 255, 256, 257, 1024, 4093, 65535, 65536];
const MOST_CHUNKS = 300;
const POSITIONS: readonly number[] = [0, 1, 2, 3, 5, 9, 13, 40];
const KEY: Uint8Array = Uint8Array.of(0x9a, 0x01, 0xfe, 0x55);
const PING: Uint8Array = frameBytes({ opcode: 9, payload: Uint8Array.of(0x21) });
const MASKED_PING: Uint8Array = frameBytes({ opcode: 9, payload: Uint8Array.of(0x21), key: KEY });
