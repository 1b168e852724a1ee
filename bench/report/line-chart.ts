import { COLOURS, FONT } from "./colours.ts";
import type { Side } from "./names.ts";
import { decadeTicks } from "./ticks.ts";

/** A point of a line, with an error bar: the least and the greatest over all rounds. */
export interface LinePoint {
  readonly line: string;
  readonly side: Side;
  readonly x: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A line for each contender over a logarithmic scale, its name at its end. */
export function lineChart(
  title: string,
  subtitle: string,
  xTitle: string,
  yTitle: string,
  points: readonly LinePoint[],
): Readonly<Record<string, unknown>> {
  const lasts = [...new Set(points.map(({ line }) => line))].map((line) => points.findLast((one) => one.line === line));
  const least = Math.min(...points.map(({ low }) => low)) * 0.9;
  const most = Math.max(...points.map(({ high }) => high)) * 1.1;
  const ticks = decadeTicks(least, most);
  const values = [...new Set(points.map(({ x }) => x))];
  return {
    background: "white",
    padding: 12,
    width: 520,
    height: 280,
    title: {
      text: title,
      subtitle,
      anchor: "start",
      font: FONT,
      subtitleFont: FONT,
      subtitleColor: "#555",
      offset: 14,
    },
    config: { axis: { labelFont: FONT, titleFont: FONT, labelFontSize: 11, titleFontSize: 11 } },
    data: [
      { name: "points", values: points },
      { name: "lasts", values: lasts },
    ],
    scales: [
      { name: "x", type: "log", range: "width", domain: { data: "points", field: "x" } },
      { name: "y", type: "log", range: "height", domain: [least, most] },
      { name: "colour", type: "ordinal", domain: Object.keys(COLOURS), range: Object.values(COLOURS) },
    ],
    axes: [
      {
        orient: "bottom",
        scale: "x",
        title: xTitle,
        values,
        format: ",",
        labelAngle: values.length > 6 ? -35 : 0,
        labelAlign: values.length > 6 ? "right" : "center",
      },
      { orient: "left", scale: "y", title: yTitle, grid: true, gridColor: "#e4e4e4", values: ticks, format: "~s" },
    ],
    marks: [
      {
        type: "group",
        from: { facet: { name: "of-line", data: "points", groupby: "line" } },
        marks: [
          {
            type: "line",
            from: { data: "of-line" },
            encode: { update: { ...place("value"), stroke: COLOUR, strokeWidth: { value: 2 } } },
          },
        ],
      },
      {
        type: "rule",
        name: "error-bar",
        from: { data: "points" },
        encode: {
          update: {
            ...place("low"),
            y2: { scale: "y", field: "high" },
            stroke: COLOUR,
            strokeWidth: { value: 5 },
            opacity: { value: 0.35 },
          },
        },
      },
      {
        type: "symbol",
        name: "median",
        from: { data: "points" },
        encode: { update: { ...place("value"), size: { value: 40 }, fill: COLOUR } },
      },
      {
        type: "text",
        from: { data: "lasts" },
        encode: {
          update: {
            ...place("value"),
            dx: { value: 9 },
            baseline: { value: "middle" },
            text: { field: "line" },
            fill: COLOUR,
            font: { value: FONT },
            fontSize: { value: 11 },
          },
        },
      },
    ],
  };
}

function place(field: string): Readonly<Record<string, unknown>> {
  return { x: { scale: "x", field: "x" }, y: { scale: "y", field } };
}

const COLOUR = { scale: "colour", field: "side" };
