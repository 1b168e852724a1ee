import type { ClientSlot } from "./client-slot.ts";

/**
 * Asks for `path` on idle connections, one at a time and the one used longest ago first, so that each has carried a request within
 * the interval. `take` acquires that slot, or gives null.
 */
export class KeepWarm {
  readonly #timer: ReturnType<typeof setInterval>;

  /** `interval` in milliseconds, for a pool of `size` slots. */
  constructor(interval: number, size: number, path: string, take: () => ClientSlot | null) {
    const tick = (): void => {
      const slot = take();
      if (slot !== null) void warm(slot, path, interval);
    };
    this.#timer = setInterval(tick, Math.max(1, interval / size));
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

async function warm(slot: ClientSlot, path: string, timeout: number): Promise<void> {
  try {
    await slot.send(slot.writer.get(path).finish(), { timeout });
  } catch {
    // The connection is dead then, and the release makes it anew.
  } finally {
    slot.release();
  }
}
