import { type Spread, spread } from "./statistics.ts";

/** One figure: a contender in a case, by one metric, over all rounds. */
export interface Figure extends Spread {
  /** `receive/tcp/40`, `echo/tls/apart`, `http/get/tcp/together`, `micro/frame-reading`, `pool/acquire`: contenders of one case are compared. */
  readonly group: string;
  readonly contender: string;
  readonly metric:
    | "ns/message"
    | "CPU ns/message"
    | "wire bytes/message"
    | "ns"
    | "p10 µs"
    | "p50 µs"
    | "p90 µs"
    | "p99 µs"
    | "p99.9 µs"
    | "requests/s"
    | "CPU µs/request"
    | "MB"
    | "bytes/message"
    | "objects"
    | "bytes/request"
    | "objects/request"
    | "ms"
    | "attempts/slot"
    | "CPU ms/s";
  /** Messages, round trips or calls behind each sample. */
  readonly count: number;
  readonly samples: readonly number[];
}

/** The figure of `samples`; those that are no numbers, of a process that failed, are left out. */
export function figure(
  group: string,
  contender: string,
  metric: Figure["metric"],
  count: number,
  samples: readonly number[],
): Figure {
  const numbers = samples.filter(Number.isFinite);
  return { group, contender, metric, count, samples: numbers, ...spread(numbers) };
}

/** One figure, where it was measured. */
export function find(
  figures: readonly Figure[],
  group: string,
  contender: string,
  metric: Figure["metric"],
): Figure | undefined {
  return figures.find((one) => one.group === group && one.contender === contender && one.metric === metric);
}

/** The median of one figure, or null where it was not measured. */
export function median(
  figures: readonly Figure[],
  group: string,
  contender: string,
  metric: Figure["metric"],
): number | null {
  return find(figures, group, contender, metric)?.median ?? null;
}
