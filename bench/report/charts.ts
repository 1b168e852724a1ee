import { baselineOf, ratiosToBaseline } from "../baselines.ts";
import type { Figure } from "../result.ts";
import { spread } from "../statistics.ts";
import { type IntervalRow, intervalChart } from "./interval-chart.ts";
import { type LinePoint, lineChart } from "./line-chart.ts";
import { plainTitleOf, sideOf } from "./names.ts";
import { groupsOf } from "./tables.ts";
import { drawSvg } from "./vega.mjs";

/** All charts that the figures suffice for, by name: SVG documents. */
export async function drawCharts(figures: readonly Figure[]): Promise<ReadonlyMap<string, string>> {
  const charts = new Map<string, string>();
  for (const [name, specify] of Object.entries(CHARTS)) {
    const spec = specify(figures);
    if (spec !== null) charts.set(name, await drawSvg(spec));
  }
  return charts;
}

/** Rows of a chart of ratios: each contender as a multiple of its case's limit, round by round. */
export function ratioRows(
  figures: readonly Figure[],
  groups: readonly string[],
  metric: Figure["metric"],
): IntervalRow[] {
  return figures.flatMap((one) => {
    if (!groups.includes(one.group) || one.metric !== metric || one.contender === baselineOf(one.group)) return [];
    const ratios = ratiosToBaseline(figures, one);
    if (ratios.length === 0) return [];
    const { median, min, max } = spread(ratios);
    return [{ ...nameOf(one), value: median, low: min, high: max, from: median, to: median, mark: median }];
  });
}

/** Rows of a chart of latency: from the least percentile to the greatest, a point at the median and a mark at the 99th. */
export function latencyRows(figures: readonly Figure[], groups: readonly string[]): IntervalRow[] {
  return figures.flatMap((one) => {
    if (!groups.includes(one.group) || one.metric !== "p50 µs") return [];
    const at = (metric: Figure["metric"]): Figure =>
      figures.find(
        (other) => other.group === one.group && other.contender === one.contender && other.metric === metric,
      ) ?? one;
    const { median, min, max } = one;
    const [from, mark, to] = [at("p10 µs").median, at("p99 µs").median, at("p99.9 µs").median];
    return [{ ...nameOf(one), value: median, low: min, high: max, from, to, mark }];
  });
}

/** Points of a chart of a series, whose cases end in a number. */
export function linePoints(figures: readonly Figure[], prefix: string, metric: Figure["metric"]): LinePoint[] {
  return figures
    .filter(({ group, metric: of }) => group.startsWith(prefix) && of === metric)
    .map(({ group, contender, median, min, max }) => {
      const line = plainTitleOf(contender, group);
      return {
        line,
        side: sideOf(contender),
        x: Number(group.slice(prefix.length)),
        value: median,
        low: min,
        high: max,
      };
    });
}

type Spec = Readonly<Record<string, unknown>>;

function ratios(title: string, prefix: string, metric: Figure["metric"]): (figures: readonly Figure[]) => Spec | null {
  return (figures) => {
    const rows = ratioRows(figures, groupsOf(figures, prefix), metric);
    return rows.length === 0
      ? null
      : intervalChart(title, `${metric}; ${SPREAD}; left is better`, "× of the limit", rows);
  };
}

function latencies(title: string, prefix: string): (figures: readonly Figure[]) => Spec | null {
  return (figures) => {
    const rows = latencyRows(figures, groupsOf(figures, prefix));
    const subtitle = `point: p50, thick bar: its spread over the rounds, thin line: to p99.9, mark: p99; left is better`;
    return rows.length === 0 ? null : intervalChart(title, subtitle, "µs", rows);
  };
}

function series(title: string, prefix: string, xTitle: string): (figures: readonly Figure[]) => Spec | null {
  return (figures) => {
    const points = linePoints(figures, prefix, "ns/message");
    return points.length === 0 ? null : lineChart(title, `${SPREAD}; lower is better`, xTitle, "ns a message", points);
  };
}

function nameOf({ group, contender }: Figure): Pick<IntervalRow, "panel" | "label" | "side"> {
  return { panel: group, label: plainTitleOf(contender, group), side: sideOf(contender) };
}

const SPREAD = "median over the rounds, bars from the least to the greatest";
const CHARTS: Readonly<Record<string, (figures: readonly Figure[]) => Spec | null>> = {
  receive: ratios("Receiving, as a multiple of a bare socket", "receive/", "ns/message"),
  json: ratios("Messages of JSON parsed, as a multiple of a bare socket", "json/", "ns/message"),
  echo: latencies("Echo round trips of 40 bytes", "echo/"),
  http: latencies("Requests on one kept connection", "http/"),
  size: series("By size of message", "series/size/", "bytes of payload"),
  connections: series("By number of connections", "series/connections/", "connections of one process"),
  count: series("By number of messages", "series/count/", "messages of 40 bytes"),
};
