/**
 * The memory that an AtomicClientPool shares with Workers: one board per pool, one piece of memory per slot.
 *
 * ```text
 *   board, in 32-bit words; what different threads write lies on different cache lines
 *
 *   0     slots | bytes of a request | of a response | of the headers | owner's thread | id |   written once
 *         1 once somebody acquires
 *   32    closed                                                     owner writes, all read
 *   64    head of the free list                                      all, by compare-and-swap
 *   96    doorbell: 1 while rung                                     all ring, the owner waits and answers
 *   128   1 while somebody waits for a slot, or for all              owner writes, who releases reads
 *   160   version of the headers | their bytes                       owner writes, odd while it does
 *   192   256 Workers: thread number + 1 by number, 0 for none       owner writes, all read
 *   448   slots, 32 words each
 *   …     headers: base path, default fields                         owner writes, all read
 *
 *   slot, in words
 *
 *   0     lease: tag, holder, state (shared-lease.ts)                all, by compare-and-swap
 *   1     the next one on the free list                              who releases, until it is on the list
 *   2     1 while its connection is alive                            owner writes, who releases reads
 *   3     1 where what was asked is to be given up                   holder writes, owner reads
 *   4     the holder that handed the lease on                        who hands it on, before it does
 *   8     request: end | start of the body | flags | deadline        who the state says
 *   16    outcome: what it is | places of the response, or error     who the state says
 *
 *   memory of a slot, in bytes
 *
 *   | response ring, or the text of an error | request |             who the state says
 *   0                                        bytes of a response
 * ```
 */
export class Board {
  readonly memory: SharedArrayBuffer;
  readonly words: Int32Array;
  /** Slots. */
  readonly size: number;
  readonly requestCapacity: number;
  readonly responseCapacity: number;
  /** Where the headers are written. */
  readonly headers: Uint8Array;

  /** `memory` is a board's; {@link newBoard} makes it. */
  constructor(memory: SharedArrayBuffer) {
    const words = new Int32Array(memory);
    const [size = 0, requestCapacity = 0, responseCapacity = 0, headersCapacity = 0] = words.subarray(0, 4);
    this.memory = memory;
    this.words = words;
    this.size = size;
    this.requestCapacity = requestCapacity;
    this.responseCapacity = responseCapacity;
    this.headers = new Uint8Array(memory, slotAt(size) * 4, headersCapacity);
  }

  /** Tells a pool from others in this process. */
  get id(): string {
    return `${this.words[ID]} ${this.words[ID + 1]}`;
  }

  get ownerThread(): number {
    return Atomics.load(this.words, OWNER_THREAD);
  }

  get closed(): boolean {
    return Atomics.load(this.words, CLOSED) !== 0;
  }

  /** Memory for one slot. */
  newSlotMemory(): SharedArrayBuffer {
    return new SharedArrayBuffer(this.responseCapacity + this.requestCapacity);
  }

  /** Where a slot's response is read. */
  responseBytes(memory: SharedArrayBuffer): Uint8Array {
    return new Uint8Array(memory, 0, this.responseCapacity);
  }

  /** Where its requests are written. */
  requestBytes(memory: SharedArrayBuffer): Uint8Array {
    return new Uint8Array(memory, this.responseCapacity, this.requestCapacity);
  }

  /** Wakes the owner. Who rings while it has not answered rings for nothing. */
  ring(): void {
    if (Atomics.exchange(this.words, BELL, 1) === 0) Atomics.notify(this.words, BELL);
  }
}

/** How large things are, in bytes, and how many. */
export interface BoardSize {
  readonly slots: number;
  readonly requestCapacity: number;
  readonly responseCapacity: number;
  readonly headersCapacity: number;
  /** The thread of the pool. */
  readonly ownerThread: number;
}

/** A board on which every slot is the owner's. */
export function newBoard(size: BoardSize): Board {
  const headersCapacity = roundedUp(size.headersCapacity);
  const memory = new SharedArrayBuffer(slotAt(size.slots) * 4 + headersCapacity);
  const words = new Int32Array(memory);
  words[0] = size.slots;
  words[1] = roundedUp(size.requestCapacity);
  words[2] = roundedUp(size.responseCapacity);
  words[3] = headersCapacity;
  words[OWNER_THREAD] = size.ownerThread;
  words.set(crypto.getRandomValues(new Int32Array(2)), ID);
  return new Board(memory);
}

/** Where a slot's words begin. */
export function slotAt(index: number): number {
  return SLOTS + index * SLOT_WORDS;
}

function roundedUp(bytes: number): number {
  return (bytes + 7) & ~7;
}

const OWNER_THREAD = 4;
const ID = 5;
export const ACQUIRER = 7;
export const CLOSED = 32;
export const FREE_HEAD = 64;
export const BELL = 96;
export const WANTED = 128;
export const HEADERS_VERSION = 160;
export const HEADERS_LENGTH = 161;
export const WORKERS = 192;
const SLOTS = 448;
const SLOT_WORDS = 32;

/** Workers that can be watched at a time, and the owner: numbers from 1 on; 0 is nobody's. */
export const MOST_HOLDERS = 256;
export const OWNER = 1;

/** In a slot. */
export const LEASE = 0;
export const NEXT = 1;
export const ALIVE = 2;
export const GIVE_UP = 3;
export const GIVER = 4;
export const REQUEST_END = 8;
export const REQUEST_BODY = 9;
export const REQUEST_FLAGS = 10;
export const REQUEST_DEADLINE = 11;
export const OUTCOME = 16;
export const PLACES = 17;
