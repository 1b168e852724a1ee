/**
 * One deadline that is set and cleared for every request. The timer behind it is left running when the deadline is cleared or moved
 * on, and looks again when it fires: setting costs a clock reading, not a timer.
 */
export class Deadline {
  readonly #onExpired: () => void;
  /** On the clock of `performance.now()`; Infinity where none is set. */
  #at: number = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAt: number = Number.POSITIVE_INFINITY;

  constructor(onExpired: () => void) {
    this.#onExpired = onExpired;
  }

  /** `timeout` milliseconds from now; 0 for none. */
  set(timeout: number): void {
    if (timeout === 0) {
      this.clear();
      return;
    }
    this.#at = performance.now() + timeout;
    if (this.#timerAt > this.#at) this.#arm(timeout, false);
  }

  clear(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** True where it has passed: timers can be late when bytes keep coming. */
  get passed(): boolean {
    return this.#at !== Number.POSITIVE_INFINITY && performance.now() >= this.#at;
  }

  /** Ends the timer. */
  release(): void {
    this.clear();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #arm(delay: number, isLast: boolean): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = this.#at;
    this.#timer = setTimeout(() => this.#look(isLast), delay);
    // The socket keeps the process while a request is in flight.
    this.#timer.unref();
  }

  #look(isLast: boolean): void {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    if (this.#at === Number.POSITIVE_INFINITY) return;
    const left = this.#at - performance.now();
    if (left > 0) this.#arm(Math.ceil(left), false);
    // Where the program held up the loop, timers come before what has arrived in the meantime: that is read first.
    else if (!isLast) this.#arm(1, true);
    else {
      this.clear();
      this.#onExpired();
    }
  }
}
