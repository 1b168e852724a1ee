import { fileURLToPath } from "node:url";
import type { RequestTask, RequestTaskResult } from "./http/task.ts";
import type { Task, TaskResult } from "./task.ts";

/** A running bench server and how to reach and end it. */
export interface ServerProcess extends Disposable {
  readonly plainUrl: string;
  readonly secureUrl: string;
}

/** The certificate authority of the test certificates. */
export const CA_PATH: string = fileURLToPath(new URL("../test/fixtures/tls/ca.crt", import.meta.url));

/** Starts the WebSocket server in a process of its own, on one CPU where `cpu` is not null. */
export function startServer(cpu: number | null): Promise<ServerProcess> {
  return startProgram("server.ts", "ws", cpu);
}

/** The same for the server that answers requests. */
export function startHttpServer(cpu: number | null): Promise<ServerProcess> {
  return startProgram("http/server.ts", "http", cpu);
}

/** The server of the pool benches. */
export interface PoolServerProcess extends Disposable {
  /** Answers at once. */
  readonly promptUrl: string;
  /** Answers after a millisecond. */
  readonly slowUrl: string;
}

/** Starts it in a process of its own, on one CPU where `cpu` is not null. */
export async function startPoolServer(cpu: number | null): Promise<PoolServerProcess> {
  const { server, ports } = await startListening<{ prompt: number; slow: number }>([path("pool/server.ts")], cpu);
  return {
    promptUrl: `http://127.0.0.1:${ports.prompt}`,
    slowUrl: `http://127.0.0.1:${ports.slow}`,
    [Symbol.dispose]() {
      server.kill();
    },
  };
}

async function startProgram(file: string, scheme: "ws" | "http", cpu: number | null): Promise<ServerProcess> {
  const fixture = (name: string): string => fileURLToPath(new URL(`../test/fixtures/tls/${name}`, import.meta.url));
  const command = [path(file), fixture("localhost.crt"), fixture("localhost.key")];
  const { server, ports } = await startListening<{ plain: number; secure: number }>(command, cpu);
  return {
    plainUrl: `${scheme}://127.0.0.1:${ports.plain}`,
    secureUrl: `${scheme}s://127.0.0.1:${ports.secure}`,
    [Symbol.dispose]() {
      server.kill();
    },
  };
}

/** Starts a program, of Bun's where no other runtime is named, that says on its first line where it listens. It ends with its standard input. */
export async function startListening<Ports>(
  command: readonly string[],
  cpu: number | null,
  runtime: string = process.execPath,
): Promise<{ server: Bun.Subprocess<"pipe", "pipe", "inherit">; ports: Ports }> {
  const whole = [...pinned(cpu), runtime, ...command];
  const server = Bun.spawn(whole, { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  let line = "";
  const decoder = new TextDecoder();
  for await (const chunk of server.stdout) {
    line += decoder.decode(chunk, { stream: true });
    if (line.includes("\n")) break;
  }
  return { server, ports: JSON.parse(line) };
}

/** Runs one task in a process of its own, on one CPU where `cpu` is not null, and returns what it printed. */
export async function runTask(runtime: string, file: string, task: Task, cpu: number | null): Promise<TaskResult> {
  return JSON.parse(await runProcess([runtime, path(file), JSON.stringify(task)], cpu, {}));
}

/** {@link runTask} for a contender of the request benches. */
export async function runRequestTask(
  runtime: string,
  file: string,
  task: RequestTask,
  cpu: number | null,
): Promise<RequestTaskResult> {
  return JSON.parse(await runProcess([runtime, path(file), JSON.stringify(task)], cpu, {}));
}

let survive: ((error: Error) => void) | null = null;

/**
 * From now on a process that fails is told to `told` in place of ending the run, and answers an empty object: its samples are no numbers, and
 * `figure` leaves them out.
 */
export function surviveFailures(told: (error: Error) => void): void {
  survive = told;
}

/** Runs a program of this folder to its end and returns its standard output; throws where it fails or takes over two minutes. */
export async function runProcess(
  command: readonly string[],
  cpu: number | null,
  environment: Record<string, string>,
): Promise<string> {
  try {
    return await runToItsEnd(command, cpu, environment);
  } catch (error) {
    if (survive === null) throw error;
    survive(error as Error);
    return "{}";
  }
}

async function runToItsEnd(
  command: readonly string[],
  cpu: number | null,
  environment: Record<string, string>,
): Promise<string> {
  const child = Bun.spawn([...pinned(cpu), ...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 120_000,
    env: { ...process.env, ...environment },
  });
  // Who ends this process ends the program too: it would go on alone, and be in the way of the next run.
  const end = (): never => {
    child.kill();
    process.exit(1);
  };
  for (const signal of SIGNALS) process.on(signal, end);
  try {
    const [output, errors, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    if (status !== 0)
      throw new Error(`Cannot run ${command.slice(0, 2).join(" ")}: exit status ${status}: ${errors || output}`);
    return output;
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
  }
}

/** The path of a file of this folder. */
export function path(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/** `taskset` where a CPU is asked for. */
function pinned(cpu: number | null): readonly string[] {
  return cpu === null ? [] : ["taskset", "-c", String(cpu)];
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
