import { Stopwatch } from "../contenders/contender.ts";
import type { Elapsed } from "../task.ts";
import type { SeriesResult, SeriesTask } from "./task.ts";

const DIALS_AT_ONCE = 50;

/** A connection that is open and waits for its go-ahead. */
export interface OpenStream {
  /** Sends the go-ahead; resolves with the number of messages before the end frame, null where frames are not told apart. */
  run(): Promise<number | null>;
  close(): void;
}

/** Opens a connection to a stream of `wireBytes` bytes. */
export type Dial = (url: string, wireBytes: number) => Promise<OpenStream>;

/** Runs the task of this process's arguments and prints its result as one line of JSON. `mixed` reads what is no stream of one size. */
export async function contendSeries(dial: Dial, mixed: ((url: string) => Promise<void>) | null): Promise<never> {
  const task: SeriesTask = JSON.parse(process.argv[2] ?? "null");
  await mixed?.(`${task.url}/mix?repeat=${task.mixes}`);
  await together(dial, task, 1, task.warmup, task.warmupWireBytes);
  const { elapsed, rss } = await together(dial, task, task.connections, task.each, task.wireBytes);
  const messages = task.each * task.connections;
  const result: SeriesResult = { wall: elapsed.wall / messages, cpu: elapsed.cpu / messages, rss };
  console.log(JSON.stringify(result));
  process.exit(0);
}

async function together(
  dial: Dial,
  { url, size }: SeriesTask,
  connections: number,
  count: number,
  wireBytes: number,
): Promise<{ elapsed: Elapsed; rss: number }> {
  const address = `${url}/receive?kind=binary&size=${size}&count=${count}`;
  const streams: OpenStream[] = [];
  while (streams.length < connections) {
    const batch = Array.from({ length: Math.min(DIALS_AT_ONCE, connections - streams.length) }, () =>
      dial(address, wireBytes),
    );
    streams.push(...(await Promise.all(batch)));
  }
  const stopwatch = new Stopwatch();
  const counts = await Promise.all(streams.map((stream) => stream.run()));
  const elapsed = stopwatch.stop();
  const rss = process.memoryUsage.rss();
  for (const stream of streams) stream.close();
  for (const messages of counts) {
    if (messages !== null && messages !== count)
      throw new Error(`Cannot accept the run: ${messages} messages came where ${count} were sent`);
  }
  return { elapsed, rss };
}
