import { BELL } from "./shared-board.ts";

/** The owner's end of the doorbell: waits for it without keeping the process, for as long as it is not taken down. */
export class Doorbell {
  readonly #words: Int32Array;
  readonly #answer: () => void;
  #down = false;

  /** `answer` is called after one ring or many. */
  constructor(words: Int32Array, answer: () => void) {
    this.#words = words;
    this.#answer = answer;
    void this.#listen();
  }

  /** No ring is answered any more, and nothing is left that waits. */
  takeDown(): void {
    this.#down = true;
    Atomics.notify(this.#words, BELL);
  }

  async #listen(): Promise<void> {
    const words = this.#words;
    for (;;) {
      const ring = Atomics.waitAsync(words, BELL, 0);
      // One that rings without end has its turn after what else the thread has to do.
      await (ring.async ? ring.value : nextTurn());
      if (this.#down) return;
      // Before anything is looked at: what is asked from here on rings again.
      if (Atomics.exchange(words, BELL, 0) === 1) this.#answer();
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
