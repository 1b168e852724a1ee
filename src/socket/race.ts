import type { IpAddress } from "./address.ts";
import { SocketOptionError } from "./errors.ts";

/** Told once how an attempt ended; never after the attempt was cancelled. */
export type AttemptDone<T> = (error: Error | null, value: T | null) => void;

/** Starts an attempt; what it returns cancels it and gives back whatever it holds. */
export type Attempt<T> = (address: IpAddress, done: AttemptDone<T>) => () => void;

/** How a race ended: the winner, or one error per address. */
export type RaceDone<T> = (errors: readonly Error[], winner: T | null) => void;

/**
 * Tries addresses the way RFC 8305 section 5 says: the next one after `delay` milliseconds or at once after a failure; the
 * first that connects wins and the others are cancelled. `done` comes once, not before this returns, and not after the
 * returned function has cancelled it all.
 */
export function race<T>(
  addresses: readonly IpAddress[],
  attempt: Attempt<T>,
  delay: number,
  done: RaceDone<T>,
): () => void {
  const running = new Set<() => void>();
  const errors: Error[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let next = 0;
  let over = false;

  function stop(): void {
    over = true;
    clearTimeout(timer);
    for (const cancel of running) cancel();
    running.clear();
  }

  function start(): void {
    clearTimeout(timer);
    const address = addresses[next];
    if (over || address === undefined) return;
    next += 1;
    let ended = false;
    let cancel: (() => void) | null = null;
    if (next < addresses.length) timer = setTimeout(start, delay);
    cancel = attempt(address, (error, value) => {
      if (over || ended) return;
      ended = true;
      if (cancel !== null) running.delete(cancel);
      if (value !== null) {
        stop();
        done([], value);
        return;
      }
      errors.push(error ?? new Error("no reason given"));
      // An option that the kernel refuses would be refused for every address.
      if (error instanceof SocketOptionError || (running.size === 0 && next === addresses.length)) {
        stop();
        done(errors, null);
        return;
      }
      start();
    });
    if (!ended) running.add(cancel);
  }

  queueMicrotask(start);
  return stop;
}

/** RFC 8305 section 8 recommends 250 ms between attempts. */
export const ATTEMPT_DELAY = 250;
