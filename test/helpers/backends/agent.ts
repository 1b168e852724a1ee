import { readdirSync, readlinkSync } from "node:fs";
import { inspect } from "node:util";
import { PROTOCOL_FAULTS } from "../../../src/codec/errors.ts";
import type { HeaderStage } from "../../../src/codec/http/request-stages.ts";
import { RequestWriter } from "../../../src/codec/http/request-writer.ts";
import type { ResponseReaderOptions } from "../../../src/codec/http/response-options.ts";
import { ResponseReader } from "../../../src/codec/http/response-reader.ts";
import type { DeflateTerms } from "../../../src/codec/ws/deflate-terms.ts";
import type { WsClosure } from "../../../src/ws/session-state.ts";
import { eventOf } from "../events.ts";
import { linesOf } from "../response-events.ts";
import { lineOf } from "../ws-peer.ts";
import {
  type AnyHttp,
  type AnyRaw,
  type AnyWs,
  type Means,
  madeOptions,
  type RawFacts,
  type RawOptions,
  type RawTarget,
  type TestHttpOptions,
  type TestWsOptions,
} from "./means.ts";
import { toldBy } from "./told.ts";

/** What is known of a stream once it is open. */
export interface OpenedWs {
  readonly url: string;
  readonly protocol: string;
  readonly responseHeaders: readonly (readonly [name: string, value: string])[];
  readonly deflate: DeflateTerms | null;
  /** As `console.log` shows it. */
  readonly shown: string;
}

/** What is sent of a request. */
export interface Asked {
  readonly method?: "GET" | "POST" | "HEAD";
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeout?: number;
  /** Of a reader that is made for it. Default: the connection's own is used. */
  readonly readerCapacity?: number;
}

/** What came back. */
export interface Answered {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/**
 * Holds connections and does with them what it is told, by numbers and data alone, so that it can be told from another process. It is the same
 * for both backends: an `await` takes an answer as it takes a promise.
 */
export class Agent {
  readonly #means: Means;
  readonly #streams: Map<number, AnyWs> = new Map();
  readonly #requests: Map<number, { connection: AnyHttp; writer: RequestWriter; reader: ResponseReader }> = new Map();
  readonly #raws: Map<number, AnyRaw> = new Map();
  #opened = 0;

  constructor(means: Means) {
    this.#means = means;
  }

  async openWs(url: string, options: TestWsOptions): Promise<OpenedWs & { readonly id: number }> {
    const ws = await this.#means.openWs(url, madeOptions(options));
    const { protocol, responseHeaders, deflate } = ws;
    this.#streams.set(++this.#opened, ws);
    return { id: this.#opened, url: ws.url, protocol, responseHeaders, deflate, shown: inspect(ws) };
  }

  /** A line; null at the end. `timeout` is for the backend that has one. */
  async recv(id: number, timeout?: number): Promise<string | null> {
    const message = await this.#ws(id).recv(timeout === undefined ? {} : { timeout });
    return message === null ? null : lineOf(message.toOwned());
  }

  async tryRecv(id: number): Promise<string | null> {
    const message = this.#ws(id).tryRecv();
    return message === null ? null : lineOf(message.toOwned());
  }

  /** The next message's bytes, its kind before them. */
  async recvBytes(id: number): Promise<{ kind: string; bytes: Uint8Array } | null> {
    const message = await this.#ws(id).recv();
    return message === null ? null : { kind: message.kind, bytes: message.bytes().slice() };
  }

  /** All that comes until the end: lines, and `error CODE` for what is thrown. */
  async readAll(id: number): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      try {
        const line = await this.recv(id);
        if (line === null) return lines;
        lines.push(line);
      } catch (error) {
        const { code, message } = toldBy(error);
        lines.push(`error ${code ?? message}`);
      }
    }
  }

  /** The same as the lines of `events.ts`, with `fail CODE` where the peer broke the protocol. */
  async readEvents(id: number): Promise<string[]> {
    const ws = this.#ws(id);
    const events: string[] = [];
    for (;;) {
      try {
        const message = await ws.recv();
        if (message === null) return events;
        events.push(eventOf(message));
      } catch (error) {
        const { code = "" } = toldBy(error);
        events.push(`${Object.hasOwn(PROTOCOL_FAULTS, code) ? "fail" : "error"} ${code}`);
      }
    }
  }

  async sendText(id: number, text: string): Promise<boolean> {
    return this.#ws(id).sendText(text);
  }

  async sendBinary(id: number, bytes: Uint8Array): Promise<boolean> {
    return this.#ws(id).sendBinary(bytes);
  }

  async drained(id: number): Promise<void> {
    await this.#ws(id).drained();
  }

  async close(id: number, code?: number, reason?: string): Promise<boolean> {
    return this.#ws(id).close(code, reason);
  }

  async terminate(id: number): Promise<void> {
    this.#ws(id).terminate();
  }

  async dispose(id: number): Promise<void> {
    await this.#means.dispose(this.#ws(id));
  }

  async stateOf(id: number): Promise<string> {
    return this.#ws(id).state;
  }

  async closureOf(id: number): Promise<WsClosure | null> {
    return this.#ws(id).closed;
  }

  async openHttp(url: string, options: TestHttpOptions): Promise<number> {
    const connection = await this.#means.openHttp(url, madeOptions(options));
    const writer = new RequestWriter("h", { capacity: 1 << 20 });
    this.#requests.set(++this.#opened, { connection, writer, reader: new ResponseReader({ maxBodySize: 4 << 20 }) });
    return this.#opened;
  }

  async ask(id: number, path: string, asked: Asked): Promise<Answered> {
    const { connection, writer, reader: own } = this.#http(id);
    const { method = "GET", fields = {}, body, timeout = 0, readerCapacity: capacity } = asked;
    const reader = capacity === undefined ? own : new ResponseReader({ capacity, maxBodySize: 4 << 20 });
    let stage: HeaderStage =
      method === "GET" ? writer.get(path) : method === "HEAD" ? writer.head(path) : writer.post(path);
    for (const [name, value] of Object.entries(fields)) stage = stage.header(name, value);
    const request = body === undefined ? stage.finish() : stage.body(body).finish();
    const response = await connection.send(request, reader, timeout === 0 ? {} : { timeout });
    const { status, headers, body: bytes } = response.toOwned();
    return { status, fields: headers, body: Buffer.from(bytes).toString("latin1") };
  }

  /** What a request with `method` comes to, as the lines of `response-events.ts`; a last one says what it failed with. */
  async askForLines(id: number, method: "GET" | "POST" | "HEAD", limits: ResponseReaderOptions): Promise<string[]> {
    const { connection, writer } = this.#http(id);
    const stage = method === "GET" ? writer.get("/") : method === "HEAD" ? writer.head("/") : writer.post("/");
    try {
      const response = await connection.send(stage.finish(), new ResponseReader(limits), { timeout: LIMIT });
      return linesOf(response, null);
    } catch (error) {
      const { code = "", cause } = toldBy(error);
      return [code === "REQUEST_BAD_RESPONSE" ? `fail ${cause?.code}` : `error ${code}`];
    }
  }

  async standing(id: number): Promise<{ state: string; isReusable: boolean }> {
    const { connection } = this.#http(id);
    const { isReusable } = connection;
    return { isReusable, state: connection.state };
  }

  async closeHttp(id: number): Promise<void> {
    this.#http(id).connection.terminate();
  }

  async openRaw(target: RawTarget, options: RawOptions): Promise<{ id: number; facts: RawFacts }> {
    const raw = await this.#means.openRaw(target, options);
    this.#raws.set(++this.#opened, raw);
    return { id: this.#opened, facts: raw.facts() };
  }

  async exchange(id: number, text: string): Promise<string> {
    return (await this.#raws.get(id)?.exchange(text)) ?? "";
  }

  async shutdownRaw(id: number): Promise<void> {
    this.#raws.get(id)?.shutdown();
  }

  async closeRaw(id: number): Promise<void> {
    this.#raws.get(id)?.terminate();
  }

  /** Sockets that this process has open to `port`, which is no longer than a connection lasts. */
  async socketsOpen(): Promise<number> {
    return readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
      } catch {
        return false;
      }
    }).length;
  }

  #ws(id: number): AnyWs {
    const ws = this.#streams.get(id);
    if (ws === undefined) throw new Error(`there is no stream ${id}`);
    return ws;
  }

  #http(id: number): { connection: AnyHttp; writer: RequestWriter; reader: ResponseReader } {
    const entry = this.#requests.get(id);
    if (entry === undefined) throw new Error(`there is no connection ${id}`);
    return entry;
  }
}

/** Milliseconds: far more than anything takes. */
const LIMIT = 20_000;

/** What an agent can be told. */
export type Verb = keyof Agent;
