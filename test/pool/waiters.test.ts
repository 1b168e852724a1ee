import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Waiters } from "../../src/pool/waiters.ts";
import { collectUntil, failureOf } from "./support.ts";

describe("Waiters", () => {
  test("serve in order of arrival, and tell how long it took", async () => {
    const waiters = new Waiters<number>();
    const served: string[] = [];
    for (const name of ["a", "b", "c"]) void waiters.wait().promise.then((value) => served.push(`${name}${value}`));
    expect(waiters.length).toBe(3);
    const waited = [waiters.serve(1), waiters.serve(2), waiters.serve(3)];
    expect(waited.every((milliseconds) => milliseconds >= 0)).toBe(true);
    await Bun.sleep(0);
    expect(served).toEqual(["a1", "b2", "c3"]);
    expect(waiters.length).toBe(0);
  });

  test("serve says −1 where nobody waits, and the value is not kept for later", async () => {
    const waiters = new Waiters<number>();
    expect(waiters.serve(1)).toBe(-1);
    const { promise } = waiters.wait();
    waiters.serve(2);
    expect(await promise).toBe(2);
  });

  test("one that leaves is passed over; leaving twice, or once served, does nothing", async () => {
    const waiters = new Waiters<number>();
    const first = waiters.wait();
    const second = waiters.wait();
    const third = waiters.wait();
    second.leave(new Error("enough"));
    second.leave(new Error("again"));
    expect(waiters.length).toBe(2);
    waiters.serve(1);
    first.leave(new Error("too late"));
    waiters.serve(3);
    expect(await Promise.all([first.promise, third.promise])).toEqual([1, 3]);
    expect((await failureOf(second.promise)).message).toBe("enough");
    expect(waiters.serve(4)).toBe(-1);
  });

  test("rejectAll gives each an error of its own, and those who come later wait", async () => {
    const waiters = new Waiters<number>();
    const promises = [waiters.wait(), waiters.wait()].map(({ promise }) => failureOf(promise));
    let errors = 0;
    waiters.rejectAll(() => new Error(`closed ${++errors}`));
    expect((await Promise.all(promises)).map(({ message }) => message)).toEqual(["closed 1", "closed 2"]);
    const { promise } = waiters.wait();
    expect(waiters.length).toBe(1);
    waiters.serve(7);
    expect(await promise).toBe(7);
  });

  test("those that left are not kept, also where nobody is ever served", async () => {
    const waiters = new Waiters<number>();
    let collected = 0;
    const registry = new FinalizationRegistry<null>(() => collected++);
    const patient = waiters.wait();
    const leaveAll = async (): Promise<void> => {
      for (let n = 0; n < 1_000; n++) {
        const { promise, leave } = waiters.wait();
        registry.register(promise, null);
        leave(new Error("enough"));
        await promise.catch(() => {});
      }
    };
    await leaveAll();
    await collectUntil(() => collected >= 900);
    expect(collected).toBeGreaterThanOrEqual(900);
    expect(waiters.length).toBe(1);
    waiters.serve(5);
    expect(await patient.promise).toBe(5);
  });

  test("are a queue, whatever the order of what happens", async () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constant({ kind: "wait" as const, at: 0 }) },
      { weight: 2, arbitrary: fc.constant({ kind: "serve" as const, at: 0 }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("leave" as const), at: fc.nat(200) }) },
      { weight: 1, arbitrary: fc.constant({ kind: "rejectAll" as const, at: 0 }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const waiters = new Waiters<number>();
        const line: number[] = [];
        const leaves: ((error: Error) => void)[] = [];
        const expected: string[] = [];
        const outcomes: string[] = [];
        for (const [n, { kind, at }] of steps.entries()) {
          if (kind === "wait") {
            const id = leaves.length;
            const { promise, leave } = waiters.wait();
            leaves.push(leave);
            line.push(id);
            promise.then(
              (value) => outcomes.push(`${id} served ${value}`),
              (error: Error) => outcomes.push(`${id} ${error.message}`),
            );
          } else if (kind === "serve") {
            const id = line.shift();
            expect(waiters.serve(n) >= 0).toBe(id !== undefined);
            if (id !== undefined) expected.push(`${id} served ${n}`);
          } else if (kind === "leave" && leaves.length > 0) {
            const id = at % leaves.length;
            leaves[id]?.(new Error(`left ${n}`));
            const place = line.indexOf(id);
            if (place >= 0) expected.push(`${line.splice(place, 1)[0]} left ${n}`);
          } else if (kind === "rejectAll") {
            waiters.rejectAll(() => new Error(`rejected ${n}`));
            for (const id of line.splice(0)) expected.push(`${id} rejected ${n}`);
          }
          expect(waiters.length).toBe(line.length);
        }
        await Bun.sleep(0);
        expect(outcomes.toSorted()).toEqual(expected.toSorted());
      }),
      { seed: 20262, numRuns: 200 },
    );
  });
});
