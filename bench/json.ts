import { chosenJsonContenders } from "./contenders.ts";
import { frameBlock } from "./corpus.ts";
import type { JsonTask } from "./json/task.ts";
import { JSON_SIZES, updateSum } from "./market.ts";
import type { BenchOptions } from "./options.ts";
import { path, runProcess, type ServerProcess } from "./processes.ts";
import { type Figure, figure } from "./result.ts";
import { bytesOnTheWire, type Task } from "./task.ts";

/**
 * Market data in text frames over loopback TCP, each message an object in the end: a quote of 77 bytes, an order update of 148, a book of 676. The
 * limit counts bytes; `parse-alone` has no socket.
 */
export async function measureJson(
  server: ServerProcess,
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  for (const [name, size] of Object.entries(JSON_SIZES)) {
    const group = `json/${name}`;
    const contenders = chosenJsonContenders(group, options.filter);
    const samples = contenders.map((): { wall: number[]; cpu: number[] } => ({ wall: [], cpu: [] }));
    for (let round = 1; round <= options.rounds; round++) {
      for (const [index, contender] of contenders.entries()) {
        progress(`${group}/${contender.name}, round ${round} of ${options.rounds}`);
        const count = Math.round(options.messages * contender.share);
        const task = contender.name === "limit" ? limitTask(server, size, count) : jsonTask(server, size, count);
        const runtime = contender.runtime === "bun" ? process.execPath : contender.runtime;
        const command = [runtime, path(contender.file), JSON.stringify(task)];
        const { wall, cpu } = JSON.parse(await runProcess(command, options.clientCpu, {}));
        samples[index]?.wall.push(wall);
        samples[index]?.cpu.push(cpu);
      }
    }
    for (const [metric, clock] of CLOCKS) {
      for (const [index, contender] of contenders.entries()) {
        const count = Math.round(options.messages * contender.share);
        record(figure(group, contender.name, metric, count, samples[index]?.[clock] ?? []));
      }
    }
  }
}

function jsonTask(server: ServerProcess, size: number, count: number): JsonTask {
  const { payloads } = frameBlock("json", size, BLOCK_BYTES, false);
  const warmup = Math.ceil(count / 10);
  return {
    url: server.plainUrl,
    size,
    count,
    sum: updateSum(payloads, count),
    warmup,
    warmupSum: updateSum(payloads, warmup),
    mixes: Math.min(10, Math.ceil(count / 10_000)),
  };
}

function limitTask(server: ServerProcess, size: number, count: number): Task {
  const warmup = Math.ceil(count / 10);
  return {
    job: "receive",
    url: server.plainUrl,
    ca: null,
    kind: "json",
    size,
    count,
    warmup,
    windows: 1,
    examined: 0,
    mixes: 0,
    wireBytes: bytesOnTheWire(size, count),
    warmupWireBytes: bytesOnTheWire(size, warmup),
  };
}

/** As the server has it. */
const BLOCK_BYTES = 1 << 20;
const CLOCKS = [
  ["ns/message", "wall"],
  ["CPU ns/message", "cpu"],
] as const;
