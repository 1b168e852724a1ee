import { milliseconds } from "../http/options.ts";
import type { AcquireOptions } from "./client-pool.ts";
import { notAcquired } from "./errors.ts";
import type { Pipe } from "./pipe.ts";
import { WaitHistogram } from "./pool-stats.ts";
import { Waiters } from "./waiters.ts";

/** Those who wait for a slot of a pool, first come, first served, and what is done about connections because they wait. */
export class AcquireLine<Slot> {
  readonly waits: WaitHistogram = new WaitHistogram();
  /** Why the last attempt to connect failed, where none has succeeded since. */
  lastError: Error | null = null;
  readonly #waiters: Waiters<Slot> = new Waiters();
  readonly #timeout: number;
  /** Those that wait for a connection. */
  readonly #dead: () => readonly Pipe[];
  readonly #onLength: (length: number) => void;

  /** `timeout` counts where `acquire` is not told; `onLength` is told whenever somebody came or left. */
  constructor(timeout: number, dead: () => readonly Pipe[], onLength: (length: number) => void) {
    this.#timeout = timeout;
    this.#dead = dead;
    this.#onLength = onLength;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /** What `acquire` of the pool does, which is closed or not. */
  async acquire(pool: Lender<Slot>, closed: boolean, options: AcquireOptions): Promise<Slot> {
    const { timeout = this.#timeout, signal } = options;
    if (options.timeout !== undefined) milliseconds("timeout", timeout, 0);
    if (closed) throw notAcquired("POOL_CLOSED", "the pool is closed");
    if (signal?.aborted) throw notAcquired("POOL_ACQUIRE_ABORTED", "it was aborted", signal.reason);
    const slot = pool.tryAcquire();
    if (slot === null) {
      return this.#wait(timeout, signal, () => notAcquired("POOL_EXHAUSTED", `all ${pool.size} slots are in use`));
    }
    this.waits.record(0);
    return slot;
  }

  /** Gives the slot to the first in line; there must be one. */
  serve(slot: Slot): void {
    this.waits.record(this.#waiters.serve(slot));
    this.#onLength(this.length);
  }

  rejectAll(error: () => Error): void {
    this.#waiters.rejectAll(error);
  }

  /** Gets in line. `timeout` 0: for one attempt to connect and not more; `exhausted` is the error where nothing is there to be connected. */
  async #wait(timeout: number, signal: AbortSignal | undefined, exhausted: () => Error): Promise<Slot> {
    const { promise, leave } = this.#waiters.wait();
    const onAbort = (): void => leave(notAcquired("POOL_ACQUIRE_ABORTED", "it was aborted", signal?.reason));
    signal?.addEventListener("abort", onAbort, { once: true });
    let timer: ReturnType<typeof setTimeout> | undefined;
    if (timeout === 0) void this.#attemptOnce(leave, exhausted);
    else {
      timer = setTimeout(() => {
        leave(notAcquired("POOL_ACQUIRE_TIMEOUT", `no slot came free within ${timeout} ms`, this.lastError));
      }, timeout);
      for (const pipe of this.#dead()) pipe.hurry();
    }
    this.#onLength(this.length);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      this.#onLength(this.length);
    }
  }

  /** Tries the dead connection that was tried longest ago, for somebody who leaves where that fails. */
  async #attemptOnce(leave: (error: Error) => void, exhausted: () => Error): Promise<void> {
    const [oldest] = this.#dead().toSorted((one, other) => one.lastAttempt - other.lastAttempt);
    const error = await oldest?.attempt();
    leave(error ?? exhausted());
  }
}

/** A pool. */
interface Lender<Slot> {
  readonly size: number;
  tryAcquire(): Slot | null;
}
