import { chosenRequestContenders } from "./contenders.ts";
import { type RequestTaskResult, requestTask } from "./http/task.ts";
import { type BenchOptions, requestWindows } from "./options.ts";
import { CA_PATH, path, runInWindows, runProcess, startHttpServer } from "./processes.ts";
import { type Figure, figure } from "./result.ts";

/**
 * Loopback: requests one after another on one kept connection, to a server that answers at once. Twice where processes are pinned: server
 * and client on a CPU each (`apart`), where a halted CPU must be woken for each message, and both on the server's CPU (`together`). The
 * contenders of a case are timed in windows of some tenth of a second, one after the other, over and over.
 */
export async function measureRequests(
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  const { serverCpu } = options;
  const layouts =
    serverCpu === null
      ? [{ layout: "unpinned", cpu: null }]
      : [
          { layout: "apart", cpu: options.clientCpu },
          { layout: "together", cpu: serverCpu },
        ];
  for (const { layout, cpu } of layouts) {
    for (const transport of ["tcp", "tls"] as const) {
      for (const kind of ["get", "post"] as const) {
        const group = `http/${kind}/${transport}/${layout}`;
        const contenders = chosenRequestContenders(group, options.filter);
        if (contenders.length === 0) continue;
        using server = await startHttpServer(serverCpu);
        const origin = transport === "tls" ? server.secureUrl : server.plainUrl;
        const ca = transport === "tls" ? CA_PATH : null;
        const task = requestTask(origin, ca, kind, options.roundTrips, requestWindows(options));
        const samples = contenders.map(() => METRICS.map((): number[] => []));
        for (let round = 1; round <= options.rounds; round++) {
          const begin = (index: number): void =>
            progress(`${group}/${contenders[index]?.name}, round ${round} of ${options.rounds}`);
          const commands = contenders.map(({ runtime, file }) => [runtime, path(file), JSON.stringify(task)]);
          for (const [index, output] of (await runInWindows(commands, cpu, begin)).entries()) {
            const result: RequestTaskResult = JSON.parse(output);
            for (const [at, [, key]] of METRICS.entries()) samples[index]?.[at]?.push(result[key]);
          }
        }
        for (const [at, [metric]] of METRICS.entries()) {
          for (const [index, { name }] of contenders.entries()) {
            record(figure(group, name, metric, task.count, samples[index]?.[at] ?? []));
          }
        }
      }
    }
  }
}

/**
 * What a request allocates: bytes and objects of the heap, for a bare socket (`limit`: Bun's chunk and the promise), for `HttpConnection`, and
 * for the codec alone; `connection beyond limit` is what is ours.
 */
export async function measureRequestAllocations(
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  const count = Math.min(100_000, options.messages);
  for (const kind of ["get", "post"] as const) {
    const group = `memory/requests/${kind}`;
    if (!WAYS.some((way) => `${group}/${way}`.includes(options.filter))) continue;
    using server = await startHttpServer(options.serverCpu);
    const task = requestTask(server.plainUrl, null, kind, count);
    const samples = WAYS.map((): Allocations[] => []);
    for (let round = 1; round <= Math.min(options.rounds, MOST_ROUNDS); round++) {
      for (const [index, way] of WAYS.entries()) {
        progress(`${group}/${way}, round ${round}`);
        const command = [process.execPath, path("http/allocations.ts"), JSON.stringify(task), way];
        samples[index]?.push(JSON.parse(await runProcess(command, options.clientCpu, { BUN_JSC_useGC: "0" })));
      }
    }
    const [limit = [], connection = []] = samples;
    const beyond = connection.map((one, round) => ({
      bytes: one.bytes - (limit[round]?.bytes ?? 0),
      objects: one.objects - (limit[round]?.objects ?? 0),
    }));
    for (const [metric, what] of ALLOCATIONS) {
      for (const [index, way] of WAYS.entries()) {
        record(figure(group, way, metric, count, samples[index]?.map((one) => one[what]) ?? []));
      }
      record(
        figure(
          group,
          "connection beyond limit",
          metric,
          count,
          beyond.map((one) => one[what]),
        ),
      );
    }
  }
}

interface Allocations {
  readonly bytes: number;
  readonly objects: number;
}

const WAYS = ["limit", "connection", "codec"] as const;
const ALLOCATIONS = [
  ["bytes/request", "bytes"],
  ["objects/request", "objects"],
] as const;
const MOST_ROUNDS = 3;
const METRICS = [
  ["p50 µs", "p50"],
  ["p99 µs", "p99"],
  ["p99.9 µs", "p999"],
  ["requests/s", "perSecond"],
  ["CPU µs/request", "cpu"],
] as const;
