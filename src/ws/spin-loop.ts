import { TimeoutError } from "../codec/errors.ts";
import type { Message } from "../codec/ws/message.ts";
import { SpinPollSet } from "../socket/spin-poll-set.ts";
import { deadlineIn, SpinWait, type SpinWaitOptions, spinWaitSettings } from "../socket/spin-wait.ts";
import type { SpinSession } from "./spin-session.ts";
import { type SpinCallOptions, type SpinWsStream, sessionOf } from "./spin-stream.ts";

/**
 * Several streams that one thread reads, in the order given: of those that have bytes the first is asked first. What one read of up to
 * `maxReadSize` brought is given out before the kernel is asked again. Linux only.
 *
 * ```ts
 * using loop = new SpinLoop([orders, prices], { wait: "spin" });
 * for (let msg = loop.recv(); msg !== null; msg = loop.recv()) handle(loop.source, msg);
 * ```
 *
 * Sending, closing and ending stay the streams' own; their `recv` and `tryRecv` are the loop's while it is used.
 */
export class SpinLoop implements Disposable {
  /** The stream that the last message, or the last error, came from. */
  source: SpinWsStream;
  readonly #streams: readonly SpinWsStream[];
  readonly #sessions: readonly SpinSession[];
  readonly #set: SpinPollSet;
  readonly #wait: SpinWait;
  /** By stream, 1 where the kernel has bytes for it, where something may be left in its ring, and where its end was told. */
  readonly #ready: Uint8Array;
  readonly #loaded: Uint8Array;
  readonly #ended: Uint8Array;
  #left: number;

  /**
   * How it waits is its own, whatever the streams' options say.
   * @throws UsageError (`OPTION_OUT_OF_RANGE`; `SPIN_UNSUPPORTED` where there is no epoll)
   */
  constructor(streams: readonly [SpinWsStream, ...SpinWsStream[]], options: Omit<SpinWaitOptions, "maxReadSize"> = {}) {
    this.#wait = new SpinWait(spinWaitSettings(options));
    [this.source] = streams;
    this.#streams = [...streams];
    this.#sessions = streams.map(sessionOf);
    this.#set = new SpinPollSet(this.#sessions.map(({ transport }) => transport));
    // What came with a handshake, or before now, is in rings that the kernel does not know of.
    this.#ready = new Uint8Array(streams.length).fill(1);
    this.#loaded = new Uint8Array(streams.length).fill(1);
    this.#ended = new Uint8Array(streams.length);
    this.#left = streams.length;
  }

  /**
   * Waits for the next message of any of them, borrowed until the next call; {@link source} says whose it is. Null once all have ended. What a
   * stream's own `recv` would throw is thrown, once, with `source` set; the others go on.
   * @throws TimeoutError (`RECV_TIMEOUT`) where `timeout` came first
   */
  recv(options?: SpinCallOptions): Message | null {
    const message = this.#take();
    if (message !== null) return message;
    const timeout = options?.timeout;
    const deadline = deadlineIn(timeout);
    const wait = this.#wait;
    wait.begin();
    while (this.#left > 0) {
      this.#set.wait(false, 0);
      if (this.#read()) {
        const next = this.#take();
        if (next !== null) return next;
      }
      if (!wait.rest(this.#set, false, Math.min(deadline, this.#dueAt()))) continue;
      for (const [index, session] of this.#sessions.entries()) {
        if (this.#ended[index] === 1) continue;
        session.settle();
        session.tick(wait.now);
        // An end by the clock is told as one that was read.
        if (session.over) this.#ready[index] = 1;
      }
      if (wait.now >= deadline && this.#left > 0 && !this.#ready.includes(1)) throw late(timeout ?? 0);
    }
    return null;
  }

  /** Leaves the streams as they are. */
  [Symbol.dispose](): void {
    this.#set.close();
  }

  /** The next message that lies in a ring. */
  #take(): Message | null {
    const { length } = this.#sessions;
    for (let index = 0; index < length; index++) {
      if (this.#loaded[index] === 0) continue;
      const session = this.#sessions[index];
      const stream = this.#streams[index];
      if (session === undefined || stream === undefined) continue;
      const message = session.taken();
      if (message !== null) {
        this.source = stream;
        return message;
      }
      this.#loaded[index] = 0;
      if (session.stopped) this.#ready[index] = 1;
    }
    return null;
  }

  /** Reads once from each that has bytes, in order; true where something may have come. */
  #read(): boolean {
    const ready = this.#ready;
    this.#set.mark(ready);
    let came = false;
    for (let index = 0; index < ready.length; index++) {
      const session = this.#sessions[index];
      if (ready[index] === 0 || session === undefined) continue;
      ready[index] = 0;
      if (this.#ended[index] === 1) continue;
      if (session.receive()) {
        this.#loaded[index] = 1;
        came = true;
        // What TLS holds the kernel does not know of.
        if (session.transport.holds) ready[index] = 1;
      } else if (session.hasError || session.over) this.#tellEnd(index, session);
    }
    return came;
  }

  #tellEnd(index: number, session: SpinSession): void {
    const stream = this.#streams[index];
    if (stream !== undefined) this.source = stream;
    if (session.over) {
      this.#ended[index] = 1;
      this.#left--;
      session.releaseMemory();
    }
    if (session.hasError) throw session.takeError();
  }

  #dueAt(): number {
    let due = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.#sessions.length; index++) {
      const session = this.#sessions[index];
      if (session === undefined || this.#ended[index] === 1) continue;
      if (session.dueAt < due) due = session.dueAt;
      // Room to write is not waited for: it is looked for.
      if (session.outbox.length > 0) due = Math.min(due, this.#wait.now + 1);
    }
    return due;
  }
}

function late(timeout: number): TimeoutError {
  return new TimeoutError("RECV_TIMEOUT", `Cannot receive: no message came within ${timeout} ms`, timeout, "recv");
}
