import type { Machine } from "./machine.ts";
import type { BenchOptions } from "./options.ts";
import { type Figure, median } from "./result.ts";
import type { TargetResult } from "./targets.ts";

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
    `bun ${machine.bun}, node ${machine.node}, ws ${machine.ws}, undici ${machine.undici}; ${pins}`,
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
  const native = NATIVE.find(([prefix]) => group.startsWith(prefix));
  const compared = native === undefined ? [] : ["of the limit", `${native[2]} / it`];
  return ["", "unit", "median", "spread", "count", ...compared];
}

function row(figures: readonly Figure[], one: Figure): string[] {
  const limit = median(figures, one.group, "limit", one.metric);
  const rival = NATIVE.find(([prefix]) => one.group.startsWith(prefix))?.[1] ?? null;
  const native = rival === null ? null : median(figures, one.group, rival, one.metric);
  return [
    one.contender,
    one.metric,
    formatNumber(one.median),
    `[${formatNumber(one.min)} to ${formatNumber(one.max)}]`,
    String(one.count),
    limit === null ? "" : `${(one.median / limit).toFixed(2)} ×`,
    native === null ? "" : `${(native / one.median).toFixed(1)} ×`,
  ];
}

function targetRow(target: TargetResult): string[] {
  const { name, bound, measured, met } = target;
  return [
    name,
    `${bound.least ? "≥" : "≤"} ${bound.value} ${target.unit}`,
    `${formatNumber(measured)} ${target.unit}`,
    met ? "ok" : "short",
  ];
}

/** What Bun itself has for the groups of that prefix: its contender and what the column is called. */
const NATIVE = [
  ["receive/", "bun-websocket", "Bun's WebSocket"],
  ["echo/", "bun-websocket", "Bun's WebSocket"],
  ["http/", "fetch", "Bun's fetch"],
] as const;

/** Three significant digits for what is small, whole numbers for what is not. */
function formatNumber(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** The first column to the left, the others to the right. */
function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const cells of rows) {
    for (const [column, cell] of cells.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows.map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
