import { createPool } from "generic-pool";
import { AtomicClientPool, ClientPool, type ClientPoolOptions, LifoPool } from "../../src/pool/mod.ts";
import { TinyServer } from "./tiny-server.ts";

/** One way to acquire and release, over and over. */
export interface AcquireWay {
  /** Does it that often; throws where it was not given what it asked for. */
  run(count: number): void | Promise<void>;
  /** How many can be acquired now. */
  available(): number;
}

/** What is pooled where it is not connections. */
interface Item {
  readonly weight: number;
}

/** Each holds {@link SIZE}; connections have carried a request each. */
export const ACQUIRE_WAYS: Readonly<Record<string, () => Promise<AcquireWay>>> = {
  async array() {
    const items: Item[] = Array.from({ length: SIZE }, makeItem);
    const run = (count: number): void => {
      let sum = 0;
      for (let left = count; left > 0; left--) {
        const item = items.pop();
        if (item === undefined) throw nothingFree();
        sum += item.weight;
        items.push(item);
      }
      expectSum(sum, count);
    };
    return { run, available: () => items.length };
  },

  async "lifo-pool"() {
    const pool = new LifoPool<Item>({ size: SIZE, create: makeItem });
    const run = (count: number): void => {
      let sum = 0;
      for (let left = count; left > 0; left--) {
        using lease = pool.tryAcquire();
        if (lease === null) throw nothingFree();
        sum += lease.value.weight;
      }
      expectSum(sum, count);
    };
    return { run, available: () => pool.available };
  },

  async "client-pool"() {
    return slotWay(await ClientPool.connect(poolOptions()));
  },

  async "atomic-pool"() {
    return slotWay(await AtomicClientPool.connect(poolOptions()));
  },

  async "generic-pool"() {
    const factory = { create: async () => makeItem(), destroy: async () => {} };
    const pool = createPool(factory, { min: SIZE, max: SIZE, fifo: false });
    await pool.ready();
    const run = async (count: number): Promise<void> => {
      let sum = 0;
      for (let left = count; left > 0; left--) {
        const item = await pool.acquire();
        sum += item.weight;
        await pool.release(item);
      }
      expectSum(sum, count);
    };
    return { run, available: () => pool.available };
  },
};

/** A process measures one way, so that this is compiled for one kind of pool. */
function slotWay(pool: ClientPool | AtomicClientPool): AcquireWay {
  const run = (count: number): void => {
    let sum = 0;
    for (let left = count; left > 0; left--) {
      using slot = pool.tryAcquire();
      if (slot === null) throw nothingFree();
      sum += slot.index < SIZE ? 1 : 0;
    }
    expectSum(sum, count);
  };
  return { run, available: () => pool.stats().idle };
}

function poolOptions(): ClientPoolOptions {
  return { url: new TinyServer().url, connections: SIZE, warmUp: "/" };
}

function makeItem(): Item {
  return { weight: 1 };
}

function nothingFree(): Error {
  return new Error("Cannot accept the run: nothing was free");
}

function expectSum(sum: number, count: number): void {
  if (sum !== count) throw new Error(`Cannot accept the run: ${sum} of ${count} were what was asked for`);
}

export const SIZE = 4;
