import { type ContenderProgram, chosenContenders } from "./contenders.ts";
import { type BenchOptions, floodWindows } from "./options.ts";
import { CA_PATH, path, runInWindows, type ServerProcess } from "./processes.ts";
import { type Figure, figure } from "./result.ts";
import { bytesOnTheWire, type Task, type TaskResult } from "./task.ts";

/**
 * Loopback: nanoseconds a message by the clock and of CPU time, each contender in a process of its own. Those of a case are timed in windows of some
 * tenths of a second, one after the other, over and over.
 */
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
        const begin = (index: number): void =>
          progress(`${group}/${contenders[index]?.name}, round ${round} of ${options.rounds}`);
        const commands = contenders.map((contender) => {
          const task = receivingTask(server, transport, size, countOf(options, contender, size), floodWindows(options));
          return [contender.runtime, path(contender.file), JSON.stringify(task)];
        });
        for (const [index, output] of (await runInWindows(commands, options.clientCpu, begin)).entries()) {
          const result: TaskResult = JSON.parse(output);
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

function receivingTask(
  server: ServerProcess,
  transport: "tcp" | "tls",
  size: number,
  total: number,
  windows: number,
): Task {
  const warmup = Math.ceil(total / 2);
  const count = Math.ceil(total / windows);
  return {
    job: "receive",
    url: transport === "tls" ? server.secureUrl : server.plainUrl,
    ca: transport === "tls" ? CA_PATH : null,
    kind: "binary",
    size,
    count,
    warmup,
    windows,
    examined: Math.min(total, 50_000),
    mixes: Math.min(10, Math.ceil(total / 10_000)),
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
