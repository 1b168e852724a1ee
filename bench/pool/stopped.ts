import { ClientPool } from "../../src/pool/mod.ts";
import type { StoppedResult } from "./task.ts";
import { TinyServer } from "./tiny-server.ts";

/**
 * What a stopped server costs a process whose pool of four connections had one. Arguments: `idle` (no pool at all, for scale), `unasked`
 * (nobody wants a slot), or `waited-for` (somebody waits in `acquire` all the time); for how many seconds. It was stopped once before, for a
 * tenth of that: what a program compiles when it sees that for the first time is not what a server costs that stays away.
 */
const [way = "", seconds = ""] = process.argv.slice(2);
const CONNECTIONS = 4;
const server = new TinyServer();
const pool = way === "idle" ? null : await ClientPool.connect({ url: server.url, connections: CONNECTIONS });
const slots = pool === null ? 0 : CONNECTIONS;
await stopServer();
await Bun.sleep(Number(seconds) * 100);
server.start();
while (idle() < slots) await Bun.sleep(10);
// Until the connections count as ones that stand, and the first attempt comes as soon as it did.
await Bun.sleep(2_000);

await stopServer();
const waiting = way === "waited-for" ? pool?.acquire({ timeout: 600_000 }).catch(() => {}) : null;

const before = pool?.stats().attempts ?? 0;
const cpuBefore = process.cpuUsage();
await Bun.sleep(Number(seconds) * 1_000);
const { user, system } = process.cpuUsage(cpuBefore);
const attempts = ((pool?.stats().attempts ?? 0) - before) / CONNECTIONS;
if (pool !== null && pool.stats().reconnecting !== CONNECTIONS) {
  throw new Error(`Cannot accept the run: ${pool.stats().reconnecting} of ${CONNECTIONS} connections are away`);
}
const result: StoppedResult = { attempts, cpuMilliseconds: (user + system) / 1_000 / Number(seconds) };
console.log(JSON.stringify(result));
pool?.destroy();
await waiting;
process.exit(0);

async function stopServer(): Promise<void> {
  server.stop();
  while (idle() > 0) await Bun.sleep(1);
}

function idle(): number {
  return pool?.stats().idle ?? 0;
}
