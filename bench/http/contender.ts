import { timeInWindows } from "../windows.mjs";
import type { RequestTask } from "./task.ts";

/** One way to send a request and read its answer, over and over on a connection of its own. */
export interface RequestClient<Answer> {
  /** One request, from its first byte to the whole body of its answer. */
  request(): Promise<Answer>;
  /** Throws where the answer is not what the task says. */
  check(answer: Answer): void;
}

/** Connects; `ca` is the authority's PEM, null without TLS. */
export type DialClient<Answer> = (task: RequestTask, ca: string | null) => Promise<RequestClient<Answer>>;

/** Runs the task of this process's arguments and prints its result as one line of JSON. */
export async function contendRequests<Answer>(dial: DialClient<Answer>): Promise<never> {
  const task: RequestTask = JSON.parse(process.argv[2] ?? "null");
  const client = await dial(task, task.ca === null ? null : await Bun.file(task.ca).text());
  for (let left = task.warmup; left > 0; left--) client.check(await client.request());
  const each = Math.ceil(task.count / task.windows);
  const result = await timeInWindows(task.windows, async (window) => {
    for (let left = each; left > 0; left--) {
      const started = Bun.nanoseconds();
      client.check(await client.request());
      window.recordValue(Bun.nanoseconds() - started);
    }
  });
  console.log(JSON.stringify(result));
  process.exit(0);
}

/** Holds an answer against what the task says. */
export function checkAnswer(task: RequestTask, status: number, bodyLength: number): void {
  if (status === 200 && bodyLength === task.bodyLength) return;
  throw new Error(`Cannot accept the run: the answer is ${status} with a body of ${bodyLength} bytes`);
}
