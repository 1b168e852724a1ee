import { build } from "hdr-histogram-js";
import type { Elapsed, Task, TaskResult } from "../task.ts";
import { inWindows } from "../windows.mjs";

/** What a contender saw up to the end frame, and how long it took from its go-ahead to that frame. */
export interface Receipt {
  /** Data messages before the end frame; null where frames are not told apart. */
  messages: number | null;
  /** Their payload bytes, or the bytes on the wire where frames are not told apart. */
  bytes: number;
  /** The check over every payload byte, where the run reads them. */
  checksum: number;
  /** The text of the end frame; null where frames are not told apart. */
  end: string | null;
  elapsed: Elapsed;
}

/** Runs from its construction to {@link stop}. */
export class Stopwatch {
  readonly #cpu: NodeJS.CpuUsage = process.cpuUsage();
  readonly #started: number = Bun.nanoseconds();

  stop(): Elapsed {
    const wall = Bun.nanoseconds() - this.#started;
    const { user, system } = process.cpuUsage(this.#cpu);
    return { wall, cpu: (user + system) * 1_000 };
  }
}

/** Of a run that is not timed. */
export const UNTIMED: Elapsed = { wall: 0, cpu: 0 };

/** One way to read and write a WebSocket. Each method opens a connection of its own and closes it. */
export interface Contender {
  /** Receives to the end frame and does no more than count: this is what is timed. `wireBytes` is all that will arrive after the upgrade. */
  receive(url: string, ca: string | null, wireBytes: number): Promise<Receipt>;
  /** Receives to the end frame, reads every byte and decodes every text; null where frames are not told apart. */
  examine: ((url: string, ca: string | null) => Promise<Receipt>) | null;
  /** Sends `payload` and waits for its echo, `count` times; `record` takes each round trip in nanoseconds. */
  echo(
    url: string,
    ca: string | null,
    payload: Uint8Array,
    count: number,
    record: (nanoseconds: number) => void,
  ): Promise<void>;
}

/** Runs the task of this process's arguments and prints its result as one line of JSON. */
export async function contend(contender: Contender): Promise<never> {
  const task: Task = JSON.parse(process.argv[2] ?? "null");
  const ca = task.ca === null ? null : await Bun.file(task.ca).text();
  const result = task.job === "receive" ? await receive(contender, task, ca) : await echo(contender, task, ca);
  console.log(JSON.stringify(result));
  process.exit(0);
}

async function receive(contender: Contender, task: Task, ca: string | null): Promise<TaskResult> {
  const stream = `${task.url}/receive?kind=${task.kind}&size=${task.size}`;
  if (contender.examine !== null) {
    verify(await contender.examine(`${task.url}/mix?repeat=${task.mixes}`, ca), 0, true);
    verify(await contender.examine(`${stream}&count=${task.examined}&checked=1`, ca), 0, true);
  }
  verify(
    await contender.receive(`${stream}&count=${task.warmup}`, ca, task.warmupWireBytes),
    task.warmupWireBytes,
    false,
  );
  let wall = 0;
  let cpu = 0;
  await inWindows(task.windows, async () => {
    const receipt = await contender.receive(`${stream}&count=${task.count}`, ca, task.wireBytes);
    verify(receipt, task.wireBytes, false);
    wall += receipt.elapsed.wall;
    cpu += receipt.elapsed.cpu;
  });
  const messages = task.count * task.windows;
  return { job: "receive", wall: wall / messages, cpu: cpu / messages };
}

async function echo(contender: Contender, task: Task, ca: string | null): Promise<TaskResult> {
  const payload = Uint8Array.from({ length: task.size }, (_, i) => i);
  if (contender.examine !== null) verify(await contender.examine(`${task.url}/mix?repeat=${task.mixes}`, ca), 0, true);
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 10_000_000_000,
    numberOfSignificantValueDigits: 3,
  });
  let echoes = 0;
  const record = (nanoseconds: number): void => {
    echoes++;
    histogram.recordValue(nanoseconds);
  };
  // The recording, too, is compiled before what counts: on one CPU a compiler stands in a spinning thread's way.
  await contender.echo(`${task.url}/echo`, ca, payload, task.warmup, record);
  histogram.reset();
  echoes = 0;
  await contender.echo(`${task.url}/echo`, ca, payload, task.count, record);
  if (echoes !== task.count)
    throw new Error(`Cannot accept the run: ${echoes} echoes came where ${task.count} were asked for`);
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1_000;
  return { job: "echo", p10: at(10), p50: at(50), p90: at(90), p99: at(99), p999: at(99.9) };
}

/** Holds what came against what the end frame says was sent. */
function verify(receipt: Receipt, wireBytes: number, checked: boolean): void {
  if (receipt.end === null) {
    if (receipt.bytes !== wireBytes)
      throw new Error(`Cannot accept the run: ${receipt.bytes} bytes came where ${wireBytes} were sent`);
    return;
  }
  const [word, messages, bytes, sum] = receipt.end.split(" ");
  const agrees =
    word === "end" &&
    receipt.messages === Number(messages) &&
    receipt.bytes === Number(bytes) &&
    (!checked || receipt.checksum >>> 0 === Number(sum));
  if (!agrees) throw new Error(`Cannot accept the run: ${JSON.stringify(receipt)} does not match its end frame`);
}
