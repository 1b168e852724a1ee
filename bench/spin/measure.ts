import type { Program } from "../contenders.ts";
import { type RequestTask, requestTask } from "../http/task.ts";
import { type BenchOptions, floodWindows, requestWindows } from "../options.ts";
import {
  CA_PATH,
  path,
  runInWindows,
  runProcess,
  type ServerProcess,
  startHttpServer,
  startServer,
} from "../processes.ts";
import { type Figure, figure } from "../result.ts";
import { bytesOnTheWire, type Task, warmupTrips } from "../task.ts";

const bun = (name: string, file: string): Program => ({ name, file, runtime: "bun" });
const LIMIT = bun("limit", "contenders/limit.ts");
const HANDLER = bun("handler", "contenders/handler.ts");
const FLOOR = bun("floor", "spin/floor.ts");
const SPIN = bun("spin", "spin/by-spin.ts");
const SPIN_HANDLER = bun("spin-handler", "spin/by-handler.ts");
const POLL = bun("poll", "spin/by-poll.ts");
const DEFAULT = bun("spin-then-poll", "spin/by-default.ts");

/** Who takes part in what, in the order in which they take turns. Who spins needs a CPU of its own: `together` there is only who sleeps. */
export const SPIN_CASES: Readonly<Record<string, readonly Program[]>> = {
  "spin/receive/tcp": [LIMIT, HANDLER, FLOOR, SPIN_HANDLER, SPIN, DEFAULT],
  "spin/receive/tls": [LIMIT, HANDLER, FLOOR, SPIN_HANDLER, SPIN],
  "spin/echo/tcp/apart": [LIMIT, HANDLER, FLOOR, SPIN, POLL, DEFAULT],
  "spin/echo/tls/apart": [LIMIT, HANDLER, FLOOR, SPIN, DEFAULT],
  "spin/echo/tcp/together": [LIMIT, HANDLER, POLL, DEFAULT],
  "spin/requests/tcp/apart": [
    bun("limit", "http/limit.ts"),
    bun("connection", "http/connection.ts"),
    bun("spin", "spin/connection.ts"),
  ],
  "spin/requests/tls/apart": [bun("connection", "http/connection.ts"), bun("spin", "spin/connection.ts")],
};

type Recorder = (figure: Figure) => void;

/** The spin backend beside the event backend, the bare event socket (`limit`) and a bare loop over `send(2)` and `recv(2)` (`floor`). */
export async function measureSpinning(
  options: BenchOptions,
  record: Recorder,
  progress: (text: string) => void,
): Promise<void> {
  for (const [group, programs] of Object.entries(SPIN_CASES)) {
    if (!programs.some(({ name }) => `${group}/${name}`.includes(options.filter))) continue;
    const together = group.endsWith("together");
    const cpu = together ? options.clientCpu : options.serverCpu;
    using server = await (group.startsWith("spin/requests") ? startHttpServer(cpu) : startServer(cpu));
    const metrics = group.startsWith("spin/receive") ? RECEIVING : ANSWERING;
    const samples = programs.map(() => metrics.map((): number[] => []));
    for (let round = 1; round <= options.rounds; round++) {
      const begin = (index: number): void =>
        progress(`${group}/${programs[index]?.name}, round ${round} of ${options.rounds}`);
      const task = JSON.stringify(taskFor(group, server, options));
      const commands = programs.map(({ runtime, file }) => [runtime, path(file), task]);
      for (const [index, output] of (await runInWindows(commands, options.clientCpu, begin)).entries()) {
        const result: Record<string, number> = JSON.parse(output);
        for (const [at, [, key]] of metrics.entries()) samples[index]?.[at]?.push(result[key] ?? Number.NaN);
      }
    }
    for (const [at, [metric]] of metrics.entries()) {
      for (const [index, { name }] of programs.entries()) {
        record(figure(group, name, metric, countOf(group, options), samples[index]?.[at] ?? []));
      }
    }
  }
  await measureAllocations(options, record, progress);
}

/** Of a case whose contenders have the same; echoes are timed at once, the others in windows. */
function taskFor(group: string, server: ServerProcess, options: BenchOptions): Task | RequestTask {
  const secure = group.includes("/tls");
  const url = secure ? server.secureUrl : server.plainUrl;
  const ca = secure ? CA_PATH : null;
  const total = countOf(group, options);
  if (group.startsWith("spin/requests")) return requestTask(url, ca, "get", total, requestWindows(options));
  const job = group.startsWith("spin/receive") ? "receive" : "echo";
  const windows = job === "receive" ? floodWindows(options) : 1;
  const count = Math.ceil(total / windows);
  const warmup = job === "receive" ? Math.ceil(total / 2) : warmupTrips(total);
  return {
    job,
    url,
    ca,
    kind: "binary",
    size: 40,
    count,
    warmup,
    windows,
    examined: Math.min(total, 50_000),
    mixes: Math.min(10, Math.ceil(options.messages / 10_000)),
    wireBytes: job === "receive" ? bytesOnTheWire(40, count) : 0,
    warmupWireBytes: job === "receive" ? bytesOnTheWire(40, warmup) : 0,
  };
}

async function measureAllocations(
  options: BenchOptions,
  record: Recorder,
  progress: (text: string) => void,
): Promise<void> {
  const group = "spin/allocations";
  const count = Math.max(2_000, Math.min(200_000, options.messages));
  const chosen = ALLOCATING.filter((what) => `${group}/${what}`.includes(options.filter));
  if (chosen.length === 0) return;
  using server = await startServer(options.serverCpu);
  using http = await startHttpServer(options.serverCpu);
  const urls = {
    receive: `${server.plainUrl}/receive?kind=binary&size=40&count=${count}`,
    echo: `${server.plainUrl}/echo`,
    request: http.plainUrl,
  };
  for (const what of chosen) {
    progress(`${group}/${what}`);
    const command = [process.execPath, path("spin/allocations.ts"), what, urls[what], String(count)];
    const { bytes, objects } = JSON.parse(await runProcess(command, options.clientCpu, { BUN_JSC_useGC: "0" }));
    record(figure(group, what, "bytes/message", count, [bytes]));
    record(figure(group, what, "objects", count, [objects]));
  }
}

function countOf(group: string, options: BenchOptions): number {
  return group.startsWith("spin/receive") ? options.messages * FAST : options.roundTrips;
}

const RECEIVING = [
  ["ns/message", "wall"],
  ["CPU ns/message", "cpu"],
] as const;
const ANSWERING = [
  ["p50 µs", "p50"],
  ["p99 µs", "p99"],
  ["p99.9 µs", "p999"],
] as const;
/** All that receive take nanoseconds a message; see `share` of the contenders. */
const FAST = 17;
const ALLOCATING = ["receive", "echo", "request"] as const;
