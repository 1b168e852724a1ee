import { Histogram } from "../../index.ts";

/** Counts latencies in whole microseconds. */
export class LatencyHistogram extends Histogram {
  /** A negative sample (two clocks that disagree) counts as 0. */
  add(microseconds: number): void {
    this.record(Math.min(Math.round(microseconds), LARGEST));
  }
}

/** About eighteen minutes: more is no latency. */
const LARGEST = 2 ** 30 - 1;
