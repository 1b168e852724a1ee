import type { Request } from "../codec/http/request.ts";
import type { RequestWriter } from "../codec/http/request-writer.ts";
import type { PoolSettings } from "./options.ts";
import type { Pipe } from "./pipe.ts";

/** A slot that was acquired. */
export interface WarmSlot {
  readonly writer: RequestWriter;
  send(request: Request, options: { readonly timeout: number }): Promise<unknown>;
  release(): void;
}

/**
 * What a pool sees to while nobody asks: connections whose `Keep-Alive` is about to run out are ended, and those that lie idle are kept
 * warm. Neither timer keeps the process.
 */
export class Upkeep {
  readonly #pipes: readonly Pipe[];
  readonly #take: (pipe: Pipe) => WarmSlot | null;
  readonly #timers: Set<ReturnType<typeof setInterval>> = new Set();
  /** By number: the uses that were counted when the slot was last looked at. */
  readonly #uses: number[];
  #next = 0;

  /** `take` acquires a slot that is idle, or gives null. */
  constructor(pipes: readonly Pipe[], settings: PoolSettings, take: (pipe: Pipe) => WarmSlot | null) {
    const { warmUp, keepWarm } = settings;
    this.#pipes = pipes;
    this.#take = take;
    this.#uses = pipes.map(({ uses }) => uses);
    this.#wake();
    // Each is looked at twice within the interval, so that one used between two looks is warmed before the interval is over.
    if (keepWarm > 0 && warmUp !== null) {
      this.#every(Math.max(1, keepWarm / 2 / pipes.length), () => this.#look(warmUp, keepWarm));
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
    for (const pipe of this.#pipes) pipe.onUse = null;
  }

  #every(interval: number, look: () => void): ReturnType<typeof setInterval> {
    const timer = setInterval(look, interval);
    timer.unref();
    this.#timers.add(timer);
    return timer;
  }

  /** Looks for what expires, until nothing can before a connection is used or made: a process that lies idle is let be. */
  #wake(): void {
    for (const pipe of this.#pipes) pipe.onUse = null;
    const timer = this.#every(EXPIRY_LOOKS, () => {
      for (const pipe of this.#pipes) pipe.expire();
      if (this.#pipes.some(({ mayExpire }) => mayExpire)) return;
      clearInterval(timer);
      this.#timers.delete(timer);
      for (const pipe of this.#pipes) pipe.onUse = () => this.#wake();
    });
  }

  /** Looks at the next slot, and asks for `path` on it where it was not used since the last time. */
  #look(path: string, timeout: number): void {
    const index = this.#next;
    this.#next = (index + 1) % this.#pipes.length;
    const pipe = this.#pipes[index];
    if (pipe === undefined) return;
    const used = pipe.uses !== this.#uses[index];
    this.#uses[index] = pipe.uses;
    const slot = used ? null : this.#take(pipe);
    if (slot !== null) void warm(slot, path, timeout);
  }
}

async function warm(slot: WarmSlot, path: string, timeout: number): Promise<void> {
  try {
    await slot.send(slot.writer.get(path).finish(), { timeout });
  } catch {
    // The connection is dead then, and the release makes it anew.
  } finally {
    slot.release();
  }
}

/** Milliseconds between looks for what has expired: within the margin that connections keep. */
const EXPIRY_LOOKS = 250;
