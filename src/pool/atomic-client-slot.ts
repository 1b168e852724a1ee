import type { Request } from "../codec/http/request.ts";
import type { RequestWriter } from "../codec/http/request-writer.ts";
import type { Response } from "../codec/http/response.ts";
import type { ResponseReader } from "../codec/http/response-reader.ts";
import type { HttpConnection } from "../http/connection.ts";
import { notReusable } from "../http/errors.ts";
import type { SendOptions } from "../http/options.ts";
import { PoolError } from "./errors.ts";
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
  acquired = false;
  /**
   * It was lent to a Worker, and not acquired since.
   * @internal
   */
  lent = false;
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
    if (!this.acquired) throw this.notAcquired("use");
    if (pipe.connection === null) throw notReusable("closed", null);
    pipe.uses++;
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
    if (!this.acquired) throw this.notAcquired("share");
    return this.owner.lend(this, worker);
  }

  /** Gives the slot back. Throws `POOL_NOT_ACQUIRED` where that was done before, or it was shared. */
  release(): void {
    if (!this.acquired) throw this.notAcquired("release");
    this.acquired = false;
    this.owner.takeBack(this);
  }

  /** Gives the slot back, unless it was shared. */
  [Symbol.dispose](): void {
    if (this.acquired || !this.lent) this.release();
  }

  private notAcquired(action: string): PoolError {
    const detail = this.lent ? "it was shared" : "it was released before";
    return new PoolError("POOL_NOT_ACQUIRED", `Cannot ${action} slot ${this.index}: ${detail}`);
  }
}

/** Who lends slots. */
export interface AtomicSlotOwner {
  takeBack(slot: AtomicClientSlot): void;
  lend(slot: AtomicClientSlot, worker: WorkerThread): SharedHandle;
}
