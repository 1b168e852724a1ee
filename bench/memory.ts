import type { BenchOptions } from "./options.ts";
import { path, runProcess, type ServerProcess } from "./processes.ts";
import { type Figure, figure } from "./result.ts";

/**
 * What receiving 40-byte messages leaves behind: growth of RSS and of the live heap over ten million of them (fewer in a quick run)
 * through the handler and through a bare socket, and the bytes that each way of reading allocates.
 */
export async function measureMemory(
  server: ServerProcess,
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  const rounds = Math.min(options.rounds, MOST_ROUNDS);
  const count = Math.floor(options.messages / 300) * 1_000;
  const stream = (messages: number): string => `${server.plainUrl}/receive?kind=binary&size=40&count=${messages}`;
  for (const way of ["limit", "handler"]) {
    for (const [what, unit, name, divisor] of GROWTHS) {
      if (!`memory/${way}/${name}`.includes(options.filter)) continue;
      const last: number[] = [];
      const greatest: number[] = [];
      for (let round = 1; round <= rounds; round++) {
        progress(`memory/${way}/${name}, round ${round} of ${rounds}`);
        const command = [process.execPath, path("contenders/memory.ts"), server.plainUrl, String(count), what, way];
        const output: unknown = JSON.parse(await runProcess(command, options.clientCpu, {}));
        const samples: readonly number[] = Array.isArray(output) ? output : [];
        const growth = samples.slice(1).map((sample) => (sample - (samples[0] ?? 0)) / divisor);
        last.push(growth.at(-1) ?? Number.NaN);
        greatest.push(Math.max(...growth));
      }
      record(figure(`memory/${way}`, name, unit, count, last));
      record(figure(`memory/${way}`, `${name} at its greatest`, unit, count, greatest));
    }
  }
  for (const way of ["handler", "try-recv", "await-recv", "for-await"]) {
    if (!`memory/allocations/${way}`.includes(options.filter)) continue;
    const messages = Math.min(1_000_000, options.messages);
    const samples: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`memory/allocations/${way}, round ${round} of ${rounds}`);
      const command = [process.execPath, path("contenders/allocations.ts"), stream(messages), String(messages), way];
      const output: { bytesPerMessage: number } = JSON.parse(
        await runProcess(command, options.clientCpu, { BUN_JSC_useGC: "0" }),
      );
      samples.push(output.bytesPerMessage);
    }
    record(figure("memory/allocations", way, "bytes/message", messages, samples));
  }
}

const MOST_ROUNDS = 3;
const GROWTHS = [
  ["rss", "MB", "growth of RSS", 1e6],
  ["objects", "objects", "growth of live objects", 1],
] as const;
