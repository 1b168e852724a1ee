/** When the server may end the idle connection: what its `Keep-Alive: timeout=` says, less a margin for the way there. */
export class IdleLimit {
  readonly #margin: number;
  /** On the clock of `performance.now()`; Infinity where the server does not say. */
  until: number = Number.POSITIVE_INFINITY;

  /** `margin` in milliseconds. */
  constructor(margin: number) {
    this.#margin = margin;
  }

  /** The connection is idle from now on. */
  begin(seconds: number | null): void {
    this.until = seconds === null ? Number.POSITIVE_INFINITY : performance.now() + seconds * 1000 - this.#margin;
  }

  get passed(): boolean {
    return this.until !== Number.POSITIVE_INFINITY && performance.now() >= this.until;
  }
}
