import { type ContenderProgram, chosenContenders } from "./contenders.ts";
import type { BenchOptions } from "./options.ts";
import { CA_PATH, runTask, type ServerProcess } from "./processes.ts";
import { type Figure, figure } from "./result.ts";
import { bytesOnTheWire, type Task } from "./task.ts";

/** Loopback: nanoseconds a message by the clock and of CPU time, contenders taking turns round by round, each in a process of its own. */
export async function measureReceiving(
  server: ServerProcess,
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  for (const transport of ["tcp", "tls"] as const) {
    for (const size of SIZES) {
      const group = `receive/${transport}/${size}`;
      const contenders = chosenContenders(group, options.filter);
      const samples = contenders.map((): { wall: number[]; cpu: number[] } => ({ wall: [], cpu: [] }));
      for (let round = 1; round <= options.rounds; round++) {
        for (const [index, contender] of contenders.entries()) {
          progress(`${group}/${contender.name}, round ${round} of ${options.rounds}`);
          const task = receivingTask(server, transport, size, countOf(options, contender, size));
          const result = await runTask(contender.runtime, contender.file, task, options.clientCpu);
          if (result.job !== "receive") continue;
          samples[index]?.wall.push(result.wall);
          samples[index]?.cpu.push(result.cpu);
        }
      }
      for (const [metric, clock] of CLOCKS) {
        for (const [index, contender] of contenders.entries()) {
          const count = countOf(options, contender, size);
          record(figure(group, contender.name, metric, count, samples[index]?.[clock] ?? []));
        }
      }
    }
  }
}

/** Of large messages fewer, but not less than the messages of a run where a contender reads as many at all. */
function countOf({ messages }: BenchOptions, { share }: ContenderProgram, size: number): number {
  return Math.round(messages * Math.max(Math.min(share, 1), (share * SIZES[0]) / size));
}

function receivingTask(server: ServerProcess, transport: "tcp" | "tls", size: number, count: number): Task {
  const warmup = Math.ceil(count / 2);
  return {
    job: "receive",
    url: transport === "tls" ? server.secureUrl : server.plainUrl,
    ca: transport === "tls" ? CA_PATH : null,
    kind: "binary",
    size,
    count,
    warmup,
    examined: Math.min(count, 50_000),
    mixes: Math.min(10, Math.ceil(count / 10_000)),
    wireBytes: bytesOnTheWire(size, count),
    warmupWireBytes: bytesOnTheWire(size, warmup),
  };
}

const SIZES = [40, 128, 512] as const;
/** Where CPU time is well below the clock's, the contender waited: for the server, or for its turn on a busy machine. */
const CLOCKS = [
  ["ns/message", "wall"],
  ["CPU ns/message", "cpu"],
] as const;
