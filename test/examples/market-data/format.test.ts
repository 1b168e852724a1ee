import { expect, test } from "bun:test";
import {
  decimalsOf,
  durationText,
  grouped,
  latencyText,
  priceText,
  problemsText,
  sizeText,
} from "../../../examples/market-data/format.ts";
import { LatencyHistogram } from "../../../examples/market-data/latency.ts";

test("counts are grouped by thousands", () => {
  expect([0, 999, 1_000, 1_234_567.8].map(grouped)).toEqual(["0", "999", "1,000", "1,234,568"]);
});

test("prices keep the decimals asked for, and lose none to floating point", () => {
  expect(priceText("67125.10000000", 2)).toBe("67,125.10");
  expect(priceText("0.52480", 5)).toBe("0.52480");
  expect(priceText("1234567", 0)).toBe("1,234,567");
  expect(priceText(undefined, 2)).toBe("–");
  expect(["67125.10000000", "3.00000000", "7"].map(decimalsOf)).toEqual([1, 0, 0]);
});

test("durations and sizes have a unit that fits", () => {
  expect([0.4, 58, 1_234, 45_678, 2_345_678, Number.NaN].map(durationText)).toEqual([
    "0 µs",
    "58 µs",
    "1.2 ms",
    "46 ms",
    "2.3 s",
    "–",
  ]);
  expect([512, 425_984, 8 << 20].map(sizeText)).toEqual(["512 B", "416 KiB", "8 MiB"]);
});

test("one problem is one", () => {
  expect([1, 1_200].map(problemsText)).toEqual(["1 problem", "1,200 problems"]);
});

test("latency is told once there is some", () => {
  const latency = new LatencyHistogram();
  expect(latencyText(latency, ", ")).toBe("not yet warm");
  for (let value = 1; value <= 20; value++) latency.add(value);
  expect(latencyText(latency, ", ")).toBe("p50 10 µs, p99 20 µs, p99.9 20 µs, max 20 µs");
});
