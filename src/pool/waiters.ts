/** Somebody who waits in line. */
interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
  /** When it began, on the clock of `performance.now()`. */
  readonly since: number;
  settled: boolean;
}

/** A line of those who wait for a `T`, first come, first served. */
export class Waiters<T> {
  /** Settled ones stay in line until their turn comes, or until they are half of it. */
  #line: Waiter<T>[] = [];
  #first = 0;
  #length = 0;

  /** How many wait. */
  get length(): number {
    return this.#length;
  }

  /** Gets in line; `leave` takes the waiter out with an error, where it still waits. */
  wait(): { readonly promise: Promise<T>; readonly leave: (error: Error) => void } {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiter: Waiter<T> = { resolve, reject, since: performance.now(), settled: false };
    this.#line.push(waiter);
    this.#length++;
    return { promise, leave: (error) => this.#leave(waiter, error) };
  }

  /** Serves the first in line; returns for how many milliseconds it waited, −1 where nobody does. */
  serve(value: T): number {
    const waiter = this.#next();
    if (waiter === null) return -1;
    waiter.resolve(value);
    return performance.now() - waiter.since;
  }

  /** Turns everybody away. */
  rejectAll(error: () => Error): void {
    for (let waiter = this.#next(); waiter !== null; waiter = this.#next()) waiter.reject(error());
  }

  #next(): Waiter<T> | null {
    while (this.#first < this.#line.length) {
      const waiter = this.#line[this.#first++];
      if (waiter === undefined || waiter.settled) continue;
      this.#settle(waiter);
      this.#shorten();
      return waiter;
    }
    this.#shorten();
    return null;
  }

  #leave(waiter: Waiter<T>, error: Error): void {
    if (waiter.settled) return;
    this.#settle(waiter);
    if (this.#length * 2 < this.#line.length - this.#first) {
      this.#line = this.#line.filter(({ settled }) => !settled);
      this.#first = 0;
    }
    waiter.reject(error);
  }

  #settle(waiter: Waiter<T>): void {
    waiter.settled = true;
    this.#length--;
  }

  /** Forgets those in front whose turn has been, once they are half of the line. */
  #shorten(): void {
    if (this.#first * 2 < this.#line.length) return;
    this.#line.splice(0, this.#first);
    this.#first = 0;
  }
}
