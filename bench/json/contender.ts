import type { JsonReceipt, JsonTask } from "./task.ts";

/** Receives market data to the end frame and has each message as an object; opens a connection of its own and closes it. */
export interface JsonContender {
  receive(url: string): Promise<JsonReceipt>;
  /** Reads what is no JSON to the end frame. */
  drain(url: string): Promise<void>;
}

/** Runs the task of this process's arguments and prints nanoseconds a message, by the clock and of CPU, as one line of JSON. */
export async function contendJson({ receive, drain }: JsonContender): Promise<never> {
  const task: JsonTask = JSON.parse(process.argv[2] ?? "null");
  await drain(`${task.url}/mix?repeat=${task.mixes}`);
  const stream = `${task.url}/receive?kind=json&size=${task.size}`;
  verify(await receive(`${stream}&count=${task.warmup}`), task.warmup, task.warmupSum);
  const receipt = await receive(`${stream}&count=${task.count}`);
  verify(receipt, task.count, task.sum);
  console.log(JSON.stringify({ wall: receipt.wall / task.count, cpu: receipt.cpu / task.count }));
  process.exit(0);
}

function verify(receipt: JsonReceipt, count: number, sum: number): void {
  const { messages, end } = receipt;
  if (messages === count && receipt.sum === sum && Number(end.split(" ")[1]) === count) return;
  throw new Error(
    `Cannot accept the run: ${JSON.stringify(receipt)} where ${count} messages with a sum of ${sum} were sent`,
  );
}
