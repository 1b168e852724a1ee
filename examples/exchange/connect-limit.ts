/** Counts how often each address connected lately. */
export class ConnectLimit {
  readonly #most: number;
  /** When each address connected, oldest first; nothing older than the window. */
  readonly #times = new Map<string, number[]>();

  /** `most` connections an address may open in five minutes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Counts a connection at `milliseconds`; false where it is one too many. */
  admits(address: string, milliseconds: number): boolean {
    const times = (this.#times.get(address) ?? []).filter((time) => time > milliseconds - WINDOW);
    this.#times.set(address, times);
    if (times.length >= this.#most) return false;
    times.push(milliseconds);
    return true;
  }
}

/** In milliseconds. */
const WINDOW = 300_000;
