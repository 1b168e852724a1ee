import { chosenContenders } from "./contenders.ts";
import type { BenchOptions } from "./options.ts";
import { CA_PATH, runTask, startServer } from "./processes.ts";
import { type Figure, figure } from "./result.ts";
import { warmupTrips } from "./task.ts";

/**
 * Loopback: sequential round trips of 40 bytes. Twice where processes are pinned: server and client on a CPU each (`apart`), where a
 * halted CPU must be woken for each message, and both on the client's CPU (`together`).
 */
export async function measureEchoes(
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  const layouts =
    options.clientCpu === null
      ? [{ layout: "unpinned", serverCpu: null }]
      : [
          { layout: "apart", serverCpu: options.serverCpu },
          { layout: "together", serverCpu: options.clientCpu },
        ];
  for (const { layout, serverCpu } of layouts) {
    for (const transport of ["tcp", "tls"] as const) {
      const group = `echo/${transport}/${layout}`;
      const contenders = chosenContenders(group, options.filter);
      if (contenders.length === 0) continue;
      const samples = contenders.map(() => METRICS.map((): number[] => []));
      using server = await startServer(serverCpu);
      const task = {
        job: "echo",
        url: transport === "tls" ? server.secureUrl : server.plainUrl,
        ca: transport === "tls" ? CA_PATH : null,
        kind: "binary",
        size: 40,
        count: options.roundTrips,
        warmup: warmupTrips(options.roundTrips),
        windows: 1,
        examined: 0,
        mixes: Math.min(10, Math.ceil(options.messages / 10_000)),
        wireBytes: 0,
        warmupWireBytes: 0,
      } as const;
      for (let round = 1; round <= options.rounds; round++) {
        for (const [index, contender] of contenders.entries()) {
          progress(`${group}/${contender.name}, round ${round} of ${options.rounds}`);
          const result = await runTask(contender.runtime, contender.file, task, options.clientCpu);
          if (result.job !== "echo") continue;
          for (const [at, [, key]] of METRICS.entries()) samples[index]?.[at]?.push(result[key]);
        }
      }
      for (const [index, { name }] of contenders.entries()) {
        for (const [at, [metric]] of METRICS.entries()) {
          record(figure(group, name, metric, task.count, samples[index]?.[at] ?? []));
        }
      }
    }
  }
}

const METRICS = [
  ["p10 µs", "p10"],
  ["p50 µs", "p50"],
  ["p90 µs", "p90"],
  ["p99 µs", "p99"],
  ["p99.9 µs", "p999"],
] as const;
