import type { Report } from "./report.ts";
import type { Figure } from "./result.ts";
import { alignColumns, formatNumber } from "./table.ts";

/** Two results side by side. */
export interface Comparison {
  /** What makes them less comparable: another machine, another engine, other pins. */
  readonly differences: readonly string[];
  /** Figures that both have. */
  readonly compared: number;
  /** Those that moved beyond the noise, the largest move first. */
  readonly moves: readonly Move[];
  /** How many figures only one of them has. */
  readonly unmatched: number;
}

/** A figure that moved. */
export interface Move {
  readonly name: string;
  readonly unit: Figure["metric"];
  readonly before: number;
  readonly after: number;
  /** How many times better it is now; below 1 it is worse. */
  readonly better: number;
}

/**
 * A figure has moved where the middle halves of its samples do not touch: half of one run lies wholly beside half of the other. With fewer than
 * three samples nothing is known of the noise, and nothing moves.
 */
export function compareReports(before: Report, after: Report): Comparison {
  const known = new Map(before.figures.map((one) => [nameOf(one), one]));
  const moves: Move[] = [];
  let unmatched = 0;
  let compared = 0;
  for (const now of after.figures) {
    const name = nameOf(now);
    const then = known.get(name);
    known.delete(name);
    if (then === undefined) {
      unmatched++;
      continue;
    }
    compared++;
    if (hasMoved(then, now)) {
      const faster = MORE_IS_BETTER.has(now.metric) ? now.median / then.median : then.median / now.median;
      moves.push({ name, unit: now.metric, before: then.median, after: now.median, better: faster });
    }
  }
  moves.sort((a, b) => Math.abs(Math.log(b.better)) - Math.abs(Math.log(a.better)));
  return { differences: differencesOf(before, after), compared, moves, unmatched: unmatched + known.size };
}

export function formatMoves({ differences, compared, moves, unmatched }: Comparison): string {
  const lines = differences.map((difference) => `not alike: ${difference}`);
  lines.push(`${compared} figures compared, ${moves.length} moved beyond the noise`);
  if (moves.length > 0) {
    const rows = moves.map(({ name, unit, before, after, better }) => [
      name,
      unit,
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

function hasMoved(then: Figure, now: Figure): boolean {
  if (then.samples.length < LEAST_SAMPLES || now.samples.length < LEAST_SAMPLES) return false;
  return now.lowerQuartile > then.upperQuartile || now.upperQuartile < then.lowerQuartile;
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

const MORE_IS_BETTER: ReadonlySet<Figure["metric"]> = new Set(["requests/s"]);
const LEAST_SAMPLES = 3;
