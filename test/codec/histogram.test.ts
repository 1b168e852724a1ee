import { describe, expect, test } from "bun:test";
import { Histogram } from "../../src/codec/histogram.ts";
import { below, seededRandom } from "../helpers/random.ts";

function holding(...values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

test("is empty at first, and after a reset", () => {
  const histogram = new Histogram();
  for (let turn = 0; turn < 2; turn++) {
    expect(histogram.count).toBe(0);
    expect([histogram.min, histogram.max, histogram.mean, histogram.percentile(50)]).toEqual([NaN, NaN, NaN, NaN]);
    expect(histogram.octaves()).toEqual(new Array(44).fill(0));
    expect(JSON.parse(JSON.stringify(histogram))).toEqual({
      count: 0,
      min: null,
      mean: null,
      p50: null,
      p90: null,
      p99: null,
      p999: null,
      max: null,
    });
    histogram.record(5);
    histogram.record(2 ** 40);
    histogram.reset();
  }
});

test("tells count, min, max and mean exactly", () => {
  const histogram = holding(1_000_003, 7, 12_345_678_901);
  expect(histogram.count).toBe(3);
  expect(histogram.min).toBe(7);
  expect(histogram.max).toBe(12_345_678_901);
  expect(histogram.mean).toBe((1_000_003 + 7 + 12_345_678_901) / 3);
});

test("up to 127 each value is itself", () => {
  for (let value = 0; value < 128; value++) expect(holding(0, value, 1000).percentile(50)).toBe(value);
});

describe("a percentile", () => {
  test("is the value that so many do not exceed, to within 1/64", () => {
    const random = seededRandom(1);
    for (let turn = 0; turn < 30; turn++) {
      const most = 2 ** (1 + below(random, 43)) - 1;
      const values = Array.from({ length: 1 + below(random, 500) }, () => Math.floor(random() * most));
      const histogram = holding(...values);
      values.sort((a, b) => a - b);
      for (const percent of [0, 1, 25, 50, 90, 99, 99.9, 100]) {
        const exact = values[Math.max(0, Math.ceil((percent / 100) * values.length) - 1)] ?? NaN;
        const told = histogram.percentile(percent);
        expect(told).toBeGreaterThanOrEqual(exact);
        expect(told).toBeLessThanOrEqual(exact + exact / 64);
      }
      expect(histogram.percentile(100)).toBe(values[values.length - 1] ?? NaN);
    }
  });

  test("never leaves what was counted", () => {
    const histogram = holding(1000, 1001);
    expect([0, 50, 100].map((percent) => histogram.percentile(percent))).toEqual([1001, 1001, 1001]);
    expect(holding(130).percentile(50)).toBe(130);
  });
});

test("each power of two begins a counter, and no value falls between two", () => {
  let last = 0;
  for (let exponent = 0; exponent < 43; exponent++) {
    const limit = 2 ** exponent;
    const octaves = holding(limit - 1, limit, limit * 1.5, limit * 2 - 1).octaves();
    expect(octaves.slice(exponent, exponent + 2)).toEqual([1, 3]);
    expect(octaves.reduce((sum, count) => sum + count)).toBe(4);
    for (const value of [limit, limit * 1.25, limit * 1.5, limit * 2 - 1].map(Math.floor)) {
      const told = holding(0, value, 2 ** 43).percentile(50);
      expect(told).toBeGreaterThanOrEqual(Math.max(value, last));
      last = told;
    }
  }
});

test("what is below 0 counts as 0, over 2^43 as that, NaN not at all", () => {
  const histogram = holding(-5, NaN, 1e300, Number.POSITIVE_INFINITY);
  expect(histogram.count).toBe(3);
  expect([histogram.min, histogram.max]).toEqual([0, 2 ** 43 - 1]);
  const octaves = histogram.octaves();
  expect([octaves[0], octaves[43]]).toEqual([1, 2]);
});

test("toJSON is a summary", () => {
  const histogram = holding(...Array.from({ length: 100 }, (_, index) => index + 1));
  expect(histogram.toJSON()).toEqual({
    count: 100,
    min: 1,
    mean: 50.5,
    p50: 50,
    p90: 90,
    p99: 99,
    p999: 100,
    max: 100,
  });
});
