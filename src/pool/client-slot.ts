import type { Request } from "../codec/http/request.ts";
import type { RequestWriter } from "../codec/http/request-writer.ts";
import type { Response } from "../codec/http/response.ts";
import type { ResponseReader } from "../codec/http/response-reader.ts";
import type { HttpConnection } from "../http/connection.ts";
import { notReusable } from "../http/errors.ts";
import type { SendOptions } from "../http/options.ts";
import { PoolError } from "./errors.ts";
import type { LifoStack } from "./lifo-stack.ts";
import type { Pipe } from "./pipe.ts";

/**
 * A whole pipeline, acquired: writer, reader and connection, shared with nobody until it is released; `using` releases it. It is one object per
 * slot, lent again and again: do not keep it, or what its reader lent, past the release.
 */
export class ClientSlot implements Disposable {
  /** The slot's number, from 0. */
  readonly index: number;
  readonly writer: RequestWriter;
  readonly reader: ResponseReader;
  /** @internal */
  readonly pipe: Pipe;
  /** @internal */
  use: SlotUse = RELEASED;
  /**
   * The connection as the pool last saw it, one step nearer than the pipe's; once that has another, this one is closed.
   * @internal
   */
  live: HttpConnection | null = null;
  /** @internal */
  below: ClientSlot | null = null;
  /** @internal */
  readonly owner: SlotOwner;

  /** @internal */
  constructor(pipe: Pipe, owner: SlotOwner) {
    this.index = pipe.index;
    this.writer = pipe.writer;
    this.reader = pipe.reader;
    this.pipe = pipe;
    this.owner = owner;
  }

  /**
   * The connection below; one that has died stays, and fails what is sent on it, until the slot is released.
   * @throws PoolError (`POOL_NOT_ACQUIRED`) once the slot is released, or shared; RequestError (`REQUEST_NOT_REUSABLE`) once the pool is destroyed
   */
  get connection(): HttpConnection {
    const { pipe } = this;
    if (this.use === RELEASED || this.use === LENT) throw this.notAcquired("use");
    if (pipe.connection === null) throw notReusable("closed", null);
    this.use = TOUCHED;
    pipe.take();
    return pipe.connection;
  }

  /**
   * Sends a request of {@link writer}'s; the response is borrowed until the next `send` on this slot, or its release. A failure is the
   * caller's to handle: nothing is sent again. The slot is then poisoned, and its connection made anew once it is released.
   * @throws RequestError with its `progress`; PoolError (`POOL_NOT_ACQUIRED`)
   */
  send(request: Request, options?: SendOptions): Promise<Response> {
    let connection: HttpConnection;
    try {
      connection = this.connection;
    } catch (error) {
      return Promise.reject(error);
    }
    return connection.send(request, this.reader, options);
  }

  /** Gives the slot back. Throws `POOL_NOT_ACQUIRED` where that was done before. */
  release(): void {
    if (this.use === LENT) throw this.notAcquired("release");
    this[Symbol.dispose]();
  }

  /** Gives the slot back; one that was shared is not to be given back here. */
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

  /** @internal */
  notAcquired(action: string): PoolError {
    const detail = this.use === LENT ? "it was shared" : "it was released before";
    return new PoolError("POOL_NOT_ACQUIRED", `Cannot ${action} slot ${this.index}: ${detail}`);
  }
}

/** Who lends slots. */
export interface SlotOwner {
  readonly idle: LifoStack<ClientSlot>;
  /** Of which use a slot goes back on the stack unseen: where all is well, of one that was not touched; otherwise of none. */
  readonly unseen: typeof ACQUIRED | null;
  takeBack(slot: ClientSlot): void;
}

/**
 * A slot that is released, one that is acquired, one whose connection was taken in hand since, as it may be in the midst of something, and
 * one that was lent to a Worker and not acquired since.
 */
type SlotUse = typeof RELEASED | typeof ACQUIRED | typeof TOUCHED | typeof LENT;
export const RELEASED = 0;
export const ACQUIRED = 1;
export const TOUCHED = 2;
export const LENT = 3;
