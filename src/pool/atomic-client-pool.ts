import type { AtomicClientSlot } from "./atomic-client-slot.ts";
import { Doorbell } from "./atomic-doorbell.ts";
import { Keeper } from "./atomic-keeper.ts";
import { Watch, type WatchableWorker } from "./atomic-watch.ts";
import type { AcquireOptions } from "./client-pool.ts";
import { ACQUIRED } from "./client-slot.ts";
import { notAcquired, PoolError } from "./errors.ts";
import type { LifoStack } from "./lifo-stack.ts";
import { type ClientPoolOptions, type PoolSettings, poolSettings } from "./options.ts";
import type { PoolStats } from "./pool-stats.ts";
import { Upkeep } from "./upkeep.ts";

/**
 * A `ClientPool` whose slots can be lent to Workers. The thread that built it has the connections, and is the only one that acquires; a Worker
 * that was lent a slot reads responses and writes requests in shared memory, and releases without asking anybody.
 *
 * ```ts
 * await using pool = await AtomicClientPool.connect({ url: "https://api.example.com", connections: 4 });
 * pool.watch(worker);
 * const slot = await pool.acquire({ timeout: 2_000 });
 * worker.postMessage(slot.share(worker));                  // there: using slot = SharedSlot.from(handle)
 * ```
 *
 * What fails, and how it heals, is as with a `ClientPool`. A Worker that ends gives back what it held; where it had begun a request, the
 * slot's connection is cut and made anew.
 */
export class AtomicClientPool implements AsyncDisposable {
  readonly #settings: PoolSettings;
  private readonly keeper: Keeper;
  private readonly idle: LifoStack<AtomicClientSlot>;
  /** Within `tryAcquire`, which may call listeners. */
  private acquiring = false;
  readonly #watch: Watch;
  #closed: PromiseWithResolvers<void> | null = null;
  #upkeep: Upkeep | null = null;
  #doorbell: Doorbell | null = null;

  private constructor(options: ClientPoolOptions) {
    this.#settings = poolSettings(options);
    this.keeper = new Keeper(options, this.#settings, () => this.#end());
    this.idle = this.keeper.idle;
    this.#watch = new Watch(this.keeper.stock.board, (number) => this.keeper.recover(number));
  }

  /**
   * Opens every connection, and fails as a whole with the first one that cannot be opened: what was opened is closed then.
   * @throws ConnectError, TimeoutError, AbortedError, UsageError; RequestError, PoolError where the warm-up fails
   */
  static async connect(options: ClientPoolOptions): Promise<AtomicClientPool> {
    const pool = new AtomicClientPool(options);
    const { keeper } = pool;
    const { pipes, board } = keeper.stock;
    try {
      await Promise.all(pipes.map((pipe) => pipe.open(options.signal)));
    } catch (error) {
      pool.destroy();
      throw error;
    }
    keeper.reconnects = 0;
    pool.#upkeep = new Upkeep(pipes, pool.#settings, (pipe) => keeper.take(pipe));
    pool.#doorbell = new Doorbell(board.words, () => keeper.look());
    return pool;
  }

  /** Slots, of whatever state. */
  get size(): number {
    return this.keeper.stock.pipes.length;
  }

  /**
   * Lends to `worker` from now on, and takes back what it holds when it ends. For Workers of this thread, of the web's kind or of
   * `node:worker_threads`; at most 254 at a time.
   * @throws PoolError (`POOL_WORKER_UNWATCHED` where it has ended, `POOL_TOO_MANY_WORKERS`, `POOL_CLOSED`)
   */
  watch(worker: WatchableWorker): void {
    if (this.#closed !== null) throw new PoolError("POOL_CLOSED", "Cannot watch Worker: the pool is closed");
    this.#watch.add(worker);
  }

  /**
   * A slot whose connection can carry a request now, or null: no wait, no I/O.
   * @throws PoolError (`POOL_SECOND_ACQUIRER`) within a listener that is called by it
   */
  tryAcquire(): AtomicClientSlot | null {
    if (this.acquiring) throw notAcquired("POOL_SECOND_ACQUIRER", "a listener that tryAcquire calls cannot acquire");
    this.acquiring = true;
    let slot = this.idle.pop();
    // Its keep-alive may have run out.
    if (slot === null || slot.live === null || !slot.live.isReusable) slot = this.keeper.search(slot);
    this.acquiring = false;
    if (slot !== null) slot.use = ACQUIRED;
    return slot;
  }

  /**
   * A slot, at once where one is free, else in line. `timeout: 0` makes one attempt to connect a dead slot, or counts the one that was made
   * within the last second, and rejects with its error, or with `POOL_EXHAUSTED` where all are in use.
   * @throws PoolError (`POOL_ACQUIRE_TIMEOUT` with the last connect error as cause, `POOL_ACQUIRE_ABORTED`, `POOL_CLOSED`)
   */
  acquire(options: AcquireOptions = {}): Promise<AtomicClientSlot> {
    return this.keeper.line.acquire(this, this.#closed !== null, options);
  }

  /** What a Worker has given back counts as idle. */
  stats(): PoolStats {
    const { parked, returned, line, reconnects, stock } = this.keeper;
    const idle = this.idle.length + returned;
    return {
      idle,
      busy: this.size - idle - parked,
      reconnecting: this.#closed === null ? parked : 0,
      waiters: line.length,
      reconnects,
      attempts: stock.pipes.reduce((sum, pipe) => sum + pipe.attempts, 0),
      acquireWait: line.waits.counts,
    };
  }

  /** Sets a default header of every slot, in all threads, for the requests that are begun from then on: a key that was rotated. */
  setDefaultHeader(name: string, value: string): void {
    this.keeper.stock.setDefaultHeader(name, value);
  }

  /**
   * Lends nothing any more, turns away who waits, and resolves once every slot was given back, by Workers too, and its connection closed in
   * order.
   */
  close(): Promise<void> {
    if (this.#closed === null) {
      this.#closed = Promise.withResolvers();
      this.#upkeep?.stop();
      this.keeper.close();
    }
    return this.#closed.promise;
  }

  /** Cuts every connection at once; requests in flight fail with `REQUEST_CONNECTION_CLOSED`, those of Workers too. */
  destroy(): void {
    const { pipes } = this.keeper.stock;
    for (const pipe of pipes) pipe.drop();
    void this.close();
    for (const pipe of pipes) pipe.close();
    this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #end(): void {
    this.keeper.end();
    this.#doorbell?.takeDown();
    this.#watch.stop();
    this.#closed?.resolve();
  }
}
