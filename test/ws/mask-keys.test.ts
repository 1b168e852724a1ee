import { expect, test } from "bun:test";
import { maskKeys } from "../../src/ws/mask-keys.ts";

test("masking keys are 32 bits that do not repeat, over several blocks", () => {
  const drawn = Array.from({ length: 5_000 }, () => maskKeys.next());
  expect(drawn.every((key) => key === (key | 0))).toBe(true);
  // Among 5,000 of 2^32 a few may collide by chance; ten would be one in 10^20.
  expect(new Set(drawn).size).toBeGreaterThan(4_990);
  for (let bit = 0; bit < 32; bit++) {
    const ones = drawn.filter((key) => (key >>> bit) & 1).length;
    expect(ones, `bit ${bit}`).toBeWithin(2_200, 2_800);
  }
});
