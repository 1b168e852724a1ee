import { expect, test } from "bun:test";
import type { SpinTransport } from "../../src/socket/spin-transport.ts";
import { deadlineIn, SpinWait, type SpinWaitOptions, spinWaitSettings } from "../../src/socket/spin-wait.ts";

/** Notes the sleeps that are asked for, and takes none. */
function sleeper(sleeps: [write: boolean, timeout: number][]): SpinTransport {
  return { wait: (write: boolean, timeout: number) => void sleeps.push([write, timeout]) } as unknown as SpinTransport;
}

function rests(options: SpinWaitOptions, turns: number, deadline: number): [boolean, number][] {
  const sleeps: [boolean, number][] = [];
  const transport = sleeper(sleeps);
  const wait = new SpinWait(spinWaitSettings(options));
  wait.begin();
  for (let turn = 0; turn < turns; turn++) wait.rest(transport, turn === turns - 1, deadline);
  return sleeps;
}

test("spin never sleeps, poll sleeps at once, at most 50 ms", () => {
  expect(rests({ wait: "spin" }, 1000, Number.POSITIVE_INFINITY)).toEqual([]);
  expect(rests({ wait: "poll" }, 3, Number.POSITIVE_INFINITY)).toEqual([
    [false, 50],
    [false, 50],
    [true, 50],
  ]);
});

test("spin-then-poll sleeps once its time is over", () => {
  expect(rests({ spinFor: 1_000_000 }, 1000, Number.POSITIVE_INFINITY)).toEqual([]);
  expect(rests({ spinFor: 0 }, 2, Number.POSITIVE_INFINITY)).toHaveLength(2);
});

test("a sleep ends with the deadline, and one that has passed is none", () => {
  expect(rests({ wait: "poll" }, 1, performance.now() - 5)).toEqual([[true, 0]]);
  const [[, timeout] = [true, 0]] = rests({ wait: "poll" }, 1, performance.now() + 20);
  expect(timeout).toBeGreaterThan(0);
  expect(timeout).toBeLessThanOrEqual(20);
});

test("options out of range are refused, and so are timeouts", () => {
  for (const options of [{ wait: "sleep" }, { spinFor: -1 }, { spinFor: Number.NaN }, { maxReadSize: 0.5 }]) {
    expect(() => spinWaitSettings(options as SpinWaitOptions)).toThrow(/^Cannot use (?:wait|spinFor|maxReadSize): /);
  }
  expect(spinWaitSettings({})).toEqual({ spinFor: 0.05, maxReadSize: 262_144, timestamps: false });
  expect(deadlineIn(undefined)).toBe(Number.POSITIVE_INFINITY);
  expect(() => deadlineIn(Number.NaN)).toThrow("Cannot use timeout: it is NaN");
});
