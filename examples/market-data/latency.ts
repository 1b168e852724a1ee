/**
 * Counts latencies in microseconds and tells their percentiles: constant memory, no allocation per sample. Values are
 * kept to within 1/32 (about 3 %) of themselves.
 */
export class LatencyHistogram {
  count = 0;
  /** The largest sample, exact. */
  max = 0;
  readonly #buckets = new Uint32Array(BUCKETS);

  /** A negative sample (two clocks that disagree) counts as 0. */
  add(microseconds: number): void {
    const value = Math.min(Math.max(0, Math.round(microseconds)), LARGEST);
    if (value > this.max) this.max = value;
    this.count++;
    const at = bucketOf(value);
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
  }

  /** The value that `percent` of the samples do not exceed, NaN while there are none. */
  percentile(percent: number): number {
    if (this.count === 0) return Number.NaN;
    const wanted = Math.max(1, Math.ceil((percent / 100) * this.count));
    let seen = 0;
    for (let at = 0; at < BUCKETS; at++) {
      seen += this.#buckets[at] ?? 0;
      if (seen >= wanted) return Math.min(highestOf(at), this.max);
    }
    return this.max;
  }
}

/** Values below 32 have a bucket each; above, each power of two is cut into 32. */
function bucketOf(value: number): number {
  if (value < 32) return value;
  const shift = 26 - Math.clz32(value);
  return 32 * shift + (value >>> shift);
}

/** The largest value of a bucket. */
function highestOf(bucket: number): number {
  if (bucket < 32) return bucket;
  const shift = Math.floor(bucket / 32) - 1;
  return ((bucket - 32 * shift + 1) << shift) - 1;
}

/** About eighteen minutes: more is no latency. */
const LARGEST = 2 ** 30 - 1;
const BUCKETS: number = bucketOf(LARGEST) + 1;
