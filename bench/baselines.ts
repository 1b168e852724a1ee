import { type Figure, find } from "./result.ts";
import { spread } from "./statistics.ts";

/** The contender of a case that the others are divided by: what the machine gives at best, or a plain thing beside ours. Null where there is none. */
export function baselineOf(group: string): string | null {
  if (group === "pool/acquire") return "array";
  if (group === "pool/hand-over") return "message";
  if (group.startsWith("pool/requests/")) return "connection";
  if (group.startsWith("micro/")) return "yardstick";
  if (group.startsWith("deflate/")) return "ws-on-node";
  return WITH_LIMIT.some((prefix) => group.startsWith(prefix)) ? "limit" : null;
}

/**
 * What `one` is of its case's baseline, round by round: both were taken in the same turn, so a slow or fast time of the machine falls out. Empty
 * where there is no baseline, or a round is missing of one of them.
 */
export function ratiosToBaseline(figures: readonly Figure[], one: Figure): readonly number[] {
  const name = TIMES.has(one.metric) ? baselineOf(one.group) : null;
  if (name === null) return [];
  const base = find(figures, one.group, name, one.metric);
  if (base === undefined || base.samples.length !== one.samples.length) return [];
  return ratiosOf(one, base);
}

/** The middle of what one was of the other round by round: both had their turn then, so a slow time of the machine falls out. */
export function ratio(
  figures: readonly Figure[],
  group: string,
  dividend: string,
  divisor: string,
  metric: Figure["metric"] = "ns/message",
): number | null {
  const above = find(figures, group, dividend, metric);
  const below = find(figures, group, divisor, metric);
  if (above === undefined || below === undefined) return null;
  return spread(ratiosOf(above, below)).median;
}

/** What `one` is of `other`, round by round; where one of them has missed a round, only what their medians are. */
function ratiosOf(one: Figure, other: Figure): readonly number[] {
  if (one.samples.length !== other.samples.length) return [one.median / other.median];
  return one.samples.map((sample, round) => sample / (other.samples[round] ?? Number.NaN));
}

/** More of these is better; less of all others. */
export const MORE_IS_BETTER: ReadonlySet<Figure["metric"]> = new Set(["requests/s"]);

const WITH_LIMIT = ["receive/", "json/", "series/", "echo/", "accept/", "http/", "spin/"];
const TIMES: ReadonlySet<Figure["metric"]> = new Set([
  "ns/message",
  "CPU ns/message",
  "ns",
  "p10 µs",
  "p50 µs",
  "p90 µs",
  "p99 µs",
  "p99.9 µs",
  "requests/s",
  "CPU µs/request",
]);
