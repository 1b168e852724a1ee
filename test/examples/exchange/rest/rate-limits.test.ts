import { beforeEach, expect, test } from "bun:test";
import { RateLimits } from "../../../../examples/exchange/rest/rate-limits.ts";
import { VenueError } from "../../../../examples/exchange/rest/venue-error.ts";

/** The beginning of a minute. */
const NOW = 60_000 * 28_000_000;

let limits: RateLimits;

beforeEach(() => {
  limits = new RateLimits({ weightLimit: 10, orderLimit: 2, banAfter: 2, banTime: 120_000 });
});

/** The status, and what `Retry-After` says; 200 where nothing is thrown. */
function outcome(act: () => void): [status: number, retryAfter: string | null] {
  try {
    act();
    return [200, null];
  } catch (error) {
    if (!(error instanceof VenueError)) throw error;
    return [error.answer.status, error.answer.headers?.["Retry-After"] ?? null];
  }
}

test("weight is counted by address and by minute", () => {
  expect(outcome(() => limits.weigh("a", 10, NOW))).toEqual([200, null]);
  expect(outcome(() => limits.weigh("a", 1, NOW + 15_500))).toEqual([429, "45"]);
  expect(outcome(() => limits.weigh("b", 1, NOW + 15_500))).toEqual([200, null]);
  expect([limits.usedWeight("a", NOW), limits.usedWeight("b", NOW)]).toEqual([11, 1]);
  expect(outcome(() => limits.weigh("a", 1, NOW + 60_000))).toEqual([200, null]);
  expect(limits.usedWeight("a", NOW + 60_000)).toBe(1);
});

test("who goes on regardless is banned, and for longer each time", () => {
  const spam = (now: number): [number, string | null][] =>
    [5, 6, 1, 1, 1].map((weight) => outcome(() => limits.weigh("a", weight, now)));
  expect(spam(NOW)).toEqual([
    [200, null],
    [429, "60"],
    [429, "60"],
    [418, "120"],
    [418, "120"],
  ]);
  expect(outcome(() => limits.weigh("a", 1, NOW + 119_001))).toEqual([418, "1"]);
  expect(spam(NOW + 120_000)[3]).toEqual([418, "240"]);
});

test("a ban lasts three days at most", () => {
  limits = new RateLimits({ weightLimit: 0, orderLimit: 2, banAfter: 0, banTime: 24 * 3_600_000 });
  let now = NOW;
  const days = [1, 2, 3, 4].map(() => {
    const [status, retryAfter] = outcome(() => limits.weigh("a", 1, now));
    expect(status).toBe(418);
    now += Number(retryAfter) * 1_000;
    return Number(retryAfter) / 86_400;
  });
  expect(days).toEqual([1, 2, 3, 3]);
});

test("orders are counted by key and by ten seconds", () => {
  expect(outcome(() => limits.countOrder("k", NOW))).toEqual([200, null]);
  expect(outcome(() => limits.countOrder("k", NOW))).toEqual([200, null]);
  expect(outcome(() => limits.countOrder("k", NOW + 9_999))).toEqual([429, "1"]);
  expect(limits.orderCount("k", NOW + 9_999)).toBe(2);
  expect(outcome(() => limits.countOrder("other", NOW))).toEqual([200, null]);
  expect(outcome(() => limits.countOrder("k", NOW + 10_000))).toEqual([200, null]);
});
