import { afterAll, beforeAll } from "bun:test";
import { fileURLToPath } from "node:url";
import type { SpinWsOptions } from "../../src/ws/spin-options.ts";
import { SpinWsStream } from "../../src/ws/spin-stream.ts";
import { lineOf } from "../helpers/ws-peer.ts";
import { nameOf } from "./support.ts";

/** What the peer on the other side of a path has seen. */
export interface Seen {
  readonly lines: readonly string[];
  readonly gone: boolean;
  readonly failure: string | null;
  /** The upgrade request. */
  readonly request: string;
  /** The system's code for how the connection ended; null for an orderly end. */
  readonly error: string | null;
}

/** A server in a process of its own: a client that spins leaves its thread to nobody. */
export class SpinServer implements AsyncDisposable {
  readonly #child: Bun.Subprocess;
  readonly #ports: readonly number[];
  readonly #answers: Map<number, (seen: Seen) => void>;
  #asked = 0;

  private constructor(child: Bun.Subprocess, ports: readonly number[], answers: Map<number, (seen: Seen) => void>) {
    this.#child = child;
    this.#ports = ports;
    this.#answers = answers;
  }

  static async start(): Promise<SpinServer> {
    const { promise, resolve } = Promise.withResolvers<readonly number[]>();
    const answers = new Map<number, (seen: Seen) => void>();
    const child = Bun.spawn({
      cmd: [process.execPath, fileURLToPath(new URL("./peers/spin-server.ts", import.meta.url))],
      stdio: ["ignore", "inherit", "inherit"],
      ipc(message: { ports: readonly number[] } | (Seen & { id: number })) {
        if ("ports" in message) resolve(message.ports);
        else answers.get(message.id)?.(message);
      },
    });
    return new SpinServer(child, await promise, answers);
  }

  get port(): number {
    return this.#ports[0] ?? 0;
  }

  /** `/no-close` leads to a peer that does not answer close frames, `/deflate` to one that compresses and echoes. */
  url(path: string): string {
    return `ws://127.0.0.1:${this.#ports[path === "/no-close" ? 1 : path === "/deflate" ? 2 : 0]}${path}`;
  }

  /** Speaks TLS with the test certificate for localhost, and echoes. */
  get secureUrl(): string {
    return `wss://localhost:${this.#ports[3]}/`;
  }

  async ask(ask: "lines" | "proceed" | "gone", path: string): Promise<Seen> {
    const id = ++this.#asked;
    const { promise, resolve } = Promise.withResolvers<Seen>();
    this.#answers.set(id, resolve);
    this.#child.send({ id, ask, path });
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#child.exited;
  }
}

/** All that a stream gives until its end: lines, and `error CODE` for what it throws. */
export function readAllNow(ws: SpinWsStream): string[] {
  const lines: string[] = [];
  for (;;) {
    try {
      const message = ws.recv({ timeout: IN_VAIN });
      if (message === null) return lines;
      lines.push(lineOf(message.toOwned()));
    } catch (error) {
      lines.push(`error ${nameOf(error)}`);
      if (nameOf(error) === "RECV_TIMEOUT") return lines;
    }
  }
}

/** Milliseconds: far more than anything takes that is going to happen. */
const IN_VAIN = 20_000;

/** What opens a path of a server, and the server itself while tests run. */
interface Serving {
  readonly open: (path: string, options?: SpinWsOptions) => SpinWsStream;
  readonly server: () => SpinServer;
}

/** Has a server run for all tests of a file. */
export function servingTests(): Serving {
  let server: SpinServer;
  beforeAll(async () => {
    server = await SpinServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());
  return {
    open: (path, options = {}) => SpinWsStream.connectSync(server.url(path), options),
    server: () => server,
  };
}
