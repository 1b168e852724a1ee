import type { BenchOptions } from "./options.ts";
import { path, runProcess, type ServerProcess } from "./processes.ts";
import { type Figure, figure } from "./result.ts";

/**
 * What receiving 40-byte messages leaves behind: growth of RSS and of the live heap over ten million of them (fewer in a quick run)
 * through the handler, and the bytes that each way of reading allocates.
 */
export async function measureMemory(
  server: ServerProcess,
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  const count = Math.floor(options.messages / 3 / 100) * 1_000;
  const stream = (messages: number): string => `${server.plainUrl}/receive?kind=binary&size=40&count=${messages}`;
  for (const [what, unit, contender, divisor] of GROWTHS) {
    const name = `memory/handler/${contender}`;
    if (!name.includes(options.filter)) continue;
    progress(name);
    const command = [process.execPath, path("contenders/memory.ts"), stream(count), String(count), what];
    const samples: number[] = JSON.parse(await runProcess(command, options.clientCpu, {}));
    const growth = samples.slice(1).map((sample) => (sample - (samples[0] ?? 0)) / divisor);
    record(figure("memory/handler", contender, unit, count, growth.slice(-1)));
    record(figure("memory/handler", `${contender}, at every tenth`, unit, count, growth));
  }
  for (const way of ["handler", "try-recv", "await-recv", "for-await"]) {
    if (!`memory/allocations/${way}`.includes(options.filter)) continue;
    const messages = Math.min(1_000_000, options.messages);
    const samples: number[] = [];
    for (let round = 1; round <= Math.min(options.rounds, 3); round++) {
      progress(`memory/allocations/${way}, round ${round}`);
      const command = [process.execPath, path("contenders/allocations.ts"), stream(messages), String(messages), way];
      const output: { bytesPerMessage: number } = JSON.parse(
        await runProcess(command, options.clientCpu, { BUN_JSC_useGC: "0" }),
      );
      samples.push(output.bytesPerMessage);
    }
    record(figure("memory/allocations", way, "bytes/message", messages, samples));
  }
}

const GROWTHS = [
  ["rss", "MB", "growth of RSS", 1e6],
  ["objects", "objects", "growth of live objects", 1],
] as const;
