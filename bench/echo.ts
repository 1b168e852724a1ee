import { chosenContenders } from "./contenders.ts";
import type { BenchOptions } from "./options.ts";
import { CA_PATH, runTask, startServer } from "./processes.ts";
import { type Figure, figure } from "./result.ts";

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
      const samples = contenders.map((): { p50: number[]; p99: number[]; p999: number[] } => ({
        p50: [],
        p99: [],
        p999: [],
      }));
      using server = await startServer(serverCpu);
      const task = {
        job: "echo",
        url: transport === "tls" ? server.secureUrl : server.plainUrl,
        ca: transport === "tls" ? CA_PATH : null,
        kind: "binary",
        size: 40,
        count: options.roundTrips,
        warmup: Math.ceil(options.roundTrips / 4),
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
          samples[index]?.p50.push(result.p50);
          samples[index]?.p99.push(result.p99);
          samples[index]?.p999.push(result.p999);
        }
      }
      for (const [index, { name }] of contenders.entries()) {
        const taken = samples[index];
        if (taken === undefined) continue;
        record(figure(group, name, "p50 µs", task.count, taken.p50));
        record(figure(group, name, "p99 µs", task.count, taken.p99));
        record(figure(group, name, "p99.9 µs", task.count, taken.p999));
      }
    }
  }
}
