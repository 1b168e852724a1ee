import { expect, test } from "bun:test";
import { DeflateHistory } from "../../../src/codec/ws/deflate-history.ts";
import { hexOf, joined, pattern } from "../../helpers/bytes.ts";
import { below, seededRandom } from "../../helpers/random.ts";

test("holds the last bytes of all that was appended, and of what follows them", () => {
  const random = seededRandom(7692);
  for (let round = 0; round < 200; round++) {
    const size = 1 << below(random, 7);
    const history = new DeflateHistory(size);
    let all = new Uint8Array(0);
    for (let count = below(random, 8); count > 0; count--) {
      const source = pattern(300);
      const start = below(random, 100);
      const end = start + below(random, 3) * below(random, 2 * size);
      history.append(source, start, end);
      all = joined([all, source.subarray(start, end)]);
    }
    const next = pattern(below(random, 2 * size));
    const window = history.windowAfter(next, next.length);
    expect(hexOf(window)).toBe(hexOf(joined([all, next]).slice(-size)));
  }
});

test("what it says is a copy", () => {
  const history = new DeflateHistory(4);
  const bytes = pattern(8);
  history.append(bytes, 0, 2);
  const long = history.windowAfter(bytes, 8);
  const short = history.windowAfter(bytes, 1);
  const before = hexOf(joined([long, short]));
  bytes.fill(0);
  history.append(bytes, 0, 4);
  expect(hexOf(joined([long, short]))).toBe(before);
});

test("clear forgets all of it", () => {
  const history = new DeflateHistory(4);
  history.append(pattern(6), 0, 6);
  history.clear();
  expect(history.windowAfter(pattern(1), 0).length).toBe(0);
  history.append(pattern(1), 0, 1);
  expect(hexOf(history.windowAfter(pattern(1), 1))).toBe("0101");
});
