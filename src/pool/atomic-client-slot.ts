import type { Request } from "../codec/http/request.ts";
import type { RequestWriter } from "../codec/http/request-writer.ts";
import type { Response } from "../codec/http/response.ts";
import type { ResponseReader } from "../codec/http/response-reader.ts";
import type { HttpConnection } from "../http/connection.ts";
import { notReusable } from "../http/errors.ts";
import type { SendOptions } from "../http/options.ts";
import { ACQUIRED, RELEASED, type SlotUse, TOUCHED } from "./client-slot.ts";
import { PoolError } from "./errors.ts";
import type { LifoStack } from "./lifo-stack.ts";
import type { Pipe } from "./pipe.ts";
import type { SharedHandle, WorkerThread } from "./shared-part.ts";

/**
 * A slot of an `AtomicClientPool`, acquired by the pool's thread: to be used there, as a `ClientSlot` is, or to be lent to a Worker. It is one
 * object per slot, acquired again and again: do not keep it, or what its reader lent, past its release.
 */
export class AtomicClientSlot implements Disposable {
  /** The slot's number, from 0. */
  readonly index: number;
  readonly writer: RequestWriter;
  readonly reader: ResponseReader;
  /** @internal */
  readonly pipe: Pipe;
  /** @internal */
  use: AtomicSlotUse = RELEASED;
  /**
   * The connection as the pool last saw it, one step nearer than the pipe's; that of a dead one is closed, or null.
   * @internal
   */
  live: HttpConnection | null = null;
  /** @internal */
  below: AtomicClientSlot | null = null;
  private readonly owner: AtomicSlotOwner;

  /** @internal */
  constructor(pipe: Pipe, owner: AtomicSlotOwner) {
    this.index = pipe.index;
    this.writer = pipe.writer;
    this.reader = pipe.reader;
    this.pipe = pipe;
    this.owner = owner;
  }

  /**
   * The connection below; one that has died stays, and fails what is sent on it, until the slot is released.
   * @throws PoolError (`POOL_NOT_ACQUIRED`) once the slot is released or shared; RequestError (`REQUEST_NOT_REUSABLE`) once the pool is destroyed
   */
  get connection(): HttpConnection {
    const { pipe } = this;
    if (!this.isAcquired) throw this.notAcquired("use");
    if (pipe.connection === null) throw notReusable("closed", null);
    this.use = TOUCHED;
    pipe.take();
    return pipe.connection;
  }

  /**
   * Sends a request of {@link writer}'s; the response is borrowed until the next `send` on this slot, its release, or `share`. A failure is the
   * caller's to handle: nothing is sent again.
   * @throws RequestError with its `progress`; PoolError (`POOL_NOT_ACQUIRED`)
   */
  async send(request: Request, options?: SendOptions): Promise<Response> {
    return this.connection.send(request, this.reader, options);
  }

  /**
   * Lends the slot to a Worker that the pool watches: a handle, to be posted to it, of which `SharedSlot.from` makes the slot there. It is
   * given back from there, or when the Worker ends.
   * @throws PoolError (`POOL_NOT_ACQUIRED`, `POOL_WORKER_UNWATCHED`); UsageError (`REQUEST_UNDER_WAY`)
   */
  share(worker: WorkerThread): SharedHandle {
    if (!this.isAcquired) throw this.notAcquired("share");
    return this.owner.lend(this, worker);
  }

  /** Gives the slot back. Throws `POOL_NOT_ACQUIRED` where that was done before, or it was shared. */
  release(): void {
    if (this.use === LENT) throw this.notAcquired("release");
    this[Symbol.dispose]();
  }

  /** Gives the slot back, unless it was shared. */
  [Symbol.dispose](): void {
    const { owner } = this;
    if (this.use !== owner.unseen) this.giveBack();
    else {
      this.use = RELEASED;
      owner.idle.push(this);
    }
  }

  private giveBack(): void {
    if (this.use === LENT) return;
    if (this.use === RELEASED) throw this.notAcquired("release");
    this.use = RELEASED;
    this.owner.takeBack(this);
  }

  private get isAcquired(): boolean {
    return this.use === ACQUIRED || this.use === TOUCHED;
  }

  private notAcquired(action: string): PoolError {
    const detail = this.use === LENT ? "it was shared" : "it was released before";
    return new PoolError("POOL_NOT_ACQUIRED", `Cannot ${action} slot ${this.index}: ${detail}`);
  }
}

/** Who lends slots. */
export interface AtomicSlotOwner {
  readonly idle: LifoStack<AtomicClientSlot>;
  /** Of which use a slot goes back on the stack unseen: where all is well, of one that was not touched; otherwise of none. */
  readonly unseen: typeof ACQUIRED | null;
  takeBack(slot: AtomicClientSlot): void;
  lend(slot: AtomicClientSlot, worker: WorkerThread): SharedHandle;
}

/** What is so of a `ClientSlot`, or it was lent to a Worker and not acquired since. */
type AtomicSlotUse = SlotUse | typeof LENT;
export const LENT = 3;
