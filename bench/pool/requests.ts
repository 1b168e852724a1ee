import { build } from "hdr-histogram-js";
import { RequestWriter, type Response, ResponseReader } from "../../src/codec/mod.ts";
import { HttpConnection } from "../../src/http/mod.ts";
import { ClientPool } from "../../src/pool/mod.ts";
import { Stopwatch } from "../contenders/contender.ts";
import { REQUESTS } from "../http/messages.ts";
import { meanOf, nextWindow } from "../windows.mjs";
import type { PoolTask, PoolTaskResult } from "./task.ts";

/**
 * As many tasks as the case says, each of which sends a request and awaits its answer, over and over: on a slot that it acquires and
 * releases, or, where there is no pool, on the one connection. Prints its result as one line of JSON.
 */
const task: PoolTask = JSON.parse(process.argv[2] ?? "null");
const { path, headers } = REQUESTS.get;
const precision = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: 10_000_000_000,
  numberOfSignificantValueDigits: 3,
} as const;
const histogram = build(precision);
const window = build(precision);

const perform = task.pooled ? await poolTask() : await connectionTask();
await share(task.warmup, perform);
const medians: number[] = [];
let wall = 0;
let cpu = 0;
while (medians.length < task.windows) {
  await nextWindow();
  window.reset();
  const stopwatch = new Stopwatch();
  await share(task.count / task.windows, perform);
  const elapsed = stopwatch.stop();
  wall += elapsed.wall;
  cpu += elapsed.cpu;
  medians.push(window.getValueAtPercentile(50));
  histogram.add(window);
}
const count = histogram.totalCount;
const result: PoolTaskResult = {
  p50: meanOf(medians) / 1_000,
  p99: histogram.getValueAtPercentile(99) / 1_000,
  perSecond: (count / wall) * 1e9,
  cpu: cpu / count / 1_000,
};
console.log(JSON.stringify(result));
process.exit(0);

/** Sends `count` requests, `task.tasks` at a time. */
async function share(count: number, perform: (count: number) => Promise<void>): Promise<void> {
  const each = Math.ceil(count / task.tasks);
  await Promise.all(Array.from({ length: task.tasks }, () => perform(each)));
}

async function poolTask(): Promise<(count: number) => Promise<void>> {
  const pool = await ClientPool.connect({ url: task.origin, connections: task.tasks, defaultHeaders: headers });
  return async (count) => {
    for (let left = count; left > 0; left--) {
      const started = Bun.nanoseconds();
      using slot = pool.tryAcquire() ?? (await pool.acquire());
      check(await slot.send(slot.writer.get(path).finish()));
      window.recordValue(Bun.nanoseconds() - started);
    }
  };
}

async function connectionTask(): Promise<(count: number) => Promise<void>> {
  const connection = await HttpConnection.connect(task.origin);
  const reader = new ResponseReader();
  const writer = new RequestWriter(new URL(task.origin).host);
  for (const [name, value] of Object.entries(headers)) writer.defaultHeader(name, value);
  return async (count) => {
    for (let left = count; left > 0; left--) {
      const started = Bun.nanoseconds();
      check(await connection.send(writer.get(path).finish(), reader));
      window.recordValue(Bun.nanoseconds() - started);
    }
  };
}

function check({ status, bodyLength }: Response): void {
  if (status === 200 && bodyLength === task.bodyLength) return;
  throw new Error(`Cannot accept the run: the answer is ${status} with a body of ${bodyLength} bytes`);
}
