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
  /** Those that may have, the same way; noise alone would bring up {@link byChance} of such. */
  readonly suspects: readonly Move[];
  readonly byChance: number;
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
 * A figure has moved where the middle halves of its samples lie apart, by so many times the wider of them as {@link GAPS} says for the number of
 * samples and of figures, and its median by {@link LEAST_CHANGE}: of two runs of the same code, with normal noise, nineteen in twenty name none at all.
 * The more figures are compared, the more would stand out by chance, so the farther apart they must be. A figure that stands out by
 * itself, but not among so many, is a suspect. With fewer than three samples nothing is known of the noise, and nothing moves.
 */
export function compareReports(before: Report, after: Report): Comparison {
  const known = new Map(before.figures.map((one) => [nameOf(one), one]));
  const candidates: Candidate[] = [];
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
    if (Math.abs(b.median - a.median) < LEAST_CHANGE * Math.min(a.median, b.median)) continue;
    const better = MORE_IS_BETTER.has(now.metric) ? b.median / a.median : a.median / b.median;
    const samples = Math.min(then.samples.length, now.samples.length);
    const move = {
      name,
      unit: now.metric,
      baseline: relative ? baseline : null,
      before: a.median,
      after: b.median,
      better,
    };
    candidates.push({ move, samples, gap: gapOf(a, b) });
  }
  candidates.sort((a, b) => Math.abs(Math.log(b.move.better)) - Math.abs(Math.log(a.move.better)));
  const beyond = (share: number): Move[] =>
    candidates.filter(({ samples, gap }) => gap > gapNeeded(samples, share)).map(({ move }) => move);
  const moves = beyond(MISTAKEN / compared);
  const suspects = beyond(SUSPICIOUS).filter((move) => !moves.includes(move));
  const byChance = compared * SUSPICIOUS;
  const pace = Math.exp(paces.reduce((sum, one) => sum + one, 0) / paces.length);
  const differences = differencesOf(before, after);
  return { differences, compared, byRatio, moves, suspects, byChance, unmatched: unmatched + known.size, pace };
}

export function formatMoves(comparison: Comparison): string {
  const { differences, compared, byRatio, moves, suspects, byChance, unmatched, pace } = comparison;
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
  lines.push(...tableOf(moves));
  if (suspects.length > 0) {
    lines.push(
      `${suspects.length} stand out beside them, where noise alone would make about ${formatNumber(byChance)}: measure them again, with more rounds`,
    );
    lines.push(...tableOf(suspects));
  }
  if (unmatched > 0) lines.push(`${unmatched} figures are in one of them alone`);
  return lines.join("\n");
}

function tableOf(moves: readonly Move[]): string[] {
  if (moves.length === 0) return [];
  const rows = moves.map(({ name, unit, baseline, before, after, better }) => [
    name,
    baseline === null ? unit : `× of ${baseline}`,
    formatNumber(before),
    formatNumber(after),
    better >= 1 ? `${better.toFixed(2)} × better` : `${(1 / better).toFixed(2)} × worse`,
  ]);
  return alignColumns([["", "unit", "before", "after", ""], ...rows]);
}

function nameOf({ group, contender, metric }: Figure): string {
  return `${group}/${contender} (${metric})`;
}

/** How far the middle halves lie apart, in widths of the wider one; negative where they overlap. */
function gapOf(then: Spread, now: Spread): number {
  const gap = Math.max(now.lowerQuartile - then.upperQuartile, then.lowerQuartile - now.upperQuartile);
  const width = Math.max(now.upperQuartile - now.lowerQuartile, then.upperQuartile - then.lowerQuartile);
  return gap / width;
}

/** The gap that noise alone exceeds in at most this share of figures. */
function gapNeeded(samples: number, share: number): number {
  const row = GAPS[Math.min(samples, GAPS.length - 1)];
  const column = SHARES.findIndex((one) => one <= share);
  return row?.[column < 0 ? SHARES.length - 1 : column] ?? Number.POSITIVE_INFINITY;
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

/** A figure that may have moved. */
interface Candidate {
  readonly move: Move;
  readonly samples: number;
  /** See {@link gapOf}. */
  readonly gap: number;
}

/** The share of comparisons that name anything where nothing has changed. */
const MISTAKEN = 1 / 20;
/** The share of figures that are suspects then. */
const SUSPICIOUS = 1 / 1_000;
const SHARES = [1e-2, 1e-3, 1e-4, 2e-5] as const;
/**
 * By the number of samples: the gap that noise alone exceeds in each of {@link SHARES}, the greater of those for normal and for lognormal
 * noise, simulated five million times each; never below 1. It does not fall steadily: of 5 samples, as of 9, a middle half ends at samples, of
 * 4 between them.
 */
const GAPS: readonly (readonly number[])[] = [
  [],
  [],
  [],
  [2.5, 5.5, 11.7, 19.1],
  [1.7, 3.3, 5.5, 7.5],
  [1.8, 4.3, 9.3, 14.9],
  [1, 2.1, 4, 6],
  [1, 1.4, 2.5, 3.4],
  [1, 1.2, 2, 2.6],
  [1, 1.2, 2.1, 3],
  [1, 1, 1.5, 2],
  [1, 1, 1.2, 1.6],
  [1, 1, 1, 1.3],
];
/** Less than this is neither here nor there, however steady it looks. */
const LEAST_CHANGE = 0.05;
