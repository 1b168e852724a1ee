import { baselineOf, MORE_IS_BETTER, ratiosToBaseline } from "./baselines.ts";
import type { Report } from "./report.ts";
import type { Figure } from "./result.ts";
import { type Spread, spread } from "./statistics.ts";
import { alignColumns, formatNumber } from "./table.ts";

/** Two results side by side. */
export interface Comparison {
  /** What makes them less comparable: another machine, another engine, other pins. */
  readonly differences: readonly string[];
  /** Figures that both have, and how many of them were compared by what they are of their case's baseline. */
  readonly compared: number;
  readonly byRatio: number;
  /** Those that moved beyond the noise, the largest move first. */
  readonly moves: readonly Move[];
  /** How many figures only one of them has. */
  readonly unmatched: number;
  /** How much slower the baselines are in the second: the machine's pace, which the ratios are free of. NaN without baselines. */
  readonly pace: number;
}

/** A figure that moved. */
export interface Move {
  readonly name: string;
  readonly unit: Figure["metric"];
  /** The contender that `before` and `after` are multiples of; null where they are in the unit itself. */
  readonly baseline: string | null;
  readonly before: number;
  readonly after: number;
  /** How many times better it is now; below 1 it is worse. */
  readonly better: number;
}

/**
 * Figures of a case with a baseline are compared by their ratio to it, taken round by round; a virtual machine's slow and fast times, which
 * last for minutes, are in both and fall out. The others are compared as they are, and the baselines only tell the machine's pace.
 *
 * A figure has moved where the middle halves of its samples lie apart, by so many times the wider of them as {@link CERTAIN_SAMPLES} says, and
 * its median by {@link LEAST_CHANGE}. With fewer than three samples nothing is known of the noise, and nothing moves. Of figures with normal
 * noise less than one in a hundred is named by mistake; halves that merely do not touch would name one in five of five samples each.
 */
export function compareReports(before: Report, after: Report): Comparison {
  const known = new Map(before.figures.map((one) => [nameOf(one), one]));
  const moves: Move[] = [];
  const paces: number[] = [];
  let unmatched = 0;
  let compared = 0;
  let byRatio = 0;
  for (const now of after.figures) {
    const name = nameOf(now);
    const then = known.get(name);
    known.delete(name);
    if (then === undefined) {
      unmatched++;
      continue;
    }
    compared++;
    const baseline = baselineOf(now.group);
    const ratiosThen = ratiosToBaseline(before.figures, then);
    const ratiosNow = ratiosToBaseline(after.figures, now);
    const relative = ratiosThen.length > 0 && ratiosNow.length > 0;
    if (relative && now.contender === baseline) {
      if (!MORE_IS_BETTER.has(now.metric)) paces.push(Math.log(now.median / then.median));
      continue;
    }
    if (relative) byRatio++;
    const [a, b] = relative ? [spread(ratiosThen), spread(ratiosNow)] : [then, now];
    if (!areApart(a, b, Math.min(then.samples.length, now.samples.length))) continue;
    const better = MORE_IS_BETTER.has(now.metric) ? b.median / a.median : a.median / b.median;
    moves.push({
      name,
      unit: now.metric,
      baseline: relative ? baseline : null,
      before: a.median,
      after: b.median,
      better,
    });
  }
  moves.sort((a, b) => Math.abs(Math.log(b.better)) - Math.abs(Math.log(a.better)));
  const pace = Math.exp(paces.reduce((sum, one) => sum + one, 0) / paces.length);
  const differences = differencesOf(before, after);
  return { differences, compared, byRatio, moves, unmatched: unmatched + known.size, pace };
}

export function formatMoves({ differences, compared, byRatio, moves, unmatched, pace }: Comparison): string {
  const lines = differences.map((difference) => `not alike: ${difference}`);
  lines.push(`${compared} figures compared, ${moves.length} moved beyond the noise`);
  if (byRatio > 0) {
    lines.push(
      `${byRatio} of them by their ratio to the limit, or other baseline, of the same round: the machine's pace falls out`,
    );
  }
  if (Number.isFinite(pace)) {
    lines.push(`the baselines themselves took ${pace.toFixed(2)} times as long in the second; that is the machine's`);
  }
  if (moves.length > 0) {
    const rows = moves.map(({ name, unit, baseline, before, after, better }) => [
      name,
      baseline === null ? unit : `× of ${baseline}`,
      formatNumber(before),
      formatNumber(after),
      better >= 1 ? `${better.toFixed(2)} × better` : `${(1 / better).toFixed(2)} × worse`,
    ]);
    lines.push(...alignColumns([["", "unit", "before", "after", ""], ...rows]));
  }
  if (unmatched > 0) lines.push(`${unmatched} figures are in one of them alone`);
  return lines.join("\n");
}

function nameOf({ group, contender, metric }: Figure): string {
  return `${group}/${contender} (${metric})`;
}

function areApart(then: Spread, now: Spread, samples: number): boolean {
  if (samples < LEAST_SAMPLES) return false;
  const gap = Math.max(now.lowerQuartile - then.upperQuartile, then.lowerQuartile - now.upperQuartile);
  const width = Math.max(now.upperQuartile - now.lowerQuartile, then.upperQuartile - then.lowerQuartile);
  const least = Math.max(1, CERTAIN_SAMPLES / samples) * width;
  return gap > least && Math.abs(now.median - then.median) >= LEAST_CHANGE * Math.min(now.median, then.median);
}

function differencesOf(before: Report, after: Report): string[] {
  const pairs: readonly (readonly [what: string, before: unknown, after: unknown])[] = [
    ...(["cpu", "cpus", "kernel", "bun", "node", "ws", "undici"] as const).map(
      (what) => [what, before.machine[what], after.machine[what]] as const,
    ),
    ...(["quick", "serverCpu", "clientCpu", "messages"] as const).map(
      (what) => [what, before.options[what], after.options[what]] as const,
    ),
  ];
  return pairs.filter(([, a, b]) => a !== b).map(([what, a, b]) => `${what} is ${a} in one and ${b} in the other`);
}

const LEAST_SAMPLES = 3;
/** From so many samples on the middle halves tell the noise, and a gap as wide as one of them will do; of fewer it takes as much more. */
const CERTAIN_SAMPLES = 12;
/** Less than this is neither here nor there, however steady it looks. */
const LEAST_CHANGE = 0.05;
