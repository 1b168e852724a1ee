import type { Request } from "../codec/http/request.ts";
import type { RequestWriter } from "../codec/http/request-writer.ts";
import type { Response } from "../codec/http/response.ts";
import type { ResponseReader } from "../codec/http/response-reader.ts";
import type { HttpConnection } from "../http/connection.ts";
import { notReusable } from "../http/errors.ts";
import type { SendOptions } from "../http/options.ts";
import { PoolError } from "./errors.ts";
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
  acquired = false;
  private readonly owner: SlotOwner;

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
   * @throws PoolError (`POOL_NOT_ACQUIRED`) once the slot is released; RequestError (`REQUEST_NOT_REUSABLE`) once the pool is destroyed
   */
  get connection(): HttpConnection {
    const { pipe } = this;
    if (!this.acquired) {
      throw new PoolError("POOL_NOT_ACQUIRED", `Cannot use slot ${this.index}: it was released`);
    }
    if (pipe.connection === null) throw notReusable("closed", null);
    pipe.uses++;
    return pipe.connection;
  }

  /**
   * Sends a request of {@link writer}'s; the response is borrowed until the next `send` on this slot, or its release. A failure is the
   * caller's to handle: nothing is sent again. The slot is then poisoned, and its connection made anew once it is released.
   * @throws RequestError with its `progress`; PoolError (`POOL_NOT_ACQUIRED`)
   */
  async send(request: Request, options?: SendOptions): Promise<Response> {
    return this.connection.send(request, this.reader, options);
  }

  /** Gives the slot back. Throws `POOL_NOT_ACQUIRED` where that was done before. */
  release(): void {
    if (!this.acquired) throw releasedTwice(this.index);
    this.acquired = false;
    this.owner.takeBack(this);
  }

  [Symbol.dispose](): void {
    if (!this.acquired) throw releasedTwice(this.index);
    this.acquired = false;
    this.owner.takeBack(this);
  }
}

/** Who lends slots. */
export interface SlotOwner {
  takeBack(slot: ClientSlot): void;
}

function releasedTwice(index: number): PoolError {
  return new PoolError("POOL_NOT_ACQUIRED", `Cannot release slot ${index}: it was released before`);
}
