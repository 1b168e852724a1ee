import { describe, expect, spyOn, test } from "bun:test";
import { FREE_HEAD, newBoard } from "../../src/pool/shared-board.ts";
import { FreeList } from "../../src/pool/shared-free-list.ts";

const SIZES = { slots: 8, requestCapacity: 8, responseCapacity: 8, headersCapacity: 8, ownerThread: 0 };

function drained(list: FreeList): number[] {
  const indexes: number[] = [];
  for (let index = list.pop(); index >= 0; index = list.pop()) indexes.push(index);
  return indexes;
}

/** Runs `meanwhile` between the reads of an operation on the list and its compare-and-swap, once. */
function within(meanwhile: () => void, operation: () => void): void {
  const swap = Atomics.compareExchange;
  const spy = spyOn(Atomics, "compareExchange");
  spy.mockImplementationOnce(((words: Int32Array, at: number, expected: number, value: number) => {
    spy.mockRestore();
    meanwhile();
    return swap(words, at, expected, value);
  }) as typeof Atomics.compareExchange);
  operation();
}

describe("FreeList", () => {
  test("gives what was pushed last first, and −1 where there is nothing", () => {
    const list = new FreeList(newBoard(SIZES).words);
    expect(list.pop()).toBe(-1);
    for (const index of [0, 7, 3]) list.push(index);
    expect(list.pop()).toBe(3);
    list.push(5);
    expect(drained(list)).toEqual([5, 7, 0]);
  });

  test("pushes onto what came in between", () => {
    const list = new FreeList(newBoard(SIZES).words);
    list.push(1);
    within(
      () => list.push(2),
      () => list.push(3),
    );
    expect(drained(list)).toEqual([3, 2, 1]);
  });

  test("does not take an old head for a new one (ABA)", () => {
    const list = new FreeList(newBoard(SIZES).words);
    for (const index of [1, 2, 3]) list.push(index);
    const popped: number[] = [];
    // It has read 3, and 2 below it; then both are taken, and 3 is back on top of 1.
    within(
      () => {
        list.pop();
        list.pop();
        list.push(3);
      },
      () => popped.push(list.pop()),
    );
    expect(popped).toEqual([3]);
    // Without the tag 2, which somebody has, would be on top now.
    expect(drained(list)).toEqual([1]);
  });

  test("without a tag it would", () => {
    const { words } = newBoard(SIZES);
    const list = new FreeList(words);
    for (const index of [1, 2, 3]) list.push(index);
    within(
      () => {
        const tagged = words[FREE_HEAD] ?? 0;
        list.pop();
        list.pop();
        list.push(3);
        words[FREE_HEAD] = tagged;
      },
      () => list.pop(),
    );
    expect(drained(list)[0]).toBe(2);
  });

  test("goes on when the tag has been everywhere", () => {
    const { words } = newBoard(SIZES);
    const list = new FreeList(words);
    words[FREE_HEAD] = 0xffff0000 | 0;
    for (const index of [4, 6]) list.push(index);
    expect(words[FREE_HEAD]).toBe(0x10007);
    expect(drained(list)).toEqual([6, 4]);
  });
});
