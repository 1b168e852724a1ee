import type { Histogram } from "hdr-histogram-js";
import type { RequestTaskResult } from "./http/task.ts";

/** Runs `run` in each of `windows` windows, the next when this program is told where there is more than one. */
export declare function inWindows(windows: number, run: () => Promise<void>): Promise<void>;

/**
 * Times `run` in `windows` windows: it records the nanoseconds of each round trip in the histogram that it is given. Where there is more than one
 * window, each begins when this program is told.
 */
export declare function timeInWindows(
  windows: number,
  run: (window: Histogram) => Promise<void>,
): Promise<RequestTaskResult>;
