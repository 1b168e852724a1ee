import type { Program } from "../contenders.ts";
import { requestTask } from "../http/task.ts";
import type { BenchOptions } from "../options.ts";
import {
  CA_PATH,
  path,
  runProcess,
  runRequestTask,
  runTask,
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
    const rows = programs.map((): Map<Figure["metric"], number[]> => new Map());
    for (let round = 1; round <= options.rounds; round++) {
      for (const [index, program] of programs.entries()) {
        progress(`${group}/${program.name}, round ${round} of ${options.rounds}`);
        for (const [metric, value] of await measure(group, program, server, options)) {
          const row = rows[index] ?? new Map();
          row.set(metric, [...(row.get(metric) ?? []), value]);
        }
      }
    }
    for (const metric of rows[0]?.keys() ?? []) {
      for (const [index, { name }] of programs.entries()) {
        record(figure(group, name, metric, countOf(group, options), rows[index]?.get(metric) ?? []));
      }
    }
  }
  await measureAllocations(options, record, progress);
}

async function measure(
  group: string,
  program: Program,
  server: ServerProcess,
  options: BenchOptions,
): Promise<[Figure["metric"], number][]> {
  const secure = group.includes("/tls");
  const url = secure ? server.secureUrl : server.plainUrl;
  const ca = secure ? CA_PATH : null;
  const count = countOf(group, options);
  if (group.startsWith("spin/requests")) {
    const task = requestTask(url, ca, "get", count);
    const { p50, p99, p999 } = await runRequestTask(program.runtime, program.file, task, options.clientCpu);
    return percentiles(p50, p99, p999);
  }
  const job = group.startsWith("spin/receive") ? "receive" : "echo";
  const warmup = job === "receive" ? Math.ceil(count / 2) : warmupTrips(count);
  const task: Task = {
    job,
    url,
    ca,
    kind: "binary",
    size: 40,
    count,
    warmup,
    examined: Math.min(count, 50_000),
    mixes: Math.min(10, Math.ceil(options.messages / 10_000)),
    wireBytes: job === "receive" ? bytesOnTheWire(40, count) : 0,
    warmupWireBytes: job === "receive" ? bytesOnTheWire(40, warmup) : 0,
  };
  const result = await runTask(program.runtime, program.file, task, options.clientCpu);
  if (result.job === "echo") return percentiles(result.p50, result.p99, result.p999);
  return [
    ["ns/message", result.wall],
    ["CPU ns/message", result.cpu],
  ];
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

function percentiles(p50: number, p99: number, p999: number): [Figure["metric"], number][] {
  return [
    ["p50 µs", p50],
    ["p99 µs", p99],
    ["p99.9 µs", p999],
  ];
}

/** All that receive take nanoseconds a message; see `share` of the contenders. */
const FAST = 17;
const ALLOCATING = ["receive", "echo", "request"] as const;
