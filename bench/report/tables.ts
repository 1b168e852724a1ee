import { baselineOf, ratiosToBaseline } from "../baselines.ts";
import type { Figure } from "../result.ts";
import { spread } from "../statistics.ts";
import { formatNumber } from "../table.ts";
import { titleOf } from "./names.ts";

/** A column of a table: what of which case. */
export interface Column {
  readonly title: string;
  readonly group: string;
  readonly metric: Figure["metric"];
}

/** A table of contenders by cases or metrics; `turned` where the contenders are its columns. */
export interface TableLayout {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly turned: boolean;
}

/** The cases whose names begin so, in the order in which they were measured. */
export function groupsOf(figures: readonly Figure[], prefix: string): string[] {
  return [...new Set(figures.map(({ group }) => group).filter((group) => group.startsWith(prefix)))];
}

/** One table for each case, its metrics the columns. */
export function tablePerGroup(figures: readonly Figure[], prefix: string): TableLayout[] {
  return groupsOf(figures, prefix).map((group) => {
    const metrics = new Set(figures.filter((one) => one.group === group).map(({ metric }) => metric));
    const columns = [...metrics].map((metric) => ({ title: metric, group, metric }));
    return { caption: `\`${group}\``, columns, turned: false };
  });
}

/** One table for a metric, the cases its columns; none where nothing was measured. */
export function tableAcross(
  figures: readonly Figure[],
  prefix: string,
  metric: Figure["metric"],
  turned = false,
): TableLayout[] {
  const groups = groupsOf(
    figures.filter((one) => one.metric === metric),
    prefix,
  );
  if (groups.length === 0) return [];
  const columns = groups.map((group) => ({ title: group.slice(prefix.length), group, metric }));
  return [{ caption: `\`${prefix}…\`, ${metric}`, columns, turned }];
}

/** The table in Markdown, and below it which of its cells were not measured. */
export function formatLayout(figures: readonly Figure[], { caption, columns, turned }: TableLayout): string[] {
  const groups = columns.map(({ group }) => group);
  const contenders = [...new Set(figures.filter(({ group }) => groups.includes(group)).map((one) => one.contender))];
  const missing: string[] = [];
  const body = contenders.map((contender) =>
    columns.map((column) => {
      const one = find(figures, column, contender);
      if (one !== null) return cell(figures, one);
      missing.push(`${titleOf(contender, column.group)} at ${column.title}`);
      return "–";
    }),
  );
  const names = contenders.map((contender) => titleOf(contender, groups[0] ?? ""));
  const titles = columns.map(({ title }) => title);
  const rows = turned
    ? [["", ...names], ...titles.map((title, at) => [title, ...body.map((cells) => cells[at] ?? "")])]
    : [["", ...titles], ...body.map((cells, at) => [names[at] ?? "", ...cells])];
  const lines = [`${caption}:`, "", ...markdownTable(rows)];
  if (missing.length > 0) lines.push("", `Not measured: ${missing.join("; ")}.`);
  return lines;
}

/** The first row is the head; its first column is to the left, the others to the right. */
export function markdownTable(rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(head.map((_, at) => (at === 0 ? "---" : "---:"))), ...body.map(line)];
}

/** `23.1 [22.0 to 35.2] 2.31 ×`: the median, the least and the greatest, and the median of the ratios to the case's baseline. */
export function cell(figures: readonly Figure[], one: Figure): string {
  const range = one.samples.length > 1 ? ` [${formatNumber(one.min)} to ${formatNumber(one.max)}]` : "";
  const base = baselineOf(one.group);
  const ratios = one.contender === base || base === "yardstick" ? [] : ratiosToBaseline(figures, one);
  const ratio = ratios.length > 0 ? `, ${spread(ratios).median.toFixed(2)} ×` : "";
  return `${formatNumber(one.median)}${range}${ratio}`;
}

function find(figures: readonly Figure[], { group, metric }: Column, contender: string): Figure | null {
  return figures.find((one) => one.group === group && one.metric === metric && one.contender === contender) ?? null;
}
