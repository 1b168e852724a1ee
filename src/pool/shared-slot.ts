import { threadId } from "node:worker_threads";
import { TimeoutError } from "../codec/errors.ts";
import type { Request } from "../codec/http/request.ts";
import type { RequestWriter } from "../codec/http/request-writer.ts";
import type { Response } from "../codec/http/response.ts";
import { notReusable, RequestError } from "../http/errors.ts";
import { milliseconds } from "../http/options.ts";
import { PoolError } from "./errors.ts";
import { GONE, Holder } from "./shared-holder.ts";
import {
  notWatched,
  numberOf,
  type SharedHandle,
  type SharedPart,
  sharedPart,
  type WorkerThread,
} from "./shared-part.ts";

/** How {@link SharedSlot.send} sends. */
export interface SharedSendOptions {
  /** Milliseconds from `send` to the whole response. Default 0: none. */
  readonly timeout?: number;
  /** Gives up: the request fails with `REQUEST_ABORTED`, and where it was under way its connection is cut. */
  readonly signal?: AbortSignal;
}

/**
 * A slot of an `AtomicClientPool` in the Worker that holds it. The request is written, and the response read, in memory that is shared with
 * the thread that has the connection.
 *
 * ```ts
 * self.onmessage = async ({ data: handle }) => {
 *   using slot = SharedSlot.from(handle);
 *   const response = await slot.send(slot.writer.get("/time").finish(), { timeout: 2_000 });
 *   console.log(response.status, response.bodyText());
 * };
 * ```
 *
 * Each lease has an object of its own, which is of no use once it is released or handed on.
 */
export class SharedSlot implements Disposable {
  /** The slot's number, from 0. */
  readonly index: number;
  readonly #part: SharedPart;
  readonly #holder: Holder;
  #waiting = false;

  private constructor(part: SharedPart, holder: Holder) {
    this.index = part.index;
    this.#part = part;
    this.#holder = holder;
  }

  /**
   * Takes the lease that a handle stands for, once, in the Worker that it was made for.
   * @throws PoolError (`POOL_LEASE_STALE`, `POOL_WORKER_UNWATCHED`)
   */
  static from(handle: SharedHandle): SharedSlot {
    const part = sharedPart(handle);
    const holder = new Holder(part.board, handle.index, handle.word);
    const number = numberOf(part.board, threadId);
    if (number === null) throw notWatched("take", threadId);
    if (holder.claim(number)) return new SharedSlot(part, holder);
    throw new PoolError(
      "POOL_LEASE_STALE",
      `Cannot take slot ${handle.index}: its handle was taken before, came back, or is not thread ${threadId}'s`,
    );
  }

  /**
   * Writes the slot's requests, with the pool's base path and default fields as they are now: take it for each request.
   * @throws PoolError (`POOL_NOT_ACQUIRED`); UsageError (`REQUEST_UNDER_WAY`)
   */
  get writer(): RequestWriter {
    if (!this.#holder.write()) throw this.#notIdle("write to");
    return this.#part.writer;
  }

  /**
   * Has a request of {@link writer}'s sent by the pool's thread. The response lies in shared memory, and is borrowed until the next request on
   * this slot, its release, or `share`. A failure is the caller's to handle: nothing is sent again.
   * @throws RequestError with its `progress`; PoolError (`POOL_NOT_ACQUIRED`, `POOL_REQUEST_NOT_SHAREABLE`, `POOL_RESPONSE_TOO_LARGE`)
   */
  async send(request: Request, options: SharedSendOptions = {}): Promise<Response> {
    const { timeout = 0, signal } = options;
    const holder = this.#holder;
    const { words, at } = this.#part.exchange;
    if (signal?.aborted) throw aborted("not-sent", 0, signal.reason);
    this.#ask(request, timeout, signal !== undefined);
    const onAbort = (): void => this.#giveUp();
    signal?.addEventListener("abort", onAbort);
    // A wait that is pending does not keep the Worker; and one with a limit of its own leaves its timer behind, whatever ends it.
    let vigil = setTimeout(() => {
      if (!this.#withdraw()) vigil = setTimeout(nothing, MOST_MILLISECONDS);
    }, timeout || MOST_MILLISECONDS);
    try {
      for (let word = holder.awaited(); word !== GONE; word = holder.awaited()) {
        const change = Atomics.waitAsync(words, at, word);
        if (change.async) await change.value;
      }
    } finally {
      clearTimeout(vigil);
      signal?.removeEventListener("abort", onAbort);
      this.#waiting = false;
    }
    return this.#outcome(request, timeout, signal);
  }

  /**
   * {@link send}, blocking this Worker's thread until the answer is there.
   * @throws as `send`
   */
  sendSync(request: Request, options: { readonly timeout?: number } = {}): Response {
    const { timeout = 0 } = options;
    const holder = this.#holder;
    const { words, at } = this.#part.exchange;
    this.#ask(request, timeout, false);
    const deadline = timeout === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeout;
    try {
      for (let word = holder.awaited(); word !== GONE; word = holder.awaited()) {
        // What the owner has taken up it ends in time itself.
        const isUp = performance.now() >= deadline;
        if (!isUp || !holder.withdraw())
          Atomics.wait(words, at, word, isUp ? MOST_MILLISECONDS : deadline - performance.now());
      }
    } finally {
      this.#waiting = false;
    }
    return this.#outcome(request, timeout, undefined);
  }

  /**
   * Hands the lease on to another Worker that the pool watches: a handle for it, to be posted. This object is of no use any more.
   * @throws PoolError (`POOL_NOT_ACQUIRED`, `POOL_WORKER_UNWATCHED`); UsageError (`REQUEST_UNDER_WAY`)
   */
  share(worker: WorkerThread): SharedHandle {
    const { board, memory, index } = this.#part;
    if (!this.#holder.idle) throw this.#notIdle("share");
    const number = numberOf(board, worker.threadId);
    const word = number === null ? GONE : this.#holder.handOn(number, worker.threadId);
    if (word === GONE) throw notWatched("share", worker.threadId);
    return { board: board.memory, memory, index, word };
  }

  /** Gives the slot back. Throws `POOL_NOT_ACQUIRED` where that was done before, or it was handed on. */
  release(): void {
    if (!this.#holder.release()) throw this.#notIdle("release");
    if (this.#waiting) Atomics.notify(this.#part.exchange.words, this.#part.exchange.at);
  }

  /** Gives the slot back, unless that was done, or it was handed on. */
  [Symbol.dispose](): void {
    if (!this.#holder.gone) this.release();
  }

  /** Asks the owner to send. */
  #ask(request: Request, timeout: number, abortable: boolean): void {
    const { exchange } = this.#part;
    milliseconds("timeout", timeout, 0);
    if (!this.#holder.idle) throw this.#notIdle("send on");
    const refusal = unshareable(request, exchange.request);
    if (refusal !== null) {
      throw new PoolError("POOL_REQUEST_NOT_SHAREABLE", `Cannot send request on slot ${this.index}: ${refusal}`);
    }
    exchange.putRequest(request, timeout, abortable);
    if (!this.#holder.ask()) throw notReusable("closed", null);
    this.#waiting = true;
  }

  #giveUp(): void {
    const { exchange, board } = this.#part;
    if (this.#withdraw()) return;
    exchange.giveUp();
    board.ring();
  }

  /** Takes back what the owner has not taken up yet, and ends the wait for it. */
  #withdraw(): boolean {
    const { words, at } = this.#part.exchange;
    if (!this.#holder.withdraw()) return false;
    Atomics.notify(words, at);
    return true;
  }

  #outcome(request: Request, timeout: number, signal: AbortSignal | undefined): Response {
    const { exchange, window } = this.#part;
    if (!this.#holder.take()) {
      if (!this.#holder.gone) throw signal?.aborted ? aborted("not-sent", 0, signal.reason) : ranOut(timeout);
      // Whether the owner had sent it nobody asks any more.
      const message = "Cannot finish request: its slot was released";
      throw new RequestError("REQUEST_CONNECTION_CLOSED", message, "sent", request.length);
    }
    const error = exchange.takeError();
    if (error === null) return window.open(exchange.words, exchange.places);
    if (error instanceof RequestError) {
      const { code, progress, bytesSent } = error;
      if (code === "REQUEST_ABORTED") throw aborted(progress, bytesSent, signal?.reason);
      if (code === "REQUEST_TIMEOUT") throw ranOut(timeout, error);
    }
    throw error;
  }

  #notIdle(action: string): Error {
    if (!this.#holder.gone) return notReusable("busy", null);
    const detail = "it was released, or handed on";
    return new PoolError("POOL_NOT_ACQUIRED", `Cannot ${action} slot ${this.index}: ${detail}`);
  }
}

function unshareable(request: Request, bytes: Uint8Array): string | null {
  if (request.buffer !== bytes) return "it was not written by the slot's writer";
  if (request.streamed) return "its body is streamed";
  return request.upgrade ? "it asks for another protocol" : null;
}

function aborted(progress: RequestError["progress"], bytesSent: number, reason: unknown): RequestError {
  return new RequestError("REQUEST_ABORTED", "Cannot finish request: it was aborted", progress, bytesSent, reason);
}

function ranOut(
  timeout: number,
  { progress, bytesSent }: Pick<RequestError, "progress" | "bytesSent"> = NOTHING_SENT,
): RequestError {
  const message = `Cannot finish request: ${timeout} ms ran out`;
  const cause = new TimeoutError("REQUEST_TIMEOUT", message, timeout, "request");
  return new RequestError("REQUEST_TIMEOUT", message, progress, bytesSent, cause);
}

function nothing(): void {}

const NOTHING_SENT = { progress: "not-sent", bytesSent: 0 } as const;
/** The longest that a timer can wait. */
const MOST_MILLISECONDS = 0x7fffffff;
