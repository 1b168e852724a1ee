import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { build } from "hdr-histogram-js";
import { AtomicClientPool } from "../../src/pool/mod.ts";
import type { HandOverResult } from "./task.ts";
import { TinyServer } from "./tiny-server.ts";

/**
 * From this thread to a Worker and back. Arguments: `message` (a handle's worth of numbers by `postMessage`, and an answer, for scale),
 * `lease` (the only slot of a pool, released there and acquired here again) or `request` (the same, with a request sent from there in
 * between); how often.
 */
const [way = "", rounds = ""] = process.argv.slice(2);
const worker = new Worker(new URL("./hand-over-worker.ts", import.meta.url), { workerData: way });
await once(worker, "message");
const server = new TinyServer();
const pool = await AtomicClientPool.connect({ url: server.url });
pool.watch(worker);
let answered: () => void = () => {};
worker.on("message", () => answered());

const histogram = build({
  lowestDiscernibleValue: 1,
  highestTrackableValue: 10_000_000_000,
  numberOfSignificantValueDigits: 3,
});
const there = way === "message" ? message : lease;
for (let left = Number(rounds); left > 0; left--) await there();
histogram.reset();
for (let left = Number(rounds); left > 0; left--) {
  const started = Bun.nanoseconds();
  await there();
  histogram.recordValue(Bun.nanoseconds() - started);
}
const { idle, busy, reconnects } = pool.stats();
if (idle !== 1 || busy !== 0 || reconnects !== 0) {
  throw new Error(`Cannot accept the run: ${idle} idle, ${busy} busy, ${reconnects} reconnects after it`);
}
if (way === "request" && server.answered !== Number(rounds) * 2) {
  throw new Error(`Cannot accept the run: the server answered ${server.answered} of ${Number(rounds) * 2} requests`);
}
const result: HandOverResult = {
  p50: histogram.getValueAtPercentile(50) / 1_000,
  p99: histogram.getValueAtPercentile(99) / 1_000,
};
console.log(JSON.stringify(result));
process.exit(0);

async function message(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  answered = resolve;
  worker.postMessage({ index: 0, word: 1, board: null, memory: null });
  await promise;
}

async function lease(): Promise<void> {
  const slot = await pool.acquire();
  worker.postMessage(slot.share(worker));
  const back = await pool.acquire();
  back.release();
}
