import { UsageError } from "../codec/errors.ts";
import { PoolError } from "./errors.ts";
import { LifoStack } from "./lifo-stack.ts";

/** What a {@link LifoPool} is made of. */
export interface LifoPoolOptions<T> {
  /** How many items there are, all made at once; from 1 on. */
  readonly size: number;
  readonly create: () => T;
  /** Called with each item as it is released, before anybody can acquire it. What it throws goes to who released; the item is replaced. */
  readonly reset?: (item: T) => void;
  /**
   * Told once for each lease that was lost: collected without having been released. Its item is replaced by a new one, as somebody may
   * still hold it. Default: a line on the console.
   */
  readonly onForgotten?: (item: T) => void;
}

/**
 * An item that is acquired; `using` releases it. It is one object per item, lent again and again: do not keep it past its release.
 *
 * ```ts
 * using lease = pool.tryAcquire();
 * if (lease !== null) encode(lease.value);
 * ```
 */
export class Lease<T> implements Disposable {
  readonly value: T;
  /** @internal */
  acquired = false;
  /** @internal */
  below: Lease<T> | null = null;
  private readonly owner: LifoPool<T>;

  /** @internal */
  constructor(value: T, owner: LifoPool<T>) {
    this.value = value;
    this.owner = owner;
  }

  /** Gives the item back. Throws `POOL_NOT_ACQUIRED` where that was done before. */
  release(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    const { owner } = this;
    if (!this.acquired) throw new PoolError("POOL_NOT_ACQUIRED", "Cannot release: the item was released before");
    this.acquired = false;
    if (owner.resets) owner.takeBack(this);
    else owner.free.push(this);
  }
}

/**
 * A pool of items made in advance, for one thread: the one that was used last, whose memory is warm, is lent next. Acquiring and
 * releasing allocate nothing.
 */
export class LifoPool<T> {
  readonly size: number;
  /** @internal */
  readonly free: LifoStack<Lease<T>> = new LifoStack();
  /** What is released goes through {@link takeBack}. @internal */
  readonly resets: boolean;
  readonly #options: LifoPoolOptions<T>;
  readonly #forgotten: FinalizationRegistry<T>;

  constructor(options: LifoPoolOptions<T>) {
    const { size } = options;
    if (!Number.isInteger(size) || size < 1) {
      throw new UsageError("OPTION_OUT_OF_RANGE", `Cannot create pool: size is ${size}, not an integer from 1 on`);
    }
    this.size = size;
    this.resets = options.reset !== undefined;
    this.#options = options;
    this.#forgotten = new FinalizationRegistry((item) => this.#replace(item));
    for (let index = 0; index < size; index++) this.#add();
  }

  /** Items that can be acquired now. */
  get available(): number {
    return this.free.length;
  }

  /** An item, or null where all are acquired. */
  tryAcquire(): Lease<T> | null {
    const lease = this.free.pop();
    if (lease !== null) lease.acquired = true;
    return lease;
  }

  /** Gives back what {@link tryAcquire} gave. Throws `POOL_NOT_ACQUIRED` where that was done before. */
  release(lease: Lease<T>): void {
    lease.release();
  }

  /** Resets what was released. @internal */
  takeBack(lease: Lease<T>): void {
    try {
      this.#options.reset?.(lease.value);
    } catch (error) {
      this.#forgotten.unregister(lease);
      this.#add();
      throw error;
    }
    this.free.push(lease);
  }

  #add(): void {
    const value = this.#options.create();
    const lease = new Lease(value, this);
    // While it is acquired the pool holds no reference to the lease, so that one that was forgotten is collected.
    this.#forgotten.register(lease, value, lease);
    this.free.push(lease);
  }

  #replace(item: T): void {
    const { onForgotten } = this.#options;
    this.#add();
    if (onForgotten !== undefined) onForgotten(item);
    else console.warn("nexus-async-net: a pooled item was acquired and never released; it was replaced");
  }
}
