import { grouped, latencyText, problemsText } from "../market-data/format.ts";
import type { Paint } from "../market-data/paint.ts";
import type { Reconciliation } from "./outcome.ts";
import type { OrderRun } from "./run.ts";

/** How often the connection was opened, and orders sent again. */
export interface ConnectionCounts {
  readonly connects: number;
  readonly resends: number;
}

/** What the whole run showed. */
export function summaryLines(
  run: OrderRun,
  { logged, unknownPlaced, unknownNotPlaced, problems }: Reconciliation,
  { connects, resends }: ConnectionCounts,
  { bold, green, red }: Paint,
): string[] {
  const { outcomes, duration, roundTrip, sinceDue } = run;
  const counts = (["acknowledged", "rejected", "unknown"] as const).map(
    (kind) => `${grouped(run.count(kind))} ${kind}`,
  );
  const rate = (outcomes.size * 1_000) / duration;
  const lines = [
    bold(`Summary after ${(duration / 1_000).toFixed(1)} s`),
    `  orders      ${grouped(outcomes.size)}, ${grouped(rate)} a second: ${counts.join(", ")}`,
    ...reasons(run),
    `  round trip  ${latencyText(roundTrip, ", ")}`,
    `  since due   ${latencyText(sinceDue, ", ")}`,
    `  connection  opened ${times(connects)}; ${grouped(resends)} orders sent again, nothing of them having left`,
  ];
  if (run.count("unknown") > 0) {
    lines.push(
      `  unknown     ${grouped(unknownPlaced)} were placed, ${grouped(unknownNotPlaced)} were not, says the log`,
    );
  }
  const found = run.outcomes.values().filter((outcome) => outcome.kind === "unknown" && outcome.found !== undefined);
  const lookedUp = found.toArray().length;
  if (lookedUp > 0) lines.push(`  looked up   ${grouped(lookedUp)} by their names, none sent again`);
  lines.push(`  log         ${grouped(logged)} of these orders are in the exchange's own`);
  if (problems.length === 0) lines.push(`  verdict     ${green("no order lost, none doubled")}`);
  else
    lines.push(`  verdict     ${red(problemsText(problems.length))}`, ...problems.slice(0, MOST_LISTED).map(indented));
  if (problems.length > MOST_LISTED) lines.push(`    and ${grouped(problems.length - MOST_LISTED)} more`);
  return lines;
}

/** Why orders were not acknowledged, and how many, a line each. */
function reasons({ outcomes }: OrderRun): string[] {
  const counts = new Map<string, number>();
  for (const outcome of outcomes.values()) {
    if (outcome.kind === "acknowledged") continue;
    const why = `${outcome.kind}: ${outcome.why}`;
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return [...counts].map(([why, count]) => `    ${grouped(count)} × ${why}`);
}

function times(count: number): string {
  return count === 1 ? "once" : `${grouped(count)} times`;
}

function indented(text: string): string {
  return `    ${text}`;
}

const MOST_LISTED = 10;
