import { expect, test } from "bun:test";
import { WaitHistogram } from "../../src/pool/pool-stats.ts";

/** The buckets that are not empty. */
function filled(histogram: WaitHistogram): Record<number, number> {
  return Object.fromEntries(
    histogram.counts.map((count, bucket) => [bucket, count]).filter(([, count]) => count !== 0),
  );
}

test.each([
  [0, 0],
  [0.0009, 0],
  [0.001, 1],
  [0.0019, 1],
  [0.002, 2],
  [0.003, 2],
  [0.004, 3],
  [1, 10],
  [1.024, 11],
  [1_000, 20],
  [3_600_000, 31],
  [Number.MAX_SAFE_INTEGER, 31],
])("%d ms is counted in bucket %i", (milliseconds, bucket) => {
  const histogram = new WaitHistogram();
  histogram.record(milliseconds);
  expect(filled(histogram)).toEqual({ [bucket]: 1 });
});

test("bucket n holds what took less than 2^n µs, and not less than half of that", () => {
  for (let bucket = 1; bucket < 31; bucket++) {
    const histogram = new WaitHistogram();
    histogram.record(2 ** (bucket - 1) / 1000);
    histogram.record((2 ** bucket - 1) / 1000);
    expect(filled(histogram)).toEqual({ [bucket]: 2 });
  }
});

test("counts is a copy of 32 numbers", () => {
  const histogram = new WaitHistogram();
  const before = histogram.counts;
  histogram.record(0);
  expect(before).toEqual(new Array(32).fill(0));
  expect(histogram.counts[0]).toBe(1);
});
