import { CONTENDERS, chosenSeriesContenders, type Program } from "./contenders.ts";
import type { BenchOptions } from "./options.ts";
import { path, runProcess, runTask, type ServerProcess } from "./processes.ts";
import { type Figure, figure } from "./result.ts";
import type { SeriesResult, SeriesTask } from "./series/task.ts";
import { bytesOnTheWire, type Task } from "./task.ts";

/** Sizes of message in bytes, numbers of connections, numbers of messages. */
const SERIES = {
  sizes: [16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576],
  connections: [1, 10, 100, 1_000],
  counts: [100_000, 1_000_000, 10_000_000, 100_000_000],
} as const;

/** The most messages that a contender reads: what takes half a microsecond for each would take a minute for a hundred million. */
const MOST_MESSAGES: Readonly<Record<string, number>> = { "bun-websocket": 10_000_000 };

/** Whether a contender is asked for so many messages. */
export function takesPart(contender: string, messages: number): boolean {
  return messages <= (MOST_MESSAGES[contender] ?? Number.POSITIVE_INFINITY);
}

type Recorder = (figure: Figure) => void;
type Progress = (text: string) => void;

/** What a message costs by its size, by the number of connections that share the load, and by how many were read. */
export async function measureSeries(
  server: ServerProcess,
  options: BenchOptions,
  record: Recorder,
  progress: Progress,
): Promise<void> {
  await measureSizes(server, options, record, progress);
  for (const connections of SERIES.connections) {
    const each = Math.max(1, Math.round(Math.min(MOST_SHARED, options.messages) / connections));
    await measureTogether(`series/connections/${connections}`, connections, each, server, options, record, progress);
  }
  // A smaller run leaves the longest ones out: each row is of as many messages as it says.
  for (const count of SERIES.counts.filter((count) => count <= options.messages * 100)) {
    await measureTogether(`series/count/${count}`, 1, count, server, options, record, progress);
  }
}

async function measureSizes(
  server: ServerProcess,
  options: BenchOptions,
  record: Recorder,
  progress: Progress,
): Promise<void> {
  for (const size of SERIES.sizes) {
    const group = `series/size/${size}`;
    const contenders = chosenSeriesContenders(group, options.filter);
    // As many bytes for each size, from where they are more than the messages of a run.
    const most = Math.min(options.messages, (options.messages * 256) / size);
    const samples = contenders.map((): number[] => []);
    const countOf = ({ name }: Program): number => Math.max(20, Math.round(most * shareOf(name)));
    for (let round = 1; round <= options.rounds; round++) {
      for (const [index, contender] of contenders.entries()) {
        progress(`${group}/${contender.name}, round ${round} of ${options.rounds}`);
        const task = sizeTask(server, size, countOf(contender));
        const file = CONTENDERS.find(({ name }) => name === contender.name)?.file ?? contender.file;
        const result = await runTask(contender.runtime, file, task, options.clientCpu);
        samples[index]?.push(result.job === "receive" ? result.wall : Number.NaN);
      }
    }
    for (const [index, contender] of contenders.entries()) {
      record(figure(group, contender.name, "ns/message", countOf(contender), samples[index] ?? []));
    }
  }
}

function sizeTask(server: ServerProcess, size: number, count: number): Task {
  const warmup = Math.ceil(count / 4);
  return {
    job: "receive",
    url: server.plainUrl,
    ca: null,
    kind: "binary",
    size,
    count,
    warmup,
    windows: 1,
    examined: Math.max(1, Math.min(count, Math.floor(2_000_000 / size))),
    mixes: Math.min(5, Math.ceil(count / 10_000)),
    wireBytes: bytesOnTheWire(size, count),
    warmupWireBytes: bytesOnTheWire(size, warmup),
  };
}

async function measureTogether(
  group: string,
  connections: number,
  each: number,
  server: ServerProcess,
  options: BenchOptions,
  record: Recorder,
  progress: Progress,
): Promise<void> {
  const contenders = chosenSeriesContenders(group, options.filter).filter(({ name }) =>
    takesPart(name, each * connections),
  );
  const samples = contenders.map((): SeriesResult[] => []);
  const warmup = Math.min(each, WARMUP);
  const task: SeriesTask = {
    url: server.plainUrl,
    connections,
    size: 40,
    each,
    warmup,
    wireBytes: bytesOnTheWire(40, each),
    warmupWireBytes: bytesOnTheWire(40, warmup),
    mixes: Math.min(5, Math.ceil(options.messages / 10_000)),
  };
  for (let round = 1; round <= options.rounds; round++) {
    for (const [index, { name, file }] of contenders.entries()) {
      progress(`${group}/${name}, round ${round} of ${options.rounds}`);
      const command = [process.execPath, path(file), JSON.stringify(task)];
      samples[index]?.push(JSON.parse(await runProcess(command, options.clientCpu, {})));
    }
  }
  for (const [metric, read] of METRICS) {
    for (const [index, { name }] of contenders.entries()) {
      record(figure(group, name, metric, each * connections, (samples[index] ?? []).map(read)));
    }
  }
}

function shareOf(name: string): number {
  return CONTENDERS.find((one) => one.name === name)?.share ?? 1;
}

/** All connections together. */
const MOST_SHARED = 2_000_000;
const WARMUP = 200_000;
const METRICS: readonly (readonly [metric: Figure["metric"], read: (result: SeriesResult) => number])[] = [
  ["ns/message", ({ wall }) => wall],
  ["CPU ns/message", ({ cpu }) => cpu],
  ["MB", ({ rss }) => rss / 1e6],
];
