import { fileURLToPath } from "node:url";
import { Worker as NodeWorker } from "node:worker_threads";
import type { WatchableWorker } from "../../../src/pool/atomic-watch.ts";

/** What a step of `shared-worker.ts` came to. */
interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: Failure;
}

/** An error, as it was in the Worker. */
export interface Failure {
  readonly name: string;
  readonly code: string | null;
  readonly message: string;
  readonly progress?: string;
  readonly bytesSent?: number;
  readonly cause: Failure | null;
}

const SCRIPT = fileURLToPath(new URL("./shared-worker.ts", import.meta.url));

/** A Worker that runs `shared-worker.ts`, of the web's kind or of `node:worker_threads`. Steps are begun in order. */
export class SharedClient {
  readonly worker: WatchableWorker;
  /** Resolves once it has ended. */
  readonly ended: Promise<void>;
  readonly #post: (message: unknown) => void;
  readonly #terminate: () => unknown;
  readonly #waiting: Map<number, (answer: Answer) => void> = new Map();
  #steps = 0;

  constructor(kind: "web" | "node") {
    const onAnswer = (answer: Answer): void => this.#waiting.get(answer.id)?.(answer);
    if (kind === "web") {
      const worker = new Worker(SCRIPT);
      worker.onmessage = ({ data }) => onAnswer(data);
      worker.onerror = (event) => event.preventDefault();
      this.ended = new Promise((resolve) => worker.addEventListener("close", () => resolve()));
      this.worker = worker;
      this.#post = (message) => worker.postMessage(message);
      this.#terminate = () => worker.terminate();
    } else {
      const worker = new NodeWorker(SCRIPT);
      worker.on("message", onAnswer);
      worker.on("error", () => {});
      this.ended = new Promise((resolve) => worker.on("exit", () => resolve()));
      this.worker = worker;
      this.#post = (message) => worker.postMessage(message);
      this.#terminate = () => worker.terminate();
    }
  }

  /** What the step gives; rejects with what it was where it throws. */
  async tell(step: string, ...details: readonly unknown[]): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const id = this.#steps++;
    this.#waiting.set(id, resolve);
    this.#post({ id, step, arguments: details });
    const { error, value } = await promise;
    if (error !== undefined) throw new Error(`${error.code ?? error.name}: ${error.message}`, { cause: error });
    return value;
  }

  /** What a step fails with. */
  async failure(step: string, ...details: readonly unknown[]): Promise<Failure> {
    try {
      await this.tell(step, ...details);
    } catch (error) {
      return (error as Error).cause as Failure;
    }
    throw new Error(`Cannot fail: ${step} gave a value`);
  }

  /** A step after which it answers nothing. */
  post(step: string): void {
    this.#post({ id: -1, step, arguments: [] });
  }

  /** Blocks this thread until the Worker has done `count` steps more than it has when `begin` returns. */
  blocked(count: number, begin: () => void): void {
    const done = new Int32Array(new SharedArrayBuffer(4));
    this.#post({ id: -1, step: "count", arguments: [done] });
    begin();
    // That it was told to count counts, too.
    for (let steps = 0; steps < count + 1; steps = Atomics.load(done, 0)) Atomics.wait(done, 0, steps, 10_000);
  }

  async end(): Promise<void> {
    this.#terminate();
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
