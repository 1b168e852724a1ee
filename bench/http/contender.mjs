// What contender.ts does, in plain JavaScript, because Node 20 reads no TypeScript.
import { readFileSync } from "node:fs";
import hdr from "hdr-histogram-js";
import { meanOf, nextWindow } from "../windows.mjs";

/**
 * Runs the task of this process's arguments and prints its result as one line of JSON. `dial(task, ca)` gives `roundTrip`, which resolves
 * with the status of an answer and the length of its body.
 */
export async function contendRequests(dial) {
  const task = JSON.parse(process.argv[2]);
  const roundTrip = dial(task, task.ca === null ? null : readFileSync(task.ca));
  const checked = async () => {
    const { status, bodyLength } = await roundTrip();
    if (status !== 200 || bodyLength !== task.bodyLength)
      throw new Error(`Cannot accept the run: the answer is ${status} with a body of ${bodyLength} bytes`);
  };
  for (let left = task.warmup; left > 0; left--) await checked();
  const precision = {
    lowestDiscernibleValue: 1,
    highestTrackableValue: 10_000_000_000,
    numberOfSignificantValueDigits: 3,
  };
  const histogram = hdr.build(precision);
  const window = hdr.build(precision);
  const medians = [];
  let wall = 0;
  let cpu = 0;
  const each = Math.ceil(task.count / task.windows);
  while (medians.length < task.windows) {
    if (task.windows > 1) await nextWindow();
    window.reset();
    const before = process.cpuUsage();
    const begun = performance.now();
    for (let left = each; left > 0; left--) {
      const started = performance.now();
      await checked();
      window.recordValue(Math.round((performance.now() - started) * 1e6));
    }
    wall += performance.now() - begun;
    const { user, system } = process.cpuUsage(before);
    cpu += user + system;
    medians.push(window.getValueAtPercentile(50));
    histogram.add(window);
  }
  const count = each * task.windows;
  const p50 = meanOf(medians) / 1_000;
  const [p99, p999] = [99, 99.9].map((percentile) => histogram.getValueAtPercentile(percentile) / 1_000);
  console.log(JSON.stringify({ p50, p99, p999, perSecond: (count / wall) * 1e3, cpu: cpu / count }));
  process.exit(0);
}
