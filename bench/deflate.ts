import { chosenDeflateContenders, type DeflateContender } from "./contenders.ts";
import { BOOKS } from "./deflate/books.ts";
import type { DeflateParameters, DeflateResult, DeflateTask } from "./deflate/task.ts";
import type { BenchOptions } from "./options.ts";
import { path, runProcess, startListening } from "./processes.ts";
import { type Figure, figure } from "./result.ts";

/**
 * Compressed messages over loopback, contenders taking turns, each in a process of its own on the contenders' CPU, the peer on the other: books of 676
 * bytes and snapshots of 20 KiB, received as strings and sent, by clients and by servers. All have a window of 15 bits each way, taken over from message to
 * message, memory level 8, zlib's default level 6 where a contender's name says no other, and compress all books.
 */
export async function measureDeflate(
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  for (const role of ["client", "server"] as const) {
    for (const way of ["receive", "send"] as const) {
      for (const size of SIZES) {
        const group = `deflate/${role}/${way}/${size}`;
        const contenders = chosenDeflateContenders(role, way, group, options.filter);
        const task = taskFor(way, size, options);
        const results = contenders.map((): DeflateResult[] => []);
        for (let round = 1; round <= options.rounds; round++) {
          for (const [index, contender] of contenders.entries()) {
            progress(`${group}/${contender.name}, round ${round} of ${options.rounds}`);
            const measure = role === "client" ? measureClient : measureServer;
            results[index]?.push(await measure(contender, task, options));
          }
        }
        for (const [metric, read] of METRICS) {
          for (const [index, { name }] of contenders.entries()) {
            record(figure(group, name, metric, task.count, (results[index] ?? []).map(read)));
          }
        }
      }
    }
  }
}

async function measureClient(
  { file, runtime, level, corked = false }: DeflateContender,
  task: DeflateTask,
  options: BenchOptions,
): Promise<DeflateResult> {
  const { server, ports } = await startListening<{ port: number }>([path("deflate/peer-server.ts")], options.serverCpu);
  try {
    const url = `ws://127.0.0.1:${ports.port}/?task=${encodeURIComponent(JSON.stringify(task))}`;
    const parameters: DeflateParameters = { url, level, threshold: THRESHOLD, corked };
    const command = [runtime === "bun" ? process.execPath : runtime, path(file), JSON.stringify(parameters)];
    return JSON.parse(await runProcess(command, options.clientCpu, {}));
  } finally {
    server.kill();
    await server.exited;
  }
}

async function measureServer(
  { file, runtime, level, corked = false }: DeflateContender,
  task: DeflateTask,
  options: BenchOptions,
): Promise<DeflateResult> {
  const parameters: DeflateParameters = { url: null, level, threshold: THRESHOLD, corked };
  const { server, ports } = await startListening<{ port: number }>(
    [path(file), JSON.stringify(parameters)],
    options.clientCpu,
    runtime === "bun" ? process.execPath : runtime,
  );
  try {
    const command = [process.execPath, path("deflate/peer-client.ts"), JSON.stringify({ port: ports.port, task })];
    return JSON.parse(await runProcess(command, options.serverCpu, {}));
  } finally {
    server.kill();
    await server.exited;
  }
}

function taskFor(way: "receive" | "send", size: number, { messages }: BenchOptions): DeflateTask {
  const share = (way === "receive" ? 1 / 20 : 1 / 50) * (size > 1_000 ? 1 / 15 : 1);
  const count = Math.max(1, Math.round((messages * share) / BOOKS)) * BOOKS;
  return { way, size, count, warmup: Math.ceil(count / (5 * BOOKS)) * BOOKS };
}

const SIZES = [676, 20 << 10] as const;
const THRESHOLD = 512;
const METRICS: readonly (readonly [Figure["metric"], (result: DeflateResult) => number])[] = [
  ["ns/message", ({ wall }) => wall],
  ["CPU ns/message", ({ cpu }) => cpu],
  ["wire bytes/message", ({ wire }) => wire],
];
