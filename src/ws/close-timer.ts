/** Bounds the closing handshake and the end of the connection: counted from the first {@link arm}, once. */
export class CloseTimer {
  readonly #timeout: number;
  readonly #expired: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(timeout: number, expired: () => void) {
    this.#timeout = timeout;
    this.#expired = expired;
  }

  arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#expired();
    }, this.#timeout);
  }

  disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
