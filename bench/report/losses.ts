import { MORE_IS_BETTER } from "../baselines.ts";
import type { Figure } from "../result.ts";
import { formatNumber } from "../table.ts";
import type { TargetResult } from "../targets.ts";
import { sideOf, titleOf } from "./names.ts";

/** A figure of somebody else's that is better than one of ours. */
export interface Loss {
  readonly group: string;
  readonly metric: Figure["metric"];
  readonly ours: Figure;
  readonly rival: Figure;
  /** Their samples overlap, or one of them has fewer than three: it may be noise. */
  readonly unsure: boolean;
}

/** Every pair of one case and metric in which a contender that is not ours has the better median. Limits are no contenders. */
export function lossesOf(figures: readonly Figure[]): Loss[] {
  const losses: Loss[] = [];
  for (const ours of figures.filter(({ contender }) => sideOf(contender) === "ours")) {
    for (const rival of figures) {
      const { group, metric } = ours;
      if (rival.group !== group || rival.metric !== metric || sideOf(rival.contender) !== "rival") continue;
      if (!isLike(ours.contender, rival.contender)) continue;
      const ahead = MORE_IS_BETTER.has(metric) ? rival.median > ours.median : rival.median < ours.median;
      if (!ahead) continue;
      const overlap = rival.min <= ours.max && ours.min <= rival.max;
      const few = Math.min(ours.samples.length, rival.samples.length) < LEAST_SAMPLES;
      losses.push({ group, metric, ours, rival, unsure: overlap || few });
    }
  }
  return losses;
}

/** Lines of a list, one for each loss and each missed target; it says so where there is none. */
export function lossLines(losses: readonly Loss[], targets: readonly TargetResult[]): string[] {
  const ahead = losses.map(({ group, metric, ours, rival, unsure }) => {
    const numbers = `${formatNumber(rival.median)} against our ${formatNumber(ours.median)} ${metric}`;
    const doubt = unsure ? " (noise not excluded)" : "";
    return `- \`${group}\`: ${titleOf(rival.contender, group)} is ahead of ${titleOf(ours.contender, group)}, ${numbers}${doubt}`;
  });
  const missed = targets
    .filter(({ met }) => !met)
    .map(({ name, bound, measured, median, unit }) => {
      const asked = `${bound.least ? "at least" : "at most"} ${bound.value} ${unit}`;
      const beside = median === null ? "" : ` (median ${formatNumber(median)})`;
      return `- target missed: ${name}: ${formatNumber(measured)}${beside} where ${asked} was asked for`;
    });
  const lines = [...ahead, ...missed];
  return lines.length === 0 ? ["- nowhere in this run"] : lines;
}

/** Contenders that compress are compared level by level. */
function isLike(one: string, other: string): boolean {
  return /level \d/.exec(one)?.[0] === /level \d/.exec(other)?.[0];
}

const LEAST_SAMPLES = 3;
