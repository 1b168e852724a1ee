import { AcquireLine } from "./acquire-line.ts";
import { ACQUIRED, ClientSlot } from "./client-slot.ts";
import { notAcquired } from "./errors.ts";
import { LifoStack } from "./lifo-stack.ts";
import { type ClientPoolOptions, type PoolEvents, type PoolSettings, poolSettings } from "./options.ts";
import { Pipe } from "./pipe.ts";
import type { PoolStats } from "./pool-stats.ts";
import { Retries } from "./retries.ts";
import { Upkeep } from "./upkeep.ts";

/** How `acquire` waits. */
export interface AcquireOptions {
  /** Milliseconds; 0 for one attempt to connect and not more. Default: the pool's `acquireTimeout`. */
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
export class ClientPool implements AsyncDisposable {
  readonly #settings: PoolSettings;
  readonly #pipes: readonly Pipe[];
  /** @internal */
  readonly idle: LifoStack<ClientSlot> = new LifoStack();
  /** By number: the slots that wait for a connection. One that is acquired is held by nobody here, so that it is found when it is forgotten. */
  readonly #parked: (ClientSlot | null)[];
  readonly #line: AcquireLine<ClientSlot>;
  readonly #forgotten: FinalizationRegistry<Pipe>;
  /** Connections that died while their slot was acquired: it is not given back yet. */
  readonly #lost: Set<Pipe> = new Set();
  /** @internal */
  unseen: typeof ACQUIRED | null = ACQUIRED;
  #reconnects = 0;
  #closed: PromiseWithResolvers<void> | null = null;
  #upkeep: Upkeep | null = null;

  private constructor(options: ClientPoolOptions) {
    const settings = poolSettings(options);
    this.#settings = settings;
    this.#forgotten = new FinalizationRegistry((pipe) => this.#recover(pipe));
    const owner = {
      ready: (pipe: Pipe) => this.#ready(pipe),
      died: (pipe: Pipe) => this.#died(pipe),
      failed: (pipe: Pipe, error: Error, delay: number) => this.#failed(pipe, error, delay),
    };
    const retries = new Retries();
    const makePipe = (index: number): Pipe => new Pipe(index, owner, options, settings, retries);
    this.#pipes = Array.from({ length: settings.connections }, (_, index) => makePipe(index));
    this.#parked = this.#pipes.map((pipe) => this.#makeSlot(pipe));
    this.#line = new AcquireLine(
      settings.acquireTimeout,
      () => this.#pipes.filter(({ index }) => this.#parked[index] !== null),
      () => this.#judge(),
    );
  }

  /**
   * Opens every connection, and fails as a whole with the first one that cannot be opened: what was opened is closed then.
   * @throws ConnectError, TimeoutError, AbortedError, UsageError; RequestError, PoolError where the warm-up fails
   */
  static async connect(options: ClientPoolOptions): Promise<ClientPool> {
    const pool = new ClientPool(options);
    try {
      await Promise.all(pool.#pipes.map((pipe) => pipe.open(options.signal)));
    } catch (error) {
      pool.destroy();
      throw error;
    }
    pool.#reconnects = 0;
    pool.#upkeep = new Upkeep(pool.#pipes, pool.#settings, (pipe) => pool.#take(pipe));
    return pool;
  }

  /** Slots, of whatever state. */
  get size(): number {
    return this.#pipes.length;
  }

  /** A slot whose connection can carry a request now, or null: no wait, no I/O. */
  tryAcquire(): ClientSlot | null {
    const slot = this.idle.pop();
    if (slot === null) return null;
    const { live } = slot;
    if (live === null || !live.isReusable) return this.passOver(slot);
    slot.use = ACQUIRED;
    return slot;
  }

  /** Puts a slot back, or to the first in line; where its connection is of no more use, only once it has a new one. @internal */
  takeBack(slot: ClientSlot): void {
    this.#lost.delete(slot.pipe);
    if (this.#closed !== null) {
      this.#retire(slot);
      this.#settleClosed();
    } else if (!slot.pipe.isReady) {
      // Dead, or in the middle of something that nobody will finish.
      this.#revive(slot);
    } else {
      slot.live = slot.pipe.connection;
      if (this.#line.length === 0) this.idle.push(slot);
      else {
        slot.use = ACQUIRED;
        this.#line.serve(slot);
      }
    }
    this.#judge();
  }

  /**
   * A slot, at once where one is free, else in line. `timeout: 0` makes one attempt to connect a dead slot, or counts the one that was made
   * within the last second, and rejects with its error, or with `POOL_EXHAUSTED` where all are in use.
   * @throws PoolError (`POOL_ACQUIRE_TIMEOUT` with the last connect error as cause, `POOL_ACQUIRE_ABORTED`, `POOL_CLOSED`)
   */
  acquire(options: AcquireOptions = {}): Promise<ClientSlot> {
    return this.#line.acquire(this, this.#closed !== null, options);
  }

  stats(): PoolStats {
    const idle = this.idle.length;
    const parked = this.#parkedCount;
    return {
      idle,
      busy: this.size - idle - parked,
      reconnecting: this.#closed === null ? parked : 0,
      waiters: this.#line.length,
      reconnects: this.#reconnects,
      attempts: this.#pipes.reduce((sum, pipe) => sum + pipe.attempts, 0),
      acquireWait: this.#line.waits.counts,
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
      this.unseen = null;
      this.#upkeep?.stop();
      this.#line.rejectAll(() => notAcquired("POOL_CLOSED", "the pool was closed"));
      for (const slot of this.#parked) slot?.pipe.close();
      for (let slot = this.idle.pop(); slot !== null; slot = this.idle.pop()) this.#retire(slot);
      this.#settleClosed();
    }
    return this.#closed.promise;
  }

  /** Cuts every connection at once; requests in flight fail with `REQUEST_CONNECTION_CLOSED`. */
  destroy(): void {
    for (const pipe of this.#pipes) pipe.drop();
    void this.close();
    for (const pipe of this.#pipes) pipe.close();
    this.#closed?.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Acquires the next slot instead of one whose keep-alive ran out: a connection that died otherwise was taken out when it did. Not `#`:
   * a `#` method, be it never called, doubles the time of the method that names it.
   */
  private passOver(dead: ClientSlot): ClientSlot | null {
    let slot: ClientSlot | null = dead;
    for (; slot !== null && !slot.pipe.isReady; slot = this.idle.pop()) this.#revive(slot);
    if (slot !== null) slot.use = ACQUIRED;
    this.#judge();
    return slot;
  }

  #judge(): void {
    const calm = this.#closed === null && this.#line.length === 0 && this.#lost.size === 0;
    this.unseen = calm ? ACQUIRED : null;
  }

  #retire(slot: ClientSlot): void {
    this.#parked[slot.index] = slot;
    slot.pipe.close();
  }

  #revive(slot: ClientSlot): void {
    const { pipe } = slot;
    this.#parked[pipe.index] = slot;
    this.#lost.delete(pipe);
    // One that had died before was told of when it did.
    const cut = pipe.connection !== null && pipe.connection.state !== "closed";
    pipe.drop();
    if (cut) this.#tell("died", pipe.index);
    pipe.revive();
  }

  #ready(pipe: Pipe): void {
    this.#reconnects++;
    this.#line.lastError = null;
    this.#tell("connected", pipe.index);
    const slot = this.#parked[pipe.index];
    this.#parked[pipe.index] = null;
    if (slot !== null && slot !== undefined) this.takeBack(slot);
  }

  #died(pipe: Pipe): void {
    this.#tell("died", pipe.index);
    const slot = this.idle.remove((candidate) => candidate.pipe === pipe);
    if (slot === null) this.#lost.add(pipe);
    else this.#revive(slot);
    this.#judge();
  }

  #failed(pipe: Pipe, error: Error, delay: number): void {
    this.#line.lastError = error;
    this.#tell("connectFailed", pipe.index, error, delay);
    if (this.#line.length > 0) pipe.hurry();
  }

  /** Acquires the slot of `pipe` where it is idle. */
  #take(pipe: Pipe): ClientSlot | null {
    const slot = this.idle.remove((candidate) => candidate.pipe === pipe && pipe.isReady);
    if (slot !== null) slot.use = ACQUIRED;
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
