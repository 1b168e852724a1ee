import type { AcceptResult, AcceptTask } from "./accept/task.ts";
import { type ContenderProgram, chosenAcceptContenders } from "./contenders.ts";
import { type BenchOptions, floodWindows } from "./options.ts";
import { path, runInWindows, startListening } from "./processes.ts";
import { type Figure, figure } from "./result.ts";
import { warmupTrips } from "./task.ts";

/**
 * The server's role over loopback, contenders taking turns, each in a process of its own on the contenders' CPU, the driver on the other: masked frames
 * received, in windows of some tenths of a second, and echoes of 40 bytes over one connection and over a hundred.
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
      const begin = (index: number): void =>
        progress(`${group}/${contenders[index]?.name}, round ${round} of ${options.rounds}`);
      const results = await measure(contenders, options, begin, taskFor);
      for (const [index, result] of results.entries()) {
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

/** What each came to. All servers stand at once; a driver each sends to them. */
async function measure(
  contenders: readonly ContenderProgram[],
  options: BenchOptions,
  begin: (index: number) => void,
  taskFor: Case["taskFor"],
): Promise<AcceptResult[]> {
  const servers: Bun.Subprocess[] = [];
  try {
    const commands: string[][] = [];
    for (const [index, contender] of contenders.entries()) {
      begin(index);
      const runtime = contender.runtime === "bun" ? process.execPath : contender.runtime;
      const { server, ports } = await startListening<{ port: number }>(
        [path(contender.file)],
        options.clientCpu,
        runtime,
      );
      servers.push(server);
      const task = JSON.stringify(taskFor(ports.port, options, contender));
      commands.push([process.execPath, path("accept/driver.ts"), task]);
    }
    const outputs = await runInWindows(commands, options.serverCpu, begin);
    return outputs.map((output): AcceptResult => JSON.parse(output));
  } finally {
    for (const server of servers) server.kill();
    await Promise.all(servers.map(({ exited }) => exited));
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
      const total = countOf(options, contender);
      const windows = floodWindows(options);
      const count = Math.ceil(total / windows);
      return { job: "receive", port, size, count, warmup: total, windows, mixes: mixes(options) };
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
