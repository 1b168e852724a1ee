// What contender.ts does, in plain JavaScript, because Node 20 reads no TypeScript.
import { readFileSync } from "node:fs";
import { timeInWindows } from "../windows.mjs";

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
  const each = Math.ceil(task.count / task.windows);
  const result = await timeInWindows(task.windows, async (window) => {
    for (let left = each; left > 0; left--) {
      const started = performance.now();
      await checked();
      window.recordValue(Math.round((performance.now() - started) * 1e6));
    }
  });
  console.log(JSON.stringify(result));
  process.exit(0);
}
