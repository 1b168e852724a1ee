import { Stopwatch } from "../contenders/contender.ts";
import { frameBlock } from "../corpus.ts";
import type { JsonTask } from "./task.ts";

/** No socket and no frames: a string made of each payload in memory, and `JSON.parse`. What that alone costs in the engine. */
const task: JsonTask = JSON.parse(process.argv[2] ?? "null");
const payloads = frameBlock("json", task.size, 1 << 20, false).payloads.map((payload) => Buffer.from(payload));

parse(task.warmup, task.warmupSum);
const stopwatch = new Stopwatch();
parse(task.count, task.sum);
const { wall, cpu } = stopwatch.stop();
console.log(JSON.stringify({ wall: wall / task.count, cpu: cpu / task.count }));
process.exit(0);

function parse(count: number, expected: number): void {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const payload = payloads[i % payloads.length];
    if (payload !== undefined) sum = (sum + (JSON.parse(payload.toString("latin1")) as { u: number }).u) | 0;
  }
  if (sum !== expected) throw new Error(`Cannot accept the run: the sum is ${sum} where ${expected} was expected`);
}
