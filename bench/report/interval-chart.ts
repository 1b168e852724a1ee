import { COLOURS, FONT } from "./colours.ts";
import type { Side } from "./names.ts";
import { decadeTicks } from "./ticks.ts";

/** A row of a chart: a point with an error bar, and behind it how far a distribution goes. */
export interface IntervalRow {
  /** Rows of one panel share an axis of their own, with its name above. */
  readonly panel: string;
  readonly label: string;
  readonly side: Side;
  readonly value: number;
  /** Ends of the error bar: the least and the greatest over all rounds. */
  readonly low: number;
  readonly high: number;
  /** Ends of the thin line behind, and the mark on it; all three the value itself where there is no distribution. */
  readonly from: number;
  readonly to: number;
  readonly mark: number;
}

/** Panels below one another, in each a row for a contender: points with error bars on a logarithmic scale. */
export function intervalChart(
  title: string,
  subtitle: string,
  unit: string,
  rows: readonly IntervalRow[],
): Readonly<Record<string, unknown>> {
  const height = ROW_HEIGHT * mostRows(rows);
  return {
    background: "white",
    padding: 12,
    title: {
      text: title,
      subtitle,
      anchor: "start",
      font: FONT,
      subtitleFont: FONT,
      subtitleColor: "#555",
      offset: 14,
    },
    config: { axis: { labelFont: FONT, titleFont: FONT, labelFontSize: 11, titleFontSize: 11 }, title: { font: FONT } },
    data: [{ name: "rows", values: rows }],
    layout: { columns: COLUMNS, padding: { row: 26, column: 24 }, bounds: "full", align: "each" },
    scales: [
      { name: "x", type: "log", range: [0, PANEL_WIDTH], nice: false, domain: domainOf(rows) },
      { name: "colour", type: "ordinal", domain: Object.keys(COLOURS), range: Object.values(COLOURS) },
    ],
    marks: [
      {
        type: "group",
        from: { facet: { name: "panel", data: "rows", groupby: "panel" } },
        title: {
          text: { signal: "parent.panel" },
          anchor: "start",
          fontSize: 12,
          font: FONT,
          frame: "group",
          offset: 6,
        },
        encode: { update: { width: { value: PANEL_WIDTH }, height: { value: height } } },
        scales: [{ name: "y", type: "band", domain: { data: "panel", field: "label" }, range: [0, height] }],
        axes: [
          { orient: "left", scale: "y", ticks: false, domain: false, labelPadding: 8, labelLimit: 220 },
          {
            orient: "bottom",
            scale: "x",
            title: unit,
            grid: true,
            gridScale: "y",
            gridColor: "#e4e4e4",
            tickCount: 5,
            format: "~r",
            labelOverlap: "greedy",
            values: decadeTicks(...domainOf(rows)),
          },
        ],
        marks: [
          span("distribution", "from", "to", 1, 0.5),
          span("error-bar", "low", "high", 5, 0.35),
          {
            type: "symbol",
            name: "tail",
            from: { data: "panel" },
            encode: {
              update: {
                ...place("mark"),
                shape: { value: "stroke" },
                angle: { value: 90 },
                size: { value: 90 },
                stroke: COLOUR,
                strokeWidth: { value: 1.5 },
                opacity: { signal: "datum.mark == datum.value ? 0 : 1" },
              },
            },
          },
          {
            type: "symbol",
            name: "median",
            from: { data: "panel" },
            encode: {
              update: { ...place("value"), size: { value: 48 }, fill: COLOUR, tooltip: { signal: "datum.label" } },
            },
          },
        ],
      },
    ],
  };
}

function span(
  name: string,
  from: string,
  to: string,
  width: number,
  opacity: number,
): Readonly<Record<string, unknown>> {
  return {
    type: "rule",
    name,
    from: { data: "panel" },
    encode: {
      update: {
        ...place(from),
        x2: { scale: "x", field: to },
        stroke: COLOUR,
        strokeWidth: { value: width },
        opacity: { value: opacity },
      },
    },
  };
}

function place(field: string): Readonly<Record<string, unknown>> {
  return { x: { scale: "x", field }, y: { scale: "y", field: "label", band: 0.5 } };
}

/** In the panel that has the most: all are as high, so that they stand in a grid. */
function mostRows(rows: readonly IntervalRow[]): number {
  const counts = new Map<string, number>();
  for (const { panel } of rows) counts.set(panel, (counts.get(panel) ?? 0) + 1);
  return Math.max(1, ...counts.values());
}

/** From the least to the greatest of all that is drawn, with a little room. */
function domainOf(rows: readonly IntervalRow[]): [number, number] {
  const all = rows.flatMap(({ low, high, from, to }) => [low, high, from, to]).filter((value) => value > 0);
  return [Math.min(...all) * 0.92, Math.max(...all) * 1.08];
}

const COLUMNS = 2;
const PANEL_WIDTH = 300;
const ROW_HEIGHT = 22;
const COLOUR = { scale: "colour", field: "side" };
