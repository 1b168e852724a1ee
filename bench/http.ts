import { chosenRequestContenders } from "./contenders.ts";
import { requestTask } from "./http/task.ts";
import type { BenchOptions } from "./options.ts";
import { CA_PATH, runRequestTask, startHttpServer } from "./processes.ts";
import { type Figure, figure } from "./result.ts";

/**
 * Loopback: requests one after another on one kept connection, to a server that answers at once. Twice where processes are pinned: server
 * and client on a CPU each (`apart`), where a halted CPU must be woken for each message, and both on the server's CPU (`together`).
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
        const task = requestTask(origin, transport === "tls" ? CA_PATH : null, kind, options.roundTrips);
        const samples = contenders.map(() => METRICS.map((): number[] => []));
        for (let round = 1; round <= options.rounds; round++) {
          for (const [index, { name, runtime, file }] of contenders.entries()) {
            progress(`${group}/${name}, round ${round} of ${options.rounds}`);
            const result = await runRequestTask(runtime, file, task, cpu);
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

const METRICS = [
  ["p50 µs", "p50"],
  ["p99 µs", "p99"],
  ["p99.9 µs", "p999"],
  ["requests/s", "perSecond"],
  ["CPU µs/request", "cpu"],
] as const;
