import type { Histogram } from "hdr-histogram-js";
import { RequestWriter, type Response, ResponseReader } from "../../src/codec/mod.ts";
import { HttpConnection } from "../../src/http/mod.ts";
import { ClientPool } from "../../src/pool/mod.ts";
import { REQUESTS } from "../http/messages.ts";
import { timeInWindows } from "../windows.mjs";
import type { PoolTask } from "./task.ts";

/**
 * As many tasks as the case says, each of which sends a request and awaits its answer, over and over: on a slot that it acquires and
 * releases, or, where there is no pool, on the one connection. Prints its result as one line of JSON.
 */
const task: PoolTask = JSON.parse(process.argv[2] ?? "null");
const { path, headers } = REQUESTS.get;
const perform = task.pooled ? await poolTask() : await connectionTask();
await timeInWindows(1, (window) => share(task.warmup, window));
const result = await timeInWindows(task.windows, (window) => share(task.count / task.windows, window));
console.log(JSON.stringify(result));
process.exit(0);

type Perform = (count: number, window: Histogram) => Promise<void>;

/** Sends `count` requests, `task.tasks` at a time. */
async function share(count: number, window: Histogram): Promise<void> {
  const each = Math.ceil(count / task.tasks);
  await Promise.all(Array.from({ length: task.tasks }, () => perform(each, window)));
}

async function poolTask(): Promise<Perform> {
  const pool = await ClientPool.connect({ url: task.origin, connections: task.tasks, defaultHeaders: headers });
  return async (count, window) => {
    for (let left = count; left > 0; left--) {
      const started = Bun.nanoseconds();
      using slot = pool.tryAcquire() ?? (await pool.acquire());
      check(await slot.send(slot.writer.get(path).finish()));
      window.recordValue(Bun.nanoseconds() - started);
    }
  };
}

async function connectionTask(): Promise<Perform> {
  const connection = await HttpConnection.connect(task.origin);
  const reader = new ResponseReader();
  const writer = new RequestWriter(new URL(task.origin).host);
  for (const [name, value] of Object.entries(headers)) writer.defaultHeader(name, value);
  return async (count, window) => {
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
