import { expect, spyOn, test } from "bun:test";
import { Deadline } from "../../src/http/deadline.ts";
import { until } from "../helpers/wait.ts";

class Watched {
  expired = 0;
  readonly deadline: Deadline = new Deadline(() => {
    this.expired++;
  });
}

test("fires once, not before its time", async () => {
  const watched = new Watched();
  const started = performance.now();
  watched.deadline.set(20);
  expect(watched.deadline.passed).toBe(false);
  await until(() => watched.expired > 0);
  expect(performance.now() - started).toBeGreaterThanOrEqual(20);
  await Bun.sleep(40);
  expect([watched.expired, watched.deadline.passed]).toEqual([1, false]);
});

test("has passed before its timer could fire", () => {
  const watched = new Watched();
  watched.deadline.set(1);
  const started = performance.now();
  while (performance.now() - started < 3);
  expect([watched.deadline.passed, watched.expired]).toEqual([true, 0]);
  watched.deadline.release();
  expect(watched.deadline.passed).toBe(false);
});

test("cleared, moved on, or released it does not fire", async () => {
  for (const end of [
    (deadline: Deadline) => deadline.clear(),
    (deadline: Deadline) => deadline.set(0),
    (deadline: Deadline) => deadline.set(1_000_000),
    (deadline: Deadline) => deadline.release(),
  ]) {
    const watched = new Watched();
    watched.deadline.set(5);
    end(watched.deadline);
    await Bun.sleep(20);
    expect(watched.expired).toBe(0);
    watched.deadline.release();
  }
});

test("moved on it fires at the later time, moved up at the sooner", async () => {
  const watched = new Watched();
  const started = performance.now();
  watched.deadline.set(5);
  watched.deadline.set(40);
  await until(() => watched.expired > 0);
  expect(performance.now() - started).toBeGreaterThanOrEqual(40);
  watched.deadline.set(1_000_000);
  watched.deadline.set(5);
  await until(() => watched.expired === 2);
});

test("can be set again from within, and after a release", async () => {
  let fired = 0;
  const deadline = new Deadline(() => {
    fired++;
    if (fired < 3) deadline.set(1);
  });
  deadline.set(1);
  await until(() => fired === 3);
  deadline.release();
  deadline.set(1);
  await until(() => fired === 4);
});

test("holds one timer, which keeps no process, and none once released", () => {
  const set = spyOn(globalThis, "setTimeout");
  const clear = spyOn(globalThis, "clearTimeout");
  try {
    const { deadline } = new Watched();
    for (let round = 0; round < 100; round++) deadline.set(1_000_000);
    expect([set.mock.calls.length, clear.mock.calls.length]).toEqual([1, 0]);
    deadline.set(500_000);
    expect([set.mock.calls.length, clear.mock.calls.length]).toEqual([2, 1]);
    for (const { value } of set.mock.results) expect((value as NodeJS.Timeout).hasRef()).toBe(false);
    deadline.release();
    const cleared: unknown[] = clear.mock.calls.map(([timer]) => timer);
    expect(cleared).toEqual(set.mock.results.map(({ value }) => value));
    deadline.release();
    deadline.clear();
    expect(clear.mock.calls.length).toBe(2);
  } finally {
    set.mockRestore();
    clear.mockRestore();
  }
});
