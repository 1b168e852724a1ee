import type { RingMemory } from "../codec/byte-ring.ts";
import type { DeflateTerms } from "../codec/ws/deflate-terms.ts";
import { FrameReader } from "../codec/ws/frame-reader.ts";
import { FrameWalk } from "../codec/ws/frame-walk.ts";
import type { MessageSink } from "../codec/ws/message-sink.ts";
import type { Role } from "../codec/ws/opcode.ts";
import type { Transport } from "../socket/transport.ts";
import { inflateStream } from "./deflate-zlib.ts";
import type { WsSettings } from "./options.ts";

/**
 * The way in: chunks go into the reader's ring; what the ring has no room for is kept, and the transport paused when more comes.
 * So a program that does not read holds at most the ring and two chunks, however much the peer sends.
 *
 * Where messages are pushed ({@link directFrom}), a large chunk is read where it lies instead, and only what is not a whole, plain frame
 * goes through the ring: the frame that the chunk's end cuts, a control frame, a fragment.
 */
export class Inbox {
  readonly reader: FrameReader;
  /** Messages are pushed, with {@link walk}, out of chunks of at least this many bytes; Infinity where they are pulled. */
  directFrom: number = Number.POSITIVE_INFINITY;
  /** When the last chunk came, on the clock of `performance.now()`: the one look at it that a chunk costs. */
  receivedAt: number = performance.now();
  readonly #transport: Transport;
  readonly #walk: FrameWalk;
  /** Chunks that wait to be read or for room; of the first one `#offset` bytes are done with. */
  readonly #backlog: Uint8Array[] = [];
  /** When each of them came. */
  readonly #stamps: number[] = [];
  #offset = 0;
  /** The chunk whose messages are being handed out. */
  #walked: Uint8Array | null = null;
  /** Held back because the backlog has more than one chunk, or because the program asked. */
  #backlogged = false;
  #heldByUser = false;

  constructor(
    transport: Transport,
    role: Role,
    memory: RingMemory,
    settings: WsSettings,
    deflate: DeflateTerms | null = null,
  ) {
    const { maxFrameSize, maxMessageSize } = settings;
    const inflate = deflate && { ...deflate.peer, open: inflateStream };
    this.#transport = transport;
    this.reader = new FrameReader({ role, memory, maxFrameSize, maxMessageSize, inflate });
    this.#walk = new FrameWalk(this.reader.rules);
  }

  /** Messages are pushed. Where they may be compressed the ring is the shorter way: a compressed one is never plain. */
  push(): void {
    if (this.reader.rules.deflate !== true) this.directFrom = LEAST_DIRECT;
  }

  receive(chunk: Uint8Array): void {
    const now = performance.now();
    this.receivedAt = now;
    if (this.#backlog.length > 0) {
      this.#backlog.push(chunk);
      this.#stamps.push(now);
      this.#backlogged = true;
      this.#transport.pause();
      return;
    }
    const inPlace = chunk.length >= this.directFrom && (chunk.byteOffset & 3) === 0;
    const taken = inPlace ? 0 : this.reader.read(chunk);
    if (taken > 0) this.reader.stamps.add(now);
    if (taken === chunk.length) {
      this.#transport.reclaim?.(chunk);
      return;
    }
    this.#backlog.push(chunk);
    this.#stamps.push(now);
    this.#offset = taken;
  }

  /** Pushes the plain frames of waiting chunks, as far as nothing is under way in the ring; false where the sink was closed. */
  walk(sink: MessageSink): boolean {
    for (let chunk = this.#first; chunk !== undefined && this.reader.idle; chunk = this.#first) {
      let goesOn = true;
      this.#walk.receivedAt = this.#firstAt;
      this.#walked = chunk;
      try {
        goesOn = this.#walk.run(chunk, this.#offset, chunk.length, sink);
      } finally {
        this.#walked = null;
        if (this.#first === chunk) this.#advance(this.#walk.position);
        else this.#letGo(chunk);
      }
      if (!goesOn || this.#first === chunk) return goesOn;
    }
    return true;
  }

  /** Moves what the ring has room for; false where nothing waits. Call it only once the reader's `next` has returned null. */
  refill(): boolean {
    if (this.#backlog.length === 0) return false;
    const { closed, failure, missing } = this.reader;
    const over = closed || failure !== null;
    this.#fill(this.directFrom < LARGEST && !this.#heldByUser && !over ? missing : LARGEST);
    return true;
  }

  /** Moves what is not wanted yet into the ring, as far as it has room: there a ping is seen, and answered, ahead of its reading. */
  load(): void {
    while (this.#fill(LARGEST));
  }

  /** No chunk waits for room. */
  get empty(): boolean {
    return this.#backlog.length === 0;
  }

  /** The peer is kept from sending, once the kernel's buffers are full. */
  get held(): boolean {
    return this.#backlogged || this.#heldByUser;
  }

  hold(): void {
    this.#heldByUser = true;
    this.#transport.pause();
  }

  release(): void {
    this.#heldByUser = false;
    if (!this.#backlogged) this.#transport.resume();
  }

  /** Drops everything that has not been read. */
  discard(): void {
    // Of a chunk that is being walked, a message may be lent out just now.
    for (const chunk of this.#backlog) if (chunk !== this.#walked) this.#transport.reclaim?.(chunk);
    this.#backlog.length = 0;
    this.#stamps.length = 0;
    this.#offset = 0;
    if (!this.reader.closed) this.reader.reset();
  }

  /** Asks for the length first: to read beyond an array's end costs the engine its compiled code. */
  get #first(): Uint8Array | undefined {
    return this.#backlog.length === 0 ? undefined : this.#backlog[0];
  }

  get #firstAt(): number {
    return this.#stamps[0] ?? Number.NaN;
  }

  /** Copies at most `most` bytes of the first chunk into the ring; false where that was none. */
  #fill(most: number): boolean {
    const chunk = this.#first;
    if (chunk === undefined) return false;
    const rest = chunk.length - this.#offset > most ? chunk.subarray(0, this.#offset + most) : chunk;
    const taken = this.reader.read(rest, this.#offset);
    if (taken > 0) this.reader.stamps.add(this.#firstAt);
    this.#advance(this.#offset + taken);
    return taken > 0;
  }

  #advance(offset: number): void {
    this.#offset = offset;
    const chunk = this.#first;
    if (chunk === undefined || offset !== chunk.length) return;
    this.#backlog.shift();
    this.#stamps.shift();
    this.#offset = 0;
    this.#letGo(chunk);
    if (this.#backlog.length === 0) this.#resume();
  }

  #letGo(chunk: Uint8Array): void {
    this.#walk.release();
    this.#transport.reclaim?.(chunk);
  }

  #resume(): void {
    if (!this.#backlogged) return;
    this.#backlogged = false;
    if (!this.#heldByUser) this.#transport.resume();
  }
}

const LARGEST = 1 << 30;
/** Copying a chunk below this many bytes into the ring costs less than a view of its words. */
const LEAST_DIRECT = 2048;
