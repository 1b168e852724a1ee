/**
 * What a pool costs whose server has stopped, in a process where nothing else runs. Argument: `asked` all the time by every way, for
 * 2 s, or `idle`, for 1 s. Prints one line of JSON; `cpu` is in milliseconds, `codes` are the ways' outcomes that were seen.
 */
import { ClientPool } from "../../../src/pool/client-pool.ts";
import { until } from "../../helpers/wait.ts";
import { codeOf, failureOf, Journal, TestServer } from "../support.ts";

const asked = process.argv[2] === "asked";
const connections = asked ? 3 : 2;
const server = new TestServer();
const journal = new Journal();
const pool = await ClientPool.connect({ url: server.url, connections, events: journal.events });
server.stop();
await until(() => (asked ? journal.count("died") === connections : pool.stats().reconnecting === connections));

const { attempts } = pool.stats();
const before = process.cpuUsage();
const seen = asked ? await ask() : await wait();
const { user, system } = process.cpuUsage(before);
const after = pool.stats();
console.log(
  JSON.stringify({
    ...seen,
    cpu: (user + system) / 1000,
    attempts: after.attempts - (asked ? connections : attempts),
    waiters: after.waiters,
  }),
);
pool.destroy();

async function ask(): Promise<{ times: number; lent: number; codes: string[] }> {
  const codes = new Set<string>();
  const end = performance.now() + 2_000;
  let times = 0;
  let lent = 0;
  while (performance.now() < end) {
    times++;
    if (pool.tryAcquire() !== null) lent++;
    const ways = [pool.acquire({ timeout: 0 }), pool.acquire({ timeout: 5 }), pool.acquire({ timeout: 20 })];
    const outcomes = await Promise.all(ways.map(failureOf));
    codes.add(outcomes.map(codeOf).slice(1).join());
  }
  return { times, lent, codes: [...codes] };
}

async function wait(): Promise<object> {
  await Bun.sleep(1_000);
  return {};
}
