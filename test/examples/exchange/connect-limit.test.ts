import { expect, test } from "bun:test";
import { ConnectLimit } from "../../../examples/exchange/connect-limit.ts";

test("so many connections of an address in five minutes, and then again as the old ones are forgotten", () => {
  const limit = new ConnectLimit(2);
  const admitted = [0, 1_000, 2_000, 299_999, 300_000, 300_001, 301_000].map((time) => limit.admits("a", time));
  expect(admitted).toEqual([true, true, false, false, true, false, true]);
  expect(limit.admits("b", 2_000)).toBe(true);
});
