import { expect, test } from "bun:test";
import fc from "fast-check";
import { LifoStack, type Stackable } from "../../src/pool/lifo-stack.ts";

class Item implements Stackable<Item> {
  readonly n: number;
  below: Item | null = null;

  constructor(n: number) {
    this.n = n;
  }
}

test("gives what was pushed last, then null", () => {
  const stack = new LifoStack<Item>();
  expect(stack.pop()).toBeNull();
  for (const n of [1, 2, 3]) stack.push(new Item(n));
  expect(stack.length).toBe(3);
  expect([stack.pop()?.n, stack.pop()?.n, stack.pop()?.n, stack.pop()]).toEqual([3, 2, 1, null]);
  expect(stack.length).toBe(0);
});

test("remove takes the first from the bottom and keeps the order of the others", () => {
  const stack = new LifoStack<Item>();
  for (const n of [1, 2, 3, 4]) stack.push(new Item(n));
  expect(stack.remove(({ n }) => n % 2 === 0)?.n).toBe(2);
  expect(stack.remove(({ n }) => n === 9)).toBeNull();
  expect([stack.pop()?.n, stack.pop()?.n, stack.pop()?.n, stack.pop()]).toEqual([4, 3, 1, null]);
});

test("is an array, whatever is done to it", () => {
  const step = fc.oneof(
    fc.constant({ kind: "push" as const }),
    fc.constant({ kind: "pop" as const }),
    fc.record({ kind: fc.constant("remove" as const), modulus: fc.integer({ min: 1, max: 4 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const capacity = 8;
      const stack = new LifoStack<Item>();
      const model: Item[] = [];
      for (const [n, each] of steps.entries()) {
        if (each.kind === "push" && model.length < capacity) {
          const item = new Item(n);
          stack.push(item);
          model.push(item);
        } else if (each.kind === "pop") {
          expect(stack.pop()).toBe(model.pop() ?? null);
        } else if (each.kind === "remove") {
          const wanted = (item: Item): boolean => item.n % each.modulus === 0;
          const at = model.findIndex(wanted);
          expect(stack.remove(wanted)).toBe(at < 0 ? null : (model.splice(at, 1)[0] ?? null));
        }
        expect(stack.length).toBe(model.length);
      }
    }),
    { seed: 20261, numRuns: 300 },
  );
});

test("what was taken is let go of", async () => {
  const stack = new LifoStack<Item>();
  let collected = 0;
  const registry = new FinalizationRegistry<null>(() => collected++);
  (() => {
    for (const n of [1, 2]) {
      const item = new Item(n);
      registry.register(item, null);
      stack.push(item);
    }
    stack.pop();
    stack.remove(() => true);
  })();
  for (let round = 0; round < 200 && collected < 2; round++) {
    Bun.gc(true);
    await Bun.sleep(1);
  }
  expect(collected).toBe(2);
  expect(stack.length).toBe(0);
});
