/** What a pool is doing, and has done. */
export interface PoolStats {
  /** Slots that can be acquired now. */
  readonly idle: number;
  /** Slots that are acquired. */
  readonly busy: number;
  /** Slots whose connection is being made, or waits for its next attempt. */
  readonly reconnecting: number;
  /** Calls of `acquire` that wait. */
  readonly waiters: number;
  /** Connections made since the first ones. */
  readonly reconnects: number;
  /** Attempts to connect, failed ones too. */
  readonly attempts: number;
  /** How long `acquire` took: `[n]` counts those that took less than 2^n µs and not less than half of that; `[0]` those that did not wait. */
  readonly acquireWait: readonly number[];
}

/** Counts durations by powers of two of a microsecond. */
export class WaitHistogram {
  readonly #counts: Uint32Array = new Uint32Array(BUCKETS);

  /** Counts one that took `milliseconds`. */
  record(milliseconds: number): void {
    const bucket = Math.min(BUCKETS - 1, 32 - Math.clz32(Math.min(milliseconds * 1000, 0x7fffffff)));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  get counts(): number[] {
    return Array.from(this.#counts);
  }
}

/** Up to 2^31 µs, 36 minutes. */
const BUCKETS = 32;
