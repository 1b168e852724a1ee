import { describe, expect, spyOn, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import { PoolError } from "../../src/pool/errors.ts";
import { type Lease, LifoPool } from "../../src/pool/lifo-pool.ts";
import { codeOf, collectUntil, thrownBy } from "./support.ts";

interface Item {
  readonly id: number;
  uses: number;
}

function makeItems(): () => Item {
  let id = 0;
  return () => ({ id: id++, uses: 0 });
}

function take<T>(pool: LifoPool<T>): Lease<T> {
  const lease = pool.tryAcquire();
  if (lease === null) throw new Error("the pool is empty");
  return lease;
}

describe("LifoPool", () => {
  test("lends each item once, and null beyond", () => {
    const pool = new LifoPool({ size: 3, create: makeItems() });
    const leases = [take(pool), take(pool), take(pool)];
    expect(leases.map(({ value }) => value.id).sort()).toEqual([0, 1, 2]);
    expect(pool.tryAcquire()).toBeNull();
    expect([pool.size, pool.available]).toEqual([3, 0]);
    for (const lease of leases) lease.release();
    expect(pool.available).toBe(3);
  });

  test("the item used last comes first", () => {
    const pool = new LifoPool({ size: 3, create: makeItems() });
    const [a, b, c] = [take(pool), take(pool), take(pool)];
    for (const lease of [b, c, a]) pool.release(lease);
    expect([take(pool), take(pool), take(pool)]).toEqual([a, c, b]);
  });

  test("using releases, also where the block throws", () => {
    const pool = new LifoPool({ size: 1, create: makeItems() });
    const throwing = (): void => {
      using lease = take(pool);
      lease.value.uses++;
      throw new Error("within");
    };
    expect(throwing).toThrow("within");
    using lease = pool.tryAcquire();
    expect(lease?.value).toEqual({ id: 0, uses: 1 });
  });

  test("using null, where none is free, does nothing", () => {
    const pool = new LifoPool({ size: 1, create: makeItems() });
    using held = pool.tryAcquire();
    {
      using none = pool.tryAcquire();
      expect(none).toBeNull();
    }
    expect(held).not.toBeNull();
    expect(pool.available).toBe(0);
  });

  test("a double release is an error, by every way, and lends nothing twice", () => {
    const pool = new LifoPool({ size: 2, create: makeItems() });
    const lease = take(pool);
    lease.release();
    const ways = [() => lease.release(), () => pool.release(lease), () => lease[Symbol.dispose]()];
    for (const way of ways) {
      const error = thrownBy(way);
      expect(error).toBeInstanceOf(PoolError);
      expect(codeOf(error)).toBe("POOL_NOT_ACQUIRED");
    }
    expect(pool.available).toBe(2);
    expect(new Set([take(pool), take(pool), pool.tryAcquire()]).size).toBe(3);
  });

  test("reset sees each item before anybody can acquire it", () => {
    const seen: [number, number][] = [];
    const pool: LifoPool<Item> = new LifoPool({
      size: 2,
      create: makeItems(),
      reset: (item) => {
        seen.push([item.id, pool.available]);
        item.uses = 0;
      },
    });
    expect(seen).toEqual([]);
    const lease = take(pool);
    lease.value.uses = 9;
    const { id } = lease.value;
    lease.release();
    expect(seen).toEqual([[id, 1]]);
    expect(take(pool).value).toEqual({ id, uses: 0 });
  });

  test("what reset throws goes to who released, and the item is replaced", () => {
    const pool = new LifoPool({
      size: 1,
      create: makeItems(),
      reset: (item) => {
        if (item.id === 0) throw new Error("dirty");
      },
    });
    const lease = take(pool);
    expect(() => lease.release()).toThrow("dirty");
    expect(codeOf(thrownBy(() => lease.release()))).toBe("POOL_NOT_ACQUIRED");
    expect(pool.available).toBe(1);
    const next = take(pool);
    expect(next.value.id).toBe(1);
    next.release();
    expect(pool.available).toBe(1);
  });

  test("reset may acquire and release other items", () => {
    const order: number[] = [];
    const pool: LifoPool<Item> = new LifoPool({
      size: 2,
      create: makeItems(),
      reset: (item) => {
        order.push(item.id);
        if (order.length === 1) take(pool).release();
      },
    });
    take(pool).release();
    expect(order.toSorted()).toEqual([0, 1]);
    expect(pool.available).toBe(2);
  });

  test.each([0, -1, 1.5, Number.NaN])("size %d is refused", (size) => {
    const error = thrownBy(() => new LifoPool({ size, create: makeItems() }));
    expect(error).toBeInstanceOf(UsageError);
    expect(codeOf(error)).toBe("OPTION_OUT_OF_RANGE");
  });

  test("a forgotten lease is found, told once, and its item replaced", async () => {
    const forgotten: number[] = [];
    const pool = new LifoPool({
      size: 2,
      create: makeItems(),
      onForgotten: (item) => forgotten.push(item.id),
    });
    const id = ((): number => take(pool).value.id)();
    await collectUntil(() => forgotten.length > 0);
    expect(forgotten).toEqual([id]);
    expect(pool.available).toBe(2);
    const ids = [take(pool), take(pool)].map(({ value }) => value.id);
    expect(ids).toContain(2);
    expect(ids).not.toContain(id);
    for (let round = 0; round < 5; round++) {
      Bun.gc(true);
      await Bun.sleep(1);
    }
    expect(forgotten.filter((each) => each === id)).toEqual([id]);
  });

  test("one that was released is not told, nor one whose reset threw", async () => {
    const forgotten: number[] = [];
    let released = 0;
    const pool = new LifoPool({
      size: 4,
      create: makeItems(),
      reset: (item) => {
        if (item.id === 0) throw new Error("dirty");
      },
      onForgotten: (item) => forgotten.push(item.id),
    });
    const useAll = (): void => {
      const leases = [take(pool), take(pool), take(pool), take(pool)];
      for (const lease of leases) {
        try {
          lease.release();
        } catch {
          released++;
        }
      }
    };
    useAll();
    expect(released).toBe(1);
    for (let round = 0; round < 10; round++) {
      Bun.gc(true);
      await Bun.sleep(1);
    }
    expect(forgotten).toEqual([]);
    expect(pool.available).toBe(4);
  });

  test("without a hook a forgotten lease is a line on the console", async () => {
    const warn = spyOn(console, "warn").mockImplementation(() => {});
    try {
      const pool = new LifoPool({ size: 1, create: makeItems() });
      (() => {
        take(pool);
      })();
      await collectUntil(() => pool.available === 1);
      expect(pool.available).toBe(1);
      expect(warn).toHaveBeenCalledTimes(1);
    } finally {
      warn.mockRestore();
    }
  });

  test("a lease that is held is not taken for forgotten", async () => {
    const forgotten: number[] = [];
    const pool = new LifoPool({ size: 1, create: makeItems(), onForgotten: (item) => forgotten.push(item.id) });
    const lease = take(pool);
    for (let round = 0; round < 10; round++) {
      Bun.gc(true);
      await Bun.sleep(1);
    }
    expect(forgotten).toEqual([]);
    lease.release();
    expect(pool.available).toBe(1);
  });
});
