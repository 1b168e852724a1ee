import { expect, test } from "bun:test";
import { LatencyHistogram } from "../../../examples/market-data/latency.ts";

test("percentiles are those of the sorted samples, to within a thirty-second", () => {
  const histogram = new LatencyHistogram();
  const samples: number[] = [];
  for (let value = 1; value < 5_000_000; value = Math.ceil(value * 1.01)) {
    samples.push(value);
    histogram.add(value);
  }
  for (const percent of [1, 25, 50, 90, 99, 99.9, 100]) {
    const exact = samples[Math.ceil((percent / 100) * samples.length) - 1] ?? Number.NaN;
    const told = histogram.percentile(percent);
    expect(told).toBeGreaterThanOrEqual(exact);
    expect(told).toBeLessThanOrEqual(exact * (1 + 1 / 32));
  }
  expect([histogram.count, histogram.max]).toEqual([samples.length, samples.at(-1) ?? 0]);
});

test("small values are exact", () => {
  const histogram = new LatencyHistogram();
  for (const value of [3, 1, 2, 31, 33]) histogram.add(value);
  expect([20, 40, 60, 80, 100].map((percent) => histogram.percentile(percent))).toEqual([1, 2, 3, 31, 33]);
});

test("no sample has no percentile; clocks that disagree count as nothing; an hour is no latency", () => {
  const histogram = new LatencyHistogram();
  expect(histogram.percentile(50)).toBeNaN();
  histogram.add(-5);
  expect(histogram.percentile(100)).toBe(0);
  histogram.add(3.6e9);
  expect(histogram.max).toBe(2 ** 30 - 1);
  expect(histogram.percentile(100)).toBe(2 ** 30 - 1);
});
