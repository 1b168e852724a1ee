/**
 * Leases of an AtomicClientPool to four Workers, some of which are killed in the midst of it. Arguments: leases, a multiple of 10,000, and
 * seed. Prints one line of JSON, and ends by itself.
 */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { AtomicClientPool } from "../../../src/pool/atomic-client-pool.ts";
import { below, seededRandom } from "../../helpers/random.ts";
import { until } from "../../helpers/wait.ts";
import type { Lent, Post, Stale, Tally } from "./leases-worker.ts";

const WORKERS = 4;
const CONNECTIONS = 8;
const TASKS = 12;
const KILLS = 20;

const leases = Number(process.argv[2]);
const seed = Number(process.argv[3]);
const random = seededRandom(seed);
const tally: Tally = {
  holders: new Int32Array(new SharedArrayBuffer(4 * CONNECTIONS)),
  ends: new Uint8Array(new SharedArrayBuffer(leases + 1)),
  faults: new Uint8Array(new SharedArrayBuffer(leases + 1)),
};

const server = Bun.spawn([process.execPath, fileURLToPath(new URL("./leases-server.ts", import.meta.url))], {
  stdin: "pipe",
  stdout: "pipe",
  stderr: "inherit",
});
const output = server.stdout.getReader();
const port = new TextDecoder().decode((await output.read()).value).trim();
output.releaseLock();
const descriptors = countDescriptors();
const started = performance.now();

const pool = await AtomicClientPool.connect({
  url: `http://127.0.0.1:${port}`,
  connections: CONNECTIONS,
  reconnect: { initialDelay: 5 },
  acquireTimeout: 30_000,
});

/** Where each lease was handed last: a Worker's thread. */
const whereabouts = new Int32Array(leases + 1);
const dead = new Set<number>();
/** Leases whose handle was not of use any more: the Worker that gave it had ended. */
const cameBack = new Set<number>();
const workers = Array.from({ length: WORKERS }, (_, index) => hire(index));
let next = 1;
let grants = 0;
let mostOvertaken = 0;
let stolen = 0;
const faults: string[] = [];
let kills = 0;

await Promise.all(Array.from({ length: TASKS }, lend));
await until(() => kills === KILLS && pool.stats().idle === CONNECTIONS);
const { idle, busy, waiters, reconnects } = pool.stats();
const seconds = (performance.now() - started) / 1000;
await Promise.all(workers.map((worker) => worker.terminate()));
await pool.close();
server.kill(9);
await server.exited;

let unfinished = 0;
for (let number = 1; number <= leases; number++) {
  const ends = tally.ends[number] ?? 0;
  if (ends > 1) faults.push(`${number} ended ${ends} times`);
  if (ends === 0 && !dead.has(whereabouts[number] ?? 0) && !cameBack.has(number))
    faults.push(`${number} did not end, though its Worker lives`);
  if (ends === 0) unfinished++;
  if (tally.faults[number] === 1) faults.push(`${number} shared its slot with another lease`);
  if (tally.faults[number] === 2) faults.push(`${number} had another one's answer`);
}
for (let round = 0; round < 400 && countDescriptors() > descriptors; round++) await Bun.sleep(5);
console.log(
  JSON.stringify({
    leases: next - 1,
    kills,
    faults: faults.slice(0, 10),
    // What a Worker can have at most when it is killed.
    lostWithWorkers: unfinished <= kills * CONNECTIONS,
    standing: { idle, busy, waiters },
    // Requests that died with their Worker cost the connection.
    madeAnew: reconnects > 0,
    // Who waits is overtaken by nobody but those who were in line before.
    overtaken: mostOvertaken < TASKS,
    stolen,
    descriptorsLeft: Math.max(0, countDescriptors() - descriptors),
    figures: { seconds, unfinished, reconnects, mostOvertaken },
  }),
);

async function lend(): Promise<void> {
  while (next <= leases) {
    const number = next++;
    if (number % 16 === 0) comeAlong();
    const before = grants;
    const slot = await pool.acquire();
    mostOvertaken = Math.max(mostOvertaken, grants - before);
    grants++;
    const held = Atomics.exchange(tally.holders, slot.index, 0);
    if (held !== 0 && !dead.has(whereabouts[held] ?? 0)) faults.push(`${number} got the slot that ${held} still held`);
    const index = below(random, WORKERS);
    const to = workers[index] as Worker;
    hand(to, { number, handle: slot.share(to) }, 0);
    // In the midst of a request that is answered late, mostly.
    if (number % (leases / KILLS) === 0) setTimeout(() => kill(index), 10);
  }
}

/** Who asks while others wait gets nothing before they are all served. */
function comeAlong(): void {
  const slot = pool.tryAcquire();
  if (slot !== null && pool.stats().waiters > 0) stolen++;
  slot?.release();
}

function hand(worker: Worker, { number, handle }: Lent, from: number): void {
  whereabouts[number] = worker.threadId;
  const other = workers[below(random, WORKERS)] as Worker;
  const post: Post = { number, handle, from, next: other.threadId };
  worker.postMessage(post);
}

function hire(index: number): Worker {
  const script = fileURLToPath(new URL("./leases-worker.ts", import.meta.url));
  const worker = new Worker(script, { workerData: { tally, seed: seed + index + 31 * (index < WORKERS ? 0 : kills) } });
  pool.watch(worker);
  worker.on("message", (message: Post | Stale) => {
    if ("stale" in message) {
      cameBack.add(message.stale);
      if (!dead.has(message.from)) faults.push(`${message.stale} came back on its way, though who gave it lives`);
      return;
    }
    const to = workers.find(({ threadId }) => threadId === message.next);
    // Where that one has ended since, the lease comes back.
    whereabouts[message.number] = message.next;
    if (to !== undefined) hand(to, message, message.from);
  });
  return worker;
}

function kill(index: number): void {
  const worker = workers[index] as Worker;
  kills++;
  dead.add(worker.threadId);
  workers[index] = hire(WORKERS + kills);
  void worker.terminate();
}

function countDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}
