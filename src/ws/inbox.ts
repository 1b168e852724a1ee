import type { RingMemory } from "../codec/byte-ring.ts";
import { FrameReader } from "../codec/ws/frame-reader.ts";
import type { Role } from "../codec/ws/opcode.ts";
import type { Transport } from "../socket/transport.ts";
import type { WsSettings } from "./options.ts";

/**
 * The way in: chunks go into the reader's ring; what the ring has no room for is kept, and the transport paused when more comes.
 * So a program that does not read holds at most the ring and two chunks, however much the peer sends.
 */
export class Inbox {
  readonly reader: FrameReader;
  readonly #transport: Transport;
  /** Chunks that wait for room; of the first one `#offset` bytes are in the ring. */
  readonly #backlog: Uint8Array[] = [];
  #offset = 0;
  /** Held back because the backlog has more than one chunk, or because the program asked. */
  #backlogged = false;
  #heldByUser = false;

  constructor(transport: Transport, role: Role, memory: RingMemory, settings: WsSettings) {
    const { maxFrameSize, maxMessageSize } = settings;
    this.#transport = transport;
    this.reader = new FrameReader({ role, memory, maxFrameSize, maxMessageSize });
  }

  receive(chunk: Uint8Array): void {
    if (this.#backlog.length > 0) {
      this.#backlog.push(chunk);
      this.#backlogged = true;
      this.#transport.pause();
      return;
    }
    const taken = this.reader.read(chunk);
    if (taken === chunk.length) return;
    this.#backlog.push(chunk);
    this.#offset = taken;
  }

  /** Moves what the ring has room for; false where nothing waits. Call it only once the reader's `next` has returned null. */
  refill(): boolean {
    const chunk = this.#backlog[0];
    if (chunk === undefined) return false;
    this.#offset += this.reader.read(chunk, this.#offset);
    if (this.#offset === chunk.length) {
      this.#backlog.shift();
      this.#offset = 0;
      if (this.#backlog.length === 0) this.#resume();
    }
    return true;
  }

  /** No chunk waits for room. */
  get empty(): boolean {
    return this.#backlog.length === 0;
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
    this.#backlog.length = 0;
    this.#offset = 0;
    if (!this.reader.closed) this.reader.reset();
  }

  #resume(): void {
    if (!this.#backlogged) return;
    this.#backlogged = false;
    if (!this.#heldByUser) this.#transport.resume();
  }
}
