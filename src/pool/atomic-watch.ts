import { PoolError } from "./errors.ts";
import { type Board, MOST_HOLDERS, OWNER, WORKERS } from "./shared-board.ts";
import { notWatched, numberOf, type WorkerThread } from "./shared-part.ts";

/** A Worker of the web's kind, which says `close` when it has ended, or of `node:worker_threads`, which says `exit`. */
export interface WatchableWorker extends WorkerThread {
  addEventListener?(type: "close", listener: () => void): void;
  removeEventListener?(type: "close", listener: () => void): void;
  on?(type: "exit", listener: () => void): unknown;
  off?(type: "exit", listener: () => void): unknown;
}

/** The Workers that may hold a pool's slots, and what is to be done when one has ended. */
export class Watch {
  readonly #board: Board;
  readonly #onEnd: (number: number) => void;
  /** By number. */
  readonly #stops: Map<number, () => void> = new Map();

  /** `onEnd` is called with the number of a Worker that has ended; it holds nothing new by then. */
  constructor(board: Board, onEnd: (number: number) => void) {
    this.#board = board;
    this.#onEnd = onEnd;
  }

  add(worker: WatchableWorker): void {
    const { words } = this.#board;
    const { threadId } = worker;
    if (threadId < 0) throw notWatched("watch", threadId);
    if (numberOf(this.#board, threadId) !== null) return;
    const number = this.#freeNumber();
    const onEnd = (): void => {
      this.#remove(number);
      this.#onEnd(number);
    };
    if (worker.on !== undefined) {
      worker.on("exit", onEnd);
      this.#stops.set(number, () => worker.off?.("exit", onEnd));
    } else {
      worker.addEventListener?.("close", onEnd);
      this.#stops.set(number, () => worker.removeEventListener?.("close", onEnd));
    }
    Atomics.store(words, WORKERS + number, threadId + 1);
  }

  stop(): void {
    for (const number of [...this.#stops.keys()]) this.#remove(number);
  }

  #remove(number: number): void {
    Atomics.store(this.#board.words, WORKERS + number, 0);
    this.#stops.get(number)?.();
    this.#stops.delete(number);
  }

  #freeNumber(): number {
    for (let number = OWNER + 1; number < MOST_HOLDERS; number++) if (!this.#stops.has(number)) return number;
    const most = MOST_HOLDERS - OWNER - 1;
    throw new PoolError("POOL_TOO_MANY_WORKERS", `Cannot watch Worker: ${most} are watched, which is the most`);
  }
}
