import { expect, test } from "bun:test";
import { RateMeter } from "../../../examples/market-data/rate-meter.ts";

test("the rate is that of the last second, from the first look on", () => {
  const meter = new RateMeter();
  meter.total = 100;
  expect(meter.rate(500)).toBe(200);
  meter.total = 200;
  expect(meter.rate(1_000)).toBe(200);
  meter.total = 210;
  expect(meter.rate(1_500)).toBe(110);
  expect(meter.rate(2_000)).toBe(10);
  expect(meter.rate(4_000)).toBe(0);
});

test("at the very beginning it is nothing, not infinite", () => {
  const meter = new RateMeter();
  meter.total = 5;
  expect(meter.rate(0)).toBe(0);
});
