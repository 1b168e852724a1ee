import { chosenPoolContenders, type PoolContender } from "./contenders.ts";
import { answerLength } from "./http/messages.ts";
import { type BenchOptions, requestWindows } from "./options.ts";
import type { HandOverResult, PoolTask, PoolTaskResult, ReconnectResult, StoppedResult } from "./pool/task.ts";
import { path, runInWindows, runProcess, startPoolServer } from "./processes.ts";
import { type Figure, figure } from "./result.ts";

/** Acquiring and releasing, requests through pools, and what happens while a server is away. */
export async function measurePools(
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  await measureAcquiring(options, record, progress);
  await measurePooledRequests(options, record, progress);
  await measureHandOvers(options, record, progress);
  await measureReconnects(options, record, progress);
  await measureStopped(options, record, progress);
}

/** Acquire and release in nanoseconds, one after the other. */
async function measureAcquiring(
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  const group = "pool/acquire";
  const command = (way: string): string[] => [path("pool/acquire.ts"), way, String(options.microTime)];
  for (const { name, samples } of await takeTurns<{ nanoseconds: number }>(group, command, options, progress)) {
    const nanoseconds = samples.map((sample) => sample.nanoseconds);
    record(figure(group, name, "ns", 10_000, nanoseconds));
  }
}

/**
 * Requests through pools, as many at a time as there are connections, beside one connection without a pool; to a server that answers at once
 * and to one that answers after a millisecond. Where processes are pinned server and client have a CPU each, and in `together` share one.
 */
async function measurePooledRequests(
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  const { serverCpu, clientCpu } = options;
  const layouts =
    serverCpu === null
      ? [{ layout: "unpinned", cpu: null }]
      : [
          { layout: "apart", cpu: clientCpu },
          { layout: "together", cpu: serverCpu },
        ];
  for (const speed of ["at-once", "after-1-ms"] as const) {
    for (const { layout, cpu } of layouts) {
      const group = `pool/requests/${speed}/${layout}`;
      const contenders = chosenPoolContenders(group, options.filter);
      if (contenders.length === 0) continue;
      using server = await startPoolServer(serverCpu);
      const origin = speed === "at-once" ? server.promptUrl : server.slowUrl;
      const samples = contenders.map((): PoolTaskResult[] => []);
      for (let round = 1; round <= options.rounds; round++) {
        const begin = (index: number): void =>
          progress(`${group}/${contenders[index]?.name}, round ${round} of ${options.rounds}`);
        const tasks = contenders.map((contender) => poolTask(contender, origin, speed, options));
        const commands = tasks.map((task) => [process.execPath, path("pool/requests.ts"), JSON.stringify(task)]);
        for (const [index, output] of (await runInWindows(commands, cpu, begin)).entries()) {
          samples[index]?.push(JSON.parse(output));
        }
      }
      for (const [metric, key] of METRICS) {
        for (const [index, contender] of contenders.entries()) {
          const { count } = poolTask(contender, origin, speed, options);
          const figures = (samples[index] ?? []).map((sample) => sample[key]);
          record(figure(group, contender.name, metric, count, figures));
        }
      }
    }
  }
}

function poolTask({ pooled, tasks }: PoolContender, origin: string, speed: string, options: BenchOptions): PoolTask {
  const { roundTrips } = options;
  // What takes a millisecond each is sent less often: there the time of the engine's compilers is not what is measured.
  const atOnce = speed === "at-once";
  const count = atOnce ? roundTrips : Math.ceil(roundTrips / 20) * tasks;
  const warmup = atOnce ? count * SETTLING : count;
  return { origin, pooled, tasks, bodyLength: answerLength("get"), count, warmup, windows: requestWindows(options) };
}

/** From the thread that has the connections to a Worker and back. The contenders have two threads, and all CPUs. */
async function measureHandOvers(
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  const group = "pool/hand-over";
  const unpinned = { ...options, clientCpu: null };
  const command = (way: string): string[] => [path("pool/hand-over.ts"), way, String(options.roundTrips)];
  for (const { name, samples } of await takeTurns<HandOverResult>(group, command, unpinned, progress)) {
    const p50 = samples.map((sample) => sample.p50);
    const p99 = samples.map((sample) => sample.p99);
    record(figure(group, name, "p50 µs", options.roundTrips, p50));
    record(figure(group, name, "p99 µs", options.roundTrips, p99));
  }
}

/** From a server's restart to the first answer through a pool, in milliseconds. */
async function measureReconnects(
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  for (const away of options.quick ? [30] : [30, 1_000]) {
    const group = `pool/reconnect/after-${away}-ms`;
    const outages = options.quick ? 2 : Math.ceil(3_000 / away / 5);
    const command = (way: string): string[] => [path("pool/reconnect.ts"), way, String(away), String(outages)];
    for (const { name, samples } of await takeTurns<ReconnectResult>(group, command, options, progress)) {
      const milliseconds = samples.flatMap((sample) => sample.milliseconds);
      record(figure(group, name, "ms", outages, milliseconds));
    }
  }
}

/**
 * What a server that stays away for 30 s costs (a second, in a quick run), and an idle process in the same 30 s: all at the same time, for they
 * do next to nothing, and a slow time of the machine is in all of them.
 */
async function measureStopped(
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  const group = "pool/stopped";
  const seconds = options.quick ? 1 : 30;
  const ways = chosenWays(group, options.filter);
  const rounds: StoppedResult[][] = [];
  while (ways.length > 0 && rounds.length < options.rounds) {
    progress(`${group}, round ${rounds.length + 1} of ${options.rounds}`);
    const commands = ways.map((way) => [process.execPath, path("pool/stopped.ts"), way, String(seconds)]);
    const outputs = await Promise.all(commands.map((command) => runProcess(command, options.clientCpu, {})));
    rounds.push(outputs.map((output): StoppedResult => JSON.parse(output)));
  }
  for (const [index, way] of ways.entries()) {
    const samples = rounds.flatMap((round) => round.slice(index, index + 1));
    const attempts = samples.map((sample) => sample.attempts);
    const cpu = samples.map((sample) => sample.cpuMilliseconds);
    record(figure(group, way, "attempts/slot", seconds, attempts));
    record(figure(group, way, "CPU ms/s", seconds, cpu));
  }
}

/** Runs each way of a group that the filter names once a round, one after the other, each in a process of its own. */
async function takeTurns<Result>(
  group: string,
  command: (way: string) => readonly string[],
  options: BenchOptions,
  progress: (text: string) => void,
): Promise<{ name: string; samples: Result[] }[]> {
  const turns = chosenWays(group, options.filter).map((name): { name: string; samples: Result[] } => ({
    name,
    samples: [],
  }));
  for (let round = 1; round <= options.rounds; round++) {
    for (const { name, samples } of turns) {
      progress(`${group}/${name}, round ${round} of ${options.rounds}`);
      samples.push(JSON.parse(await runProcess([process.execPath, ...command(name)], options.clientCpu, {})));
    }
  }
  return turns;
}

/** The ways of a group that the filter names, and the first; none where it names none. */
function chosenWays(group: string, filter: string): readonly string[] {
  const ways = WAYS[group.split("/", 2).join("/")] ?? [];
  const named = ways.some((way) => `${group}/${way}`.includes(filter));
  return named ? ways.filter((way, index) => index === 0 || `${group}/${way}`.includes(filter)) : [];
}

/** Of each group, in the order in which they take turns; the first is what the others are measured against, and runs with them. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  "pool/acquire": ["array", "lifo-pool", "client-pool", "atomic-pool", "generic-pool"],
  "pool/hand-over": ["message", "lease", "request"],
  "pool/reconnect": ["waiting", "asking"],
  "pool/stopped": ["idle", "unasked", "waited-for"],
};
/**
 * So many times the requests that count come before them. Behind as many as count, 20,000, the engine's compiler threads still took 1.5 µs a
 * request with a pool and 0.3 without; behind five times as many, 0.2 with either.
 */
const SETTLING = 5;
const METRICS = [
  ["requests/s", "perSecond"],
  ["p50 µs", "p50"],
  ["p99 µs", "p99"],
  ["CPU µs/request", "cpu"],
] as const;
