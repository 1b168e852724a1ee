import { Histogram } from "../codec/histogram.ts";

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
  readonly #microseconds: Histogram = new Histogram();

  /** Counts one that took `milliseconds`. */
  record(milliseconds: number): void {
    this.#microseconds.record(milliseconds * 1000);
  }

  get counts(): number[] {
    const octaves = this.#microseconds.octaves();
    const longest = octaves.splice(BUCKETS - 1);
    return [...octaves, longest.reduce((sum, count) => sum + count, 0)];
  }
}

/** Up to 2^30 µs, 18 minutes, and beyond. */
const BUCKETS = 32;
