import { fileURLToPath } from "node:url";
import type { ResponseReaderOptions } from "../../../src/codec/http/response-options.ts";
import type { DialMeans } from "../../../src/socket/dial.ts";
import type { WsClosure } from "../../../src/ws/session-state.ts";
import { Agent, type Answered, type Asked, type OpenedWs, type Verb } from "./agent.ts";
import { dialRaw, eventMeans } from "./event-means.ts";
import type { RawFacts, RawOptions, RawTarget, TestHttpOptions, TestWsOptions } from "./means.ts";
import { Failure, type Told } from "./told.ts";

/** The library's clients as tests drive them: whichever backend they are of, in whichever process, they fail with {@link Failure}s. */
export class Backend implements AsyncDisposable {
  readonly name: string;
  readonly #line: Line;

  private constructor(name: string, line: Line) {
    this.name = name;
    this.#line = line;
  }

  /** In this thread. */
  static event(): Backend {
    return new Backend("event", new NearLine());
  }

  /** In a process of its own, whose thread it holds up while it waits. */
  static async spin(): Promise<Backend> {
    return new Backend("spin", await FarLine.start());
  }

  async openWs(url: string, options: TestWsOptions = {}): Promise<BackendWs> {
    const { id, ...opened } = await this.#line.call("openWs", url, options);
    return new BackendWs(this.#line, id, opened);
  }

  async openHttp(url: string, options: TestHttpOptions = {}): Promise<BackendHttp> {
    return new BackendHttp(this.#line, await this.#line.call("openHttp", url, options));
  }

  async openRaw(target: RawTarget, options: RawOptions = {}): Promise<BackendRaw> {
    const { id, facts } = await this.#line.call("openRaw", target, options);
    return new BackendRaw(this.#line, id, facts);
  }

  /** Sockets that the client's process has open. */
  socketsOpen(): Promise<number> {
    return this.#line.call("socketsOpen");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#line[Symbol.asyncDispose]();
  }
}

/** Each backend once, for `describe.each`: the spin one is shared by the tests of a file. */
export const BACKENDS: readonly (readonly [name: string, start: () => Promise<Backend>])[] = [
  ["event", async () => Backend.event()],
  ["spin", () => Backend.spin()],
];

export class BackendWs {
  readonly opened: OpenedWs;
  readonly #line: Line;
  readonly #id: number;

  constructor(line: Line, id: number, opened: OpenedWs) {
    this.#line = line;
    this.#id = id;
    this.opened = opened;
  }

  /** A line, as {@link import("../ws-peer.ts").lineOf} has it; null at the end. */
  recv(timeout?: number): Promise<string | null> {
    return this.#line.call("recv", this.#id, timeout);
  }

  tryRecv(): Promise<string | null> {
    return this.#line.call("tryRecv", this.#id);
  }

  recvBytes(): Promise<{ kind: string; bytes: Uint8Array } | null> {
    return this.#line.call("recvBytes", this.#id);
  }

  /** All lines until the end, and `error CODE` for what is thrown. */
  readAll(): Promise<string[]> {
    return this.#line.call("readAll", this.#id);
  }

  /** All that is told until the end, as the lines of `events.ts`. */
  readEvents(): Promise<string[]> {
    return this.#line.call("readEvents", this.#id);
  }

  sendText(text: string): Promise<boolean> {
    return this.#line.call("sendText", this.#id, text);
  }

  sendBinary(bytes: Uint8Array): Promise<boolean> {
    return this.#line.call("sendBinary", this.#id, bytes);
  }

  drained(): Promise<void> {
    return this.#line.call("drained", this.#id);
  }

  close(code?: number, reason?: string): Promise<boolean> {
    return this.#line.call("close", this.#id, code, reason);
  }

  terminate(): Promise<void> {
    return this.#line.call("terminate", this.#id);
  }

  /** As leaving `using` does. */
  dispose(): Promise<void> {
    return this.#line.call("dispose", this.#id);
  }

  state(): Promise<string> {
    return this.#line.call("stateOf", this.#id);
  }

  closure(): Promise<WsClosure | null> {
    return this.#line.call("closureOf", this.#id);
  }
}

export class BackendHttp implements AsyncDisposable {
  readonly #line: Line;
  readonly #id: number;

  constructor(line: Line, id: number) {
    this.#line = line;
    this.#id = id;
  }

  ask(path = "/", asked: Asked = {}): Promise<Answered> {
    return this.#line.call("ask", this.#id, path, asked);
  }

  /** What a request comes to, as the lines of `response-events.ts`. */
  askForLines(method: "GET" | "POST" | "HEAD", limits: ResponseReaderOptions): Promise<string[]> {
    return this.#line.call("askForLines", this.#id, method, limits);
  }

  standing(): Promise<{ state: string; isReusable: boolean }> {
    return this.#line.call("standing", this.#id);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#line.call("closeHttp", this.#id);
  }
}

/** A connection of bytes, as {@link BackendRaw} has it. */
export interface RawClient {
  readonly facts: RawFacts;
  exchange(text: string): Promise<string>;
  shutdown(): Promise<void>;
  terminate(): Promise<void>;
}

export class BackendRaw implements RawClient {
  readonly facts: RawFacts;
  readonly #line: Line;
  readonly #id: number;

  constructor(line: Line, id: number, facts: RawFacts) {
    this.#line = line;
    this.#id = id;
    this.facts = facts;
  }

  /** Sends text; what has come once that ends in it, or nothing more comes. */
  exchange(text: string): Promise<string> {
    return this.#line.call("exchange", this.#id, text);
  }

  shutdown(): Promise<void> {
    return this.#line.call("shutdownRaw", this.#id);
  }

  terminate(): Promise<void> {
    return this.#line.call("closeRaw", this.#id);
  }
}

/** A way of dialling that tests are run with; `close` when they are over. */
export interface Way {
  readonly name: string;
  open(target: RawTarget, options?: RawOptions): Promise<RawClient>;
  /** Sockets that the client's process has open, the test's own where it is this one. */
  socketsOpen(): Promise<number>;
  /** Of this process's own: those of a test's servers are counted. */
  readonly near: boolean;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The event backend, by other means than the system's where some are given. */
export function eventWay(name: string, means: DialMeans | null = null): Way {
  const agent = new Agent(eventMeans);
  return {
    name,
    near: true,
    socketsOpen: () => agent.socketsOpen(),
    async open(target, options = {}) {
      const raw = await dialRaw(target, options, means);
      return {
        facts: raw.facts(),
        exchange: async (text) => raw.exchange(text),
        shutdown: async () => raw.shutdown(),
        terminate: async () => raw.terminate(),
      };
    },
    async start() {},
    async stop() {},
  };
}

export function spinWay(): Way {
  let backend: Backend | null = null;
  return {
    name: "by spinning",
    near: false,
    async socketsOpen() {
      return backend === null ? 0 : backend.socketsOpen();
    },
    async open(target, options) {
      if (backend === null) throw new Error("it was not started");
      return backend.openRaw(target, options);
    },
    async start() {
      backend = await Backend.spin();
    },
    async stop() {
      await backend?.[Symbol.asyncDispose]();
    },
  };
}

/** Leads to an {@link Agent}. */
interface Line extends AsyncDisposable {
  call<V extends Verb>(verb: V, ...args: Parameters<Agent[V]>): Promise<Awaited<ReturnType<Agent[V]>>>;
}

type Act = (...args: readonly unknown[]) => Promise<unknown>;

class NearLine implements Line {
  readonly #agent: Agent = new Agent(eventMeans);

  async call<V extends Verb>(verb: V, ...args: Parameters<Agent[V]>): Promise<Awaited<ReturnType<Agent[V]>>> {
    const value = await (this.#agent[verb] as Act).apply(this.#agent, args as unknown[]);
    return value as Awaited<ReturnType<Agent[V]>>;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

class FarLine implements Line {
  readonly #child: Bun.Subprocess;
  readonly #waiting: Map<number, PromiseWithResolvers<unknown>>;
  #asked = 0;

  private constructor(child: Bun.Subprocess, waiting: Map<number, PromiseWithResolvers<unknown>>) {
    this.#child = child;
    this.#waiting = waiting;
  }

  static async start(): Promise<FarLine> {
    const started = Promise.withResolvers<unknown>();
    const waiting = new Map([[0, started]]);
    const child = Bun.spawn({
      cmd: [process.execPath, fileURLToPath(new URL("./spin-child.ts", import.meta.url))],
      stdio: ["ignore", "inherit", "inherit"],
      ipc({ id, value, told }: { id: number; value?: unknown; told?: Told }) {
        const answer = waiting.get(id);
        waiting.delete(id);
        if (told === undefined) answer?.resolve(value);
        else answer?.reject(new Failure(told));
      },
      onExit() {
        for (const { reject } of waiting.values()) reject(new Error("the process of the spin backend has ended"));
      },
    });
    await started.promise;
    return new FarLine(child, waiting);
  }

  async call<V extends Verb>(verb: V, ...args: Parameters<Agent[V]>): Promise<Awaited<ReturnType<Agent[V]>>> {
    const answer = Promise.withResolvers<unknown>();
    const id = ++this.#asked;
    this.#waiting.set(id, answer);
    this.#child.send({ id, verb, args });
    return answer.promise as Promise<Awaited<ReturnType<Agent[V]>>>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}
