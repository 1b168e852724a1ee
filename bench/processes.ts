import { fileURLToPath } from "node:url";
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
  return await orNothing(runToItsEnd(command, cpu, environment));
}

async function orNothing(output: Promise<string>): Promise<string> {
  try {
    return await output;
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
  using program = new Program(command, cpu, environment, 120_000);
  return await program.output();
}

/**
 * Runs programs that time themselves in windows, in turns: each is started and warms up while the others wait, and then they are given a window
 * each, over and over, until the last has ended. A slow time of the machine is in the windows of all of them. Returns the last line of
 * each; `begin` is told whose start, and whose output, is next.
 */
export async function runInWindows(
  commands: readonly (readonly string[])[],
  cpu: number | null,
  begin: (index: number) => void,
): Promise<string[]> {
  const programs: Program[] = [];
  try {
    for (const [index, command] of commands.entries()) {
      begin(index);
      const program = new Program(command, cpu, {}, 600_000);
      programs.push(program);
      await program.untilReady();
    }
    while (programs.some(({ ready }) => ready)) {
      for (const program of programs.filter(({ ready }) => ready)) {
        program.giveWindow();
        await program.untilReady();
      }
    }
    const outputs: string[] = [];
    for (const [index, program] of programs.entries()) {
      begin(index);
      outputs.push(await orNothing(program.output()));
    }
    return outputs;
  } finally {
    for (const program of programs) program[Symbol.dispose]();
  }
}

/** One that runs. Who ends this process ends it too: it would go on alone, and be in the way of the next run. */
class Program {
  /** It waits for its next window. */
  ready = false;
  readonly #name: string;
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #chunks: AsyncIterator<Uint8Array, unknown>;
  readonly #errors: Promise<string>;
  readonly #end: () => void;
  readonly #decoder: TextDecoder = new TextDecoder();
  #text = "";

  constructor(command: readonly string[], cpu: number | null, environment: Record<string, string>, timeout: number) {
    this.#name = command.slice(0, 2).join(" ");
    this.#child = Bun.spawn([...pinned(cpu), ...command], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      timeout,
      env: { ...process.env, ...environment },
    });
    this.#chunks = this.#child.stdout[Symbol.asyncIterator]();
    this.#errors = this.#child.stderr.text();
    this.#end = () => {
      this.#child.kill();
    };
    process.on("exit", this.#end);
    for (const signal of SIGNALS) process.on(signal, leave);
  }

  giveWindow(): void {
    this.ready = false;
    this.#child.stdin.write("go\n");
    this.#child.stdin.flush();
  }

  /** Until it is {@link ready}, or has ended. */
  async untilReady(): Promise<void> {
    while (!this.#text.endsWith(READY)) {
      if (!(await this.#readOn())) return;
    }
    this.#text = this.#text.slice(0, -READY.length);
    this.ready = true;
  }

  /** What it prints, beside that it is ready, once it has ended; throws where it failed. */
  async output(): Promise<string> {
    while (await this.#readOn());
    const [errors, status] = await Promise.all([this.#errors, this.#child.exited]);
    if (status !== 0) throw new Error(`Cannot run ${this.#name}: exit status ${status}: ${errors || this.#text}`);
    return this.#text;
  }

  [Symbol.dispose](): void {
    this.#end();
    process.off("exit", this.#end);
    for (const signal of SIGNALS) process.off(signal, leave);
  }

  async #readOn(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done !== true) this.#text += this.#decoder.decode(next.value, { stream: true });
    return next.done !== true;
  }
}

/** All that run hear of it, and end. */
function leave(): never {
  process.exit(1);
}

const READY = "ready\n";

/** The path of a file of this folder. */
export function path(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

/** `taskset` where a CPU is asked for. */
function pinned(cpu: number | null): readonly string[] {
  return cpu === null ? [] : ["taskset", "-c", String(cpu)];
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
