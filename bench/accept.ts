import type { AcceptResult, AcceptTask } from "./accept/task.ts";
import { type ContenderProgram, chosenAcceptContenders } from "./contenders.ts";
import type { BenchOptions } from "./options.ts";
import { path, runProcess, startListening } from "./processes.ts";
import { type Figure, figure } from "./result.ts";
import { warmupTrips } from "./task.ts";

/**
 * The server's role over loopback, contenders taking turns, each in a process of its own on the contenders' CPU, the driver on the other: masked frames
 * received, and echoes of 40 bytes over one connection and over a hundred.
 */
export async function measureAccepting(
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  for (const { group, metrics, taskFor, countOf } of CASES) {
    const contenders = chosenAcceptContenders(group, options.filter);
    const samples = contenders.map(() => metrics.map((): number[] => []));
    for (let round = 1; round <= options.rounds; round++) {
      for (const [index, contender] of contenders.entries()) {
        progress(`${group}/${contender.name}, round ${round} of ${options.rounds}`);
        const result = await measure(contender, options, (port) => taskFor(port, options, contender));
        for (const [at, [, read]] of metrics.entries()) samples[index]?.[at]?.push(read(result));
      }
    }
    for (const [at, [metric]] of metrics.entries()) {
      for (const [index, contender] of contenders.entries()) {
        record(figure(group, contender.name, metric, countOf(options, contender), samples[index]?.[at] ?? []));
      }
    }
  }
}

async function measure(
  { file, runtime }: ContenderProgram,
  options: BenchOptions,
  taskFor: (port: number) => AcceptTask,
): Promise<AcceptResult> {
  const { server, ports } = await startListening<{ port: number }>(
    [path(file)],
    options.clientCpu,
    runtime === "bun" ? process.execPath : runtime,
  );
  try {
    const command = [process.execPath, path("accept/driver.ts"), JSON.stringify(taskFor(ports.port))];
    return JSON.parse(await runProcess(command, options.serverCpu, {}));
  } finally {
    server.kill();
    await server.exited;
  }
}

interface Case {
  readonly group: string;
  readonly metrics: readonly (readonly [metric: Figure["metric"], read: (result: AcceptResult) => number])[];
  taskFor(port: number, options: BenchOptions, contender: ContenderProgram): AcceptTask;
  countOf(options: BenchOptions, contender: ContenderProgram): number;
}

function receiving(size: number): Case {
  const countOf = ({ messages }: BenchOptions, { share }: ContenderProgram): number => Math.round(messages * share);
  return {
    group: `accept/receive/${size}`,
    metrics: [
      ["ns/message", (result) => (result.job === "receive" ? result.wall : Number.NaN)],
      ["CPU ns/message", (result) => (result.job === "receive" ? result.cpu : Number.NaN)],
    ],
    countOf,
    taskFor(port, options, contender) {
      const count = countOf(options, contender);
      return { job: "receive", port, size, count, warmup: count, mixes: mixes(options) };
    },
  };
}

function echoing(connections: number): Case {
  const countOf = ({ roundTrips }: BenchOptions): number => roundTrips * (connections === 1 ? 1 : 10);
  return {
    group: `accept/echo/${connections}`,
    metrics: [
      ["p50 µs", (result) => (result.job === "echo" ? result.p50 : Number.NaN)],
      ["p99 µs", (result) => (result.job === "echo" ? result.p99 : Number.NaN)],
      ["requests/s", (result) => (result.job === "echo" ? result.perSecond : Number.NaN)],
      ["CPU µs/request", (result) => (result.job === "echo" ? result.cpu : Number.NaN)],
    ],
    countOf,
    taskFor(port, options) {
      const count = countOf(options);
      return { job: "echo", port, size: 40, connections, count, warmup: warmupTrips(count), mixes: mixes(options) };
    },
  };
}

function mixes({ messages }: BenchOptions): number {
  return Math.max(1, Math.min(5, Math.floor(messages / 100_000)));
}

const CASES: readonly Case[] = [receiving(40), receiving(512), echoing(1), echoing(100)];
