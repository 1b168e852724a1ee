/** Uses a pool in one way, lets go of it, and must then end by itself. Argument: the way. Prints `left`. */
import { readdirSync } from "node:fs";
import { ClientPool } from "../../../src/pool/client-pool.ts";
import { until } from "../../helpers/wait.ts";
import { fetchOn, ok, TestServer } from "../support.ts";

const WAYS: Record<string, () => Promise<void>> = {
  close: async () => {
    const pool = await connect();
    const slot = await pool.acquire();
    await fetchOn(slot, "/");
    slot.release();
    await pool.close();
  },
  "close, kept warm": async () => {
    const pool = await connect(2);
    await until(() => server.targets.length > 8);
    await pool.close();
  },
  "destroy in use": async () => {
    const pool = await connect();
    const slot = await pool.acquire();
    const lost = fetchOn(slot, "/silence", 100_000).catch(() => {});
    await until(() => server.targets.includes("/silence"));
    pool.destroy();
    await lost;
  },
  "close while dead": async () => {
    const pool = await connect();
    server.stop();
    await until(() => pool.stats().reconnecting === 2);
    await pool.close();
  },
  "neither, while dead": async () => {
    const pool = await connect();
    server.stop();
    await until(() => pool.stats().reconnecting === 2);
  },
  "a waiter that gave up while dead": async () => {
    const pool = await connect();
    server.stop();
    await until(() => pool.stats().reconnecting === 2);
    await pool.acquire({ timeout: 20 }).catch(() => {});
  },
  "a waiter whose long wait was aborted": async () => {
    const pool = await connect();
    const slots = [await pool.acquire(), await pool.acquire()];
    await pool.acquire({ timeout: 1_000_000, signal: AbortSignal.timeout(10) }).catch(() => {});
    for (const slot of slots) slot.release();
    await pool.close();
  },
  "connect that failed": async () => {
    server.stop();
    await connect().catch(() => {});
  },
  "connect that failed in part": async () => {
    refusing = true;
    await connect().catch(() => {});
  },
};

let refusing = false;
const server = new TestServer({
  answer: ({ target }, peer) => {
    if (target === "/silence") return null;
    if (refusing && server.peers.indexOf(peer) === 1) {
      peer.reset();
      return null;
    }
    return ok(target);
  },
});
const [way = ""] = process.argv.slice(2);
const before = readdirSync("/proc/self/fd").length;
await WAYS[way]?.();
await until(() => server.open.length === 0);
await until(() => readdirSync("/proc/self/fd").length <= before);
server.stop();
console.log("left");

function connect(keepWarm?: number): Promise<ClientPool> {
  return ClientPool.connect({
    url: server.url,
    connections: 2,
    warmUp: "/warm",
    reconnect: { initialDelay: 60_000, maxDelay: 600_000 },
    ...(keepWarm === undefined ? {} : { keepWarm }),
  });
}
