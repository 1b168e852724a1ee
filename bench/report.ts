import { ratio } from "./baselines.ts";
import type { Machine } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import type { Figure } from "./result.ts";
import { alignColumns, formatNumber } from "./table.ts";
import { formatMeasured, type TargetResult } from "./targets.ts";

/** All that a run has to say, as it stands in the JSON file. */
export interface Report {
  readonly machine: Machine;
  readonly options: BenchOptions;
  readonly figures: readonly Figure[];
  readonly targets: readonly TargetResult[];
}

/** The report as tables for a terminal. */
export function formatReport(report: Report): string {
  const { machine, options, figures, targets } = report;
  const pins =
    options.clientCpu === null
      ? "not pinned"
      : `server on CPU ${options.serverCpu}, contenders on CPU ${options.clientCpu}`;
  const lines = [
    `nexus-async-net ${machine.commit}, ${machine.date}`,
    `${machine.cpu}, ${machine.cpus} CPUs, ${machine.memory}, ${machine.kernel}`,
    `bun ${machine.bun}, node ${machine.node}, ws ${machine.ws}, undici ${machine.undici}, generic-pool ${machine.genericPool}; ${pins}`,
    `medians of ${options.rounds} rounds (memory: at most 3) [least to greatest]; contenders took turns, each in a process of its own`,
    ...(options.quick ? ["a quick run: its figures are not a result"] : []),
  ];
  for (const group of new Set(figures.map((one) => one.group))) {
    const rows = figures.filter((one) => one.group === group);
    lines.push("", group, ...alignColumns([header(group), ...rows.map((one) => row(figures, one))]));
  }
  if (targets.length > 0) {
    lines.push("", "targets", ...alignColumns([["", "asked for", "measured", ""], ...targets.map(targetRow)]));
  }
  return lines.join("\n");
}

function header(group: string): string[] {
  const rival = rivalOf(group);
  const base = baseOf(group);
  const compared = rival === null ? [] : [rival.title];
  return ["", "unit", "median", "spread", "count", ...(base === null ? [] : [base.title]), ...compared];
}

function row(figures: readonly Figure[], one: Figure): string[] {
  return [
    one.contender,
    one.metric,
    formatNumber(one.median),
    `[${formatNumber(one.min)} to ${formatNumber(one.max)}]`,
    String(one.count),
    ...ratios(figures, one),
  ];
}

/** How often the figure of the case's first contender it is, and how many times better than what Bun has. */
function ratios(figures: readonly Figure[], { group, contender, metric }: Figure): string[] {
  const base = baseOf(group);
  if (base === null) return [];
  const ofFirst = ratio(figures, group, contender, base.contender, metric);
  const first = ofFirst === null ? "" : `${ofFirst.toFixed(2)} ×`;
  const rival = rivalOf(group);
  if (rival === null) return [first];
  const [dividend, divisor] = metric === "requests/s" ? [contender, rival.contender] : [rival.contender, contender];
  const better = ratio(figures, group, dividend, divisor, metric);
  return [first, better === null ? "" : `${better.toFixed(1)} ×`];
}

/** What the others of a case are measured against; null where they are not compared. */
function baseOf(group: string): { readonly contender: string; readonly title: string } | null {
  if (group.startsWith("pool/acquire")) return { contender: "array", title: "of the array" };
  if (group === "pool/hand-over") return { contender: "message", title: "of a message" };
  if (group.startsWith("deflate/")) return { contender: "ws-on-node", title: "of ws on Node" };
  if (group.startsWith("pool/requests/")) return { contender: "connection", title: "of the connection" };
  return rivalOf(group) === null ? null : { contender: "limit", title: "of the limit" };
}

/** What Bun itself has for a case: its contender, and how a column names it; null where it has nothing. */
function rivalOf(group: string): { readonly contender: string; readonly title: string } | null {
  if (group.startsWith("accept/") || group.startsWith("deflate/server/"))
    return { contender: "bun-serve", title: "better than Bun.serve" };
  if (group.startsWith("http/")) return { contender: "fetch", title: "better than Bun's fetch" };
  const compared = ["receive/", "json/", "series/", "echo/", "deflate/client/"].some((kind) => group.startsWith(kind));
  return compared ? { contender: "bun-websocket", title: "better than Bun's WebSocket" } : null;
}

function targetRow(target: TargetResult): string[] {
  const { name, bound, met } = target;
  return [
    name,
    `${bound.least ? "≥" : "≤"} ${bound.value} ${target.unit}`,
    formatMeasured(target),
    met ? "ok" : "short",
  ];
}
