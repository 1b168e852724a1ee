/** Uses an AtomicClientPool in one way, lets go of it, and must then end by itself. Argument: the way. Prints `left`. */
import { readdirSync } from "node:fs";
import { AtomicClientPool } from "../../../src/pool/atomic-client-pool.ts";
import { until } from "../../helpers/wait.ts";
import { ok, TestServer } from "../support.ts";
import { SharedClient } from "./shared-client.ts";

const WAYS: Record<string, () => Promise<void>> = {
  "close after a Worker's request": async () => {
    await using client = new SharedClient("web");
    const pool = await lend(client);
    await client.tell("get", "/");
    await client.tell("release");
    await pool.close();
  },
  "close while a Worker ends": async () => {
    const client = new SharedClient("node");
    const pool = await lend(client);
    const closing = pool.close();
    await client.end();
    await closing;
  },
  "destroy while a Worker waits": async () => {
    await using client = new SharedClient("web");
    const pool = await lend(client);
    const lost = client.failure("get", "/silence");
    await until(() => server.targets.includes("/silence"));
    pool.destroy();
    await lost;
  },
  "destroy while a Worker is blocked": async () => {
    await using client = new SharedClient("node");
    const pool = await lend(client);
    const lost = client.failure("getSync", "/silence");
    await until(() => server.targets.includes("/silence"));
    pool.destroy();
    await lost;
  },
  "a waiter whose long wait was aborted": async () => {
    await using client = new SharedClient("web");
    const pool = await lend(client);
    await pool.acquire();
    await pool.acquire({ timeout: 1_000_000, signal: AbortSignal.timeout(10) }).catch(() => {});
    pool.destroy();
  },
  "connect that failed": async () => {
    server.stop();
    await AtomicClientPool.connect({ url: server.url, connections: 2 }).catch(() => {});
  },
};

const server = new TestServer({ answer: ({ target }) => (target === "/silence" ? null : ok(target)) });
const [way = ""] = process.argv.slice(2);
// A first Worker leaves some descriptors with the engine.
await new SharedClient("web").end();
const before = readdirSync("/proc/self/fd").length;
await WAYS[way]?.();
await until(() => server.open.length === 0);
await until(() => readdirSync("/proc/self/fd").length <= before);
server.stop();
console.log("left");

async function lend(client: SharedClient): Promise<AtomicClientPool> {
  const pool = await AtomicClientPool.connect({ url: server.url, connections: 2 });
  pool.watch(client.worker);
  const slot = await pool.acquire();
  await client.tell("take", slot.share(client.worker));
  return pool;
}
