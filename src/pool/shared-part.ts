import type { RequestWriter } from "../codec/http/request-writer.ts";
import { ResponseWindow } from "../codec/http/response-window.ts";
import { PoolError } from "./errors.ts";
import { Board, MOST_HOLDERS, OWNER, WORKERS } from "./shared-board.ts";
import { Exchange } from "./shared-exchange.ts";
import { prefixVersion, sharedWriter } from "./shared-headers.ts";

/** A lease on its way to a Worker: what `postMessage` takes, and `SharedSlot.from` makes a slot of. */
export interface SharedHandle {
  readonly board: SharedArrayBuffer;
  readonly memory: SharedArrayBuffer;
  /** The slot's number. */
  readonly index: number;
  /** Of this lease. */
  readonly word: number;
}

/** A Worker of the web's kind or of `node:worker_threads`, or its number alone, which it finds as `threadId` of that module. */
export interface WorkerThread {
  readonly threadId: number;
}

/** What a thread has of a slot, whichever lease it is: kept, so that a lease costs none of it. */
export class SharedPart {
  readonly board: Board;
  readonly memory: SharedArrayBuffer;
  readonly index: number;
  readonly exchange: Exchange;
  readonly window: ResponseWindow;
  #writer: RequestWriter | null = null;
  #version = 0;

  constructor(board: Board, memory: SharedArrayBuffer, index: number) {
    this.board = board;
    this.memory = memory;
    this.index = index;
    this.exchange = new Exchange(board, memory, index);
    this.window = new ResponseWindow(this.exchange.response);
  }

  /** Made anew where the pool's default fields have changed. */
  get writer(): RequestWriter {
    const writer = this.#writer;
    if (writer !== null && this.#version === prefixVersion(this.board)) return writer;
    const made = sharedWriter(this.board, this.exchange.request);
    this.#writer = made.writer;
    this.#version = made.version;
    return made.writer;
  }
}

/** This thread's part of the slot of `handle`. */
export function sharedPart(handle: SharedHandle): SharedPart {
  const { board, parts } = sharedPool(new Board(handle.board));
  const part = parts.get(handle.index) ?? new SharedPart(board, handle.memory, handle.index);
  parts.set(handle.index, part);
  return part;
}

function sharedPool(board: Board): SharedPool {
  const known = pools.get(board.id);
  if (known !== undefined) return known;
  // Those of pools that are closed are of no use.
  for (const [id, pool] of pools) if (pool.board.closed) pools.delete(id);
  const pool = { board, parts: new Map() };
  pools.set(board.id, pool);
  return pool;
}

/** The number under which the pool watches a thread; null where it does not. */
export function numberOf(board: Board, thread: number): number | null {
  for (let number = OWNER + 1; number < MOST_HOLDERS; number++) {
    if (Atomics.load(board.words, WORKERS + number) === thread + 1) return number;
  }
  return null;
}

export function notWatched(action: string, thread: number): PoolError {
  return new PoolError(
    "POOL_WORKER_UNWATCHED",
    `Cannot ${action} slot: thread ${thread} is not watched by the pool, or has ended`,
  );
}

/** A pool as this thread knows it; parts by their slot's number. */
interface SharedPool {
  readonly board: Board;
  readonly parts: Map<number, SharedPart>;
}

/** By id. */
const pools: Map<string, SharedPool> = new Map();
