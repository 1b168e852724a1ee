import { ClientSlot, type SlotOwner } from "./client-slot.ts";
import { PoolError, type PoolErrorCode } from "./errors.ts";
import { KeepWarm } from "./keep-warm.ts";
import { LifoStack } from "./lifo-stack.ts";
import { type ClientPoolOptions, type PoolEvents, type PoolSettings, poolSettings } from "./options.ts";
import { Pipe } from "./pipe.ts";
import { type PoolStats, WaitHistogram } from "./pool-stats.ts";
import { Waiters } from "./waiters.ts";

/** How `acquire` waits. */
export interface AcquireOptions {
  /** Milliseconds; 0 for one attempt to connect and no longer. Default: the pool's `acquireTimeout`. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/**
 * Connections to one origin that are open before they are needed. Acquiring takes nanoseconds, the one used last comes first, a dead one
 * is never handed out, and what died comes back by itself. For one thread.
 *
 * ```ts
 * await using pool = await ClientPool.connect({ url: "https://api.example.com", connections: 4 });
 * using slot = await pool.acquire({ timeout: 2_000 });
 * const response = await slot.send(slot.writer.post("/order").bodyJson(order).finish(), { timeout: 2_000 });
 * ```
 *
 * 1. A request fails: the caller gets the error. Nothing is sent again.
 * 2. A connection dies, in use or idle: it is dropped, and the slot's writer, with its headers, survives.
 * 3. `tryAcquire` passes over dead slots and starts their reconnect; null where all are in use or reconnecting.
 * 4. `acquire` takes what `tryAcquire` would, or waits in line for a release or a reconnect.
 * 5. All are dead: every `acquire` tries, within the back-off; the first success serves the line.
 */
export class ClientPool implements AsyncDisposable, SlotOwner {
  readonly #settings: PoolSettings;
  readonly #pipes: readonly Pipe[];
  private readonly idle: LifoStack<ClientSlot>;
  /** By number: the slots that wait for a connection. One that is acquired is held by nobody here, so that it is found when it is forgotten. */
  readonly #parked: (ClientSlot | null)[];
  readonly #waiters: Waiters<ClientSlot> = new Waiters();
  readonly #waits: WaitHistogram = new WaitHistogram();
  readonly #forgotten: FinalizationRegistry<Pipe>;
  /** Nobody waits and nothing is closed: what is given back goes on the stack. */
  private calm = true;
  #reconnects = 0;
  #lastError: Error | null = null;
  #closed: PromiseWithResolvers<void> | null = null;
  #warmth: KeepWarm | null = null;

  private constructor(options: ClientPoolOptions) {
    const settings = poolSettings(options);
    this.#settings = settings;
    this.idle = new LifoStack(settings.connections);
    this.#forgotten = new FinalizationRegistry((pipe) => this.#recover(pipe));
    const owner = {
      ready: (pipe: Pipe) => this.#ready(pipe),
      died: (pipe: Pipe) => this.#died(pipe),
      failed: (pipe: Pipe, error: Error, delay: number) => this.#failed(pipe, error, delay),
    };
    this.#pipes = Array.from({ length: settings.connections }, (_, index) => new Pipe(index, owner, options, settings));
    this.#parked = this.#pipes.map((pipe) => this.#makeSlot(pipe));
  }

  /**
   * Opens every connection, and fails as a whole where one cannot be opened: what was opened is closed then.
   * @throws ConnectError, TimeoutError, UsageError; RequestError where the warm-up fails
   */
  static async connect(options: ClientPoolOptions): Promise<ClientPool> {
    const pool = new ClientPool(options);
    const errors = await Promise.all(pool.#pipes.map((pipe) => pipe.connect()));
    const error = errors.find((outcome) => outcome !== null);
    if (error !== undefined) {
      pool.destroy();
      throw error;
    }
    pool.#reconnects = 0;
    const { keepWarm, warmUp } = pool.#settings;
    if (keepWarm > 0 && warmUp !== null)
      pool.#warmth = new KeepWarm(keepWarm, pool.size, warmUp, () => pool.#takeColdest());
    return pool;
  }

  /** Slots, of whatever state. */
  get size(): number {
    return this.#pipes.length;
  }

  /** A slot whose connection can carry a request now, or null: no wait, no I/O. */
  tryAcquire(): ClientSlot | null {
    for (let slot = this.idle.pop(); slot !== null; slot = this.idle.pop()) {
      if (slot.pipe.isReady) {
        slot.acquired = true;
        return slot;
      }
      // Its keep-alive ran out: a connection that died otherwise was taken out when it did.
      this.#revive(slot);
    }
    return null;
  }

  /** What a slot's release does. @internal */
  takeBack(slot: ClientSlot): void {
    if (this.calm && slot.pipe.isReady) this.idle.push(slot);
    else this.#shelve(slot);
  }

  /**
   * A slot, at once where one is free, else in line. `timeout: 0` makes one attempt to connect a dead slot and rejects with its error, or
   * with `POOL_EXHAUSTED` where all are in use.
   * @throws PoolError (`POOL_ACQUIRE_TIMEOUT` with the last connect error as cause, `POOL_ACQUIRE_ABORTED`, `POOL_CLOSED`)
   */
  async acquire(options: AcquireOptions = {}): Promise<ClientSlot> {
    const { timeout = this.#settings.acquireTimeout, signal } = options;
    if (this.#closed !== null) throw poolError("POOL_CLOSED", "the pool is closed");
    if (signal?.aborted) throw poolError("POOL_ACQUIRE_ABORTED", "it was aborted", signal.reason);
    const slot = this.tryAcquire();
    if (slot !== null) {
      this.#waits.record(0);
      return slot;
    }
    return timeout === 0 ? this.#acquireByConnecting() : this.#wait(timeout, signal);
  }

  stats(): PoolStats {
    const idle = this.idle.length;
    const parked = this.#parkedCount;
    return {
      idle,
      busy: this.size - idle - parked,
      reconnecting: this.#closed === null ? parked : 0,
      waiters: this.#waiters.length,
      reconnects: this.#reconnects,
      attempts: this.#pipes.reduce((sum, pipe) => sum + pipe.attempts, 0),
      acquireWait: this.#waits.counts,
    };
  }

  /** Sets a default header of every slot, for their next requests: a key that was rotated. */
  setDefaultHeader(name: string, value: string): void {
    for (const { writer } of this.#pipes) writer.setDefaultHeader(name, value);
  }

  /** Lends nothing any more, turns away who waits, and resolves once every slot was given back and its connection closed in order. */
  close(): Promise<void> {
    if (this.#closed === null) {
      this.#closed = Promise.withResolvers();
      this.calm = false;
      this.#warmth?.stop();
      this.#waiters.rejectAll(() => poolError("POOL_CLOSED", "the pool was closed"));
      for (const slot of this.#parked) slot?.pipe.close();
      for (let slot = this.idle.pop(); slot !== null; slot = this.idle.pop()) this.#retire(slot);
      this.#settleClosed();
    }
    return this.#closed.promise;
  }

  /** Cuts every connection at once; requests in flight fail with `REQUEST_CONNECTION_CLOSED`. */
  destroy(): void {
    void this.close();
    for (const pipe of this.#pipes) {
      pipe.drop();
      pipe.close();
    }
    this.#closed?.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Puts a slot back, or to the first in line; where its connection is of no more use, only once it has a new one. */
  #shelve(slot: ClientSlot): void {
    if (this.#closed !== null) {
      this.#retire(slot);
      this.#settleClosed();
    } else if (!slot.pipe.isReady) {
      // Dead, or in the middle of something that nobody will finish.
      this.#revive(slot);
    } else if (this.#waiters.length === 0) {
      this.calm = true;
      this.idle.push(slot);
    } else {
      slot.acquired = true;
      this.#waits.record(this.#waiters.serve(slot));
      if (this.#waiters.length > 0) return;
      this.calm = true;
      for (const pipe of this.#pipes) pipe.relax();
    }
  }

  #retire(slot: ClientSlot): void {
    this.#parked[slot.index] = slot;
    slot.pipe.close();
  }

  #revive(slot: ClientSlot): void {
    const { pipe } = slot;
    this.#parked[pipe.index] = slot;
    if (pipe.connection !== null) {
      pipe.drop();
      this.#tell("died", pipe.index);
    }
    pipe.revive();
  }

  #ready(pipe: Pipe): void {
    this.#reconnects++;
    this.#lastError = null;
    this.#tell("connected", pipe.index);
    const slot = this.#parked[pipe.index];
    this.#parked[pipe.index] = null;
    if (slot !== null && slot !== undefined) this.#shelve(slot);
  }

  #died(pipe: Pipe): void {
    this.#tell("died", pipe.index);
    // One that is acquired is looked at when it is released.
    const slot = this.idle.remove((candidate) => candidate.pipe === pipe);
    if (slot !== null) this.#revive(slot);
  }

  #failed(pipe: Pipe, error: Error, delay: number): void {
    this.#lastError = error;
    this.#tell("connectFailed", pipe.index, error, delay);
    if (this.#waiters.length > 0) pipe.hurry();
  }

  async #acquireByConnecting(): Promise<ClientSlot> {
    const dead = this.#parked.find((slot) => slot !== null);
    const error = dead ? await dead.pipe.connect() : null;
    if (error !== null) throw error;
    const slot = this.tryAcquire();
    if (slot === null) throw poolError("POOL_EXHAUSTED", `all ${this.size} slots are in use`);
    this.#waits.record(0);
    return slot;
  }

  async #wait(timeout: number, signal: AbortSignal | undefined): Promise<ClientSlot> {
    const { promise, leave } = this.#waiters.wait();
    this.calm = false;
    const timer = setTimeout(() => {
      leave(poolError("POOL_ACQUIRE_TIMEOUT", `no slot came free within ${timeout} ms`, this.#lastError));
    }, timeout);
    const onAbort = (): void => leave(poolError("POOL_ACQUIRE_ABORTED", "it was aborted", signal?.reason));
    signal?.addEventListener("abort", onAbort, { once: true });
    for (const slot of this.#parked) slot?.pipe.hurry();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #takeColdest(): ClientSlot | null {
    const slot = this.idle.remove((candidate) => candidate.pipe.isReady);
    if (slot !== null) slot.acquired = true;
    return slot;
  }

  #makeSlot(pipe: Pipe): ClientSlot {
    const slot = new ClientSlot(pipe, this);
    this.#forgotten.register(slot, pipe);
    return slot;
  }

  /** A slot was acquired and collected: who had it may still hold its connection, so that is cut. */
  #recover(pipe: Pipe): void {
    if (this.#closed === null) this.#tell("forgotten", pipe.index);
    pipe.drop();
    this.takeBack(this.#makeSlot(pipe));
  }

  get #parkedCount(): number {
    return this.#parked.reduce((count, slot) => (slot === null ? count : count + 1), 0);
  }

  #settleClosed(): void {
    if (this.#parkedCount === this.size) this.#closed?.resolve();
  }

  #tell<Name extends keyof PoolEvents>(name: Name, ...details: Parameters<NonNullable<PoolEvents[Name]>>): void {
    const listener = this.#settings.events[name] as ((...details: readonly unknown[]) => void) | undefined;
    if (listener === undefined) return;
    try {
      listener(...details);
    } catch (error) {
      console.error(error);
    }
  }
}

function poolError(code: PoolErrorCode, detail: string, cause: unknown = null): PoolError {
  return new PoolError(code, `Cannot acquire slot: ${detail}`, cause === null ? undefined : { cause });
}
