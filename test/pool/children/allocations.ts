/**
 * Heap bytes that acquiring and releasing allocates. Runs with the collector off (`BUN_JSC_useGC=0`), so that nothing is taken back
 * in between. Prints one line of JSON; `object` is what one small object costs, by the same measure.
 */
import { ClientPool } from "../../../src/pool/client-pool.ts";
import { LifoPool } from "../../../src/pool/lifo-pool.ts";
import { TestServer } from "../support.ts";

const ROUNDS = 20_000;

const kept: object[] = new Array(2).fill({});
const items = new LifoPool({ size: 2, create: () => ({ uses: 0 }), reset: (item) => void item.uses++ });
const server = new TestServer();
const clients = await ClientPool.connect({ url: server.url, connections: 2 });
let index = 0;

const bytes = {
  object: bytesPerRound(() => {
    kept[index & 1] = { index };
    index++;
  }),
  lifoPool: bytesPerRound(() => {
    using lease = items.tryAcquire();
    if (lease !== null) lease.value.uses++;
  }),
  clientPool: bytesPerRound(() => {
    using slot = clients.tryAcquire();
    if (slot !== null) index++;
  }),
};
clients.destroy();
server.stop();
console.log(JSON.stringify(bytes));

function bytesPerRound(round: () => void): number {
  // The engine allocates while it warms up.
  for (let count = 0; count < ROUNDS; count++) round();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < ROUNDS; count++) round();
  return (process.memoryUsage().heapUsed - before) / ROUNDS;
}
