import { memoryOver } from "../codec/byte-ring.ts";
import { RequestWriter } from "../codec/http/request-writer.ts";
import { ResponseReader } from "../codec/http/response-reader.ts";
import { HttpConnection } from "../http/connection.ts";
import type { HttpOptions } from "../http/options.ts";
import { PoolError } from "./errors.ts";
import type { ClientPoolOptions, PoolSettings } from "./options.ts";
import type { Retries, Retry } from "./retries.ts";

/** What a {@link Pipe} tells the pool it belongs to. */
export interface PipeOwner {
  /** It has a fresh connection, warmed up. */
  ready(pipe: Pipe): void;
  /** Its connection can carry no more requests. */
  died(pipe: Pipe): void;
  /** An attempt to connect failed; the next one is after `delay` milliseconds. */
  failed(pipe: Pipe, error: Error, delay: number): void;
}

/** Memory that a {@link Pipe} is handed. */
export interface PipeMemory {
  readonly request: Uint8Array;
  readonly response: Uint8Array;
}

/**
 * One slot's writer, reader and connection. The connection comes and goes; the writer, with its headers and its buffer, stays.
 * At most one attempt to connect is under way, and after a failure the next one waits.
 */
export class Pipe implements Retry {
  readonly index: number;
  readonly writer: RequestWriter;
  readonly reader: ResponseReader;
  /** One that has died stays until the slot is given back, so that a request on it fails as on any other. Null while there is none. */
  connection: HttpConnection | null = null;
  /** How often the connection was taken in hand, to send on it. */
  uses = 0;
  /** Called where the connection is taken in hand, or is a new one. */
  onUse: (() => void) | null = null;
  /** Attempts to connect so far, the first one included. */
  attempts = 0;
  /** When the last one began, on the clock of `performance.now()`. */
  lastAttempt: number = Number.NEGATIVE_INFINITY;

  readonly #owner: PipeOwner;
  readonly #options: HttpOptions;
  readonly #settings: PoolSettings;
  readonly #retries: Retries;
  readonly #ending: AbortController = new AbortController();
  #attempt: Promise<Error | null> | null = null;
  #lastError: Error | null = null;
  #connectedAt: number = Number.NEGATIVE_INFINITY;
  #delay = 0;
  /** The next attempt is due later. */
  #waiting = false;
  #closed = false;

  /** `retries` are the pool's; `memory` is where requests are written and responses read, where that is not the pipe's own. */
  constructor(
    index: number,
    owner: PipeOwner,
    options: ClientPoolOptions,
    settings: PoolSettings,
    retries: Retries,
    memory: PipeMemory | null = null,
  ) {
    const { requestBufferCapacity, responseBufferCapacity, maxBodySize, basePath, defaultHeaders } = settings;
    this.index = index;
    this.#owner = owner;
    this.#options = options;
    this.#settings = settings;
    this.#retries = retries;
    this.writer = new RequestWriter(
      new URL(settings.url).host,
      memory === null ? { basePath, capacity: requestBufferCapacity } : { basePath, memory: memory.request },
    );
    for (const [name, value] of defaultHeaders) this.writer.defaultHeader(name, value);
    this.reader = new ResponseReader({
      capacity: responseBufferCapacity,
      memory: memory === null ? null : memoryOver(memory.response),
      maxBodySize,
    });
  }

  /** True where a request can be sent now. */
  get isReady(): boolean {
    return this.connection?.isReusable === true;
  }

  /** The first attempt, which `signal` can end. @throws what it fails with */
  async open(signal: AbortSignal | undefined): Promise<void> {
    const error = await this.#connectNow(signal);
    if (error !== null) throw error;
  }

  /**
   * For somebody who will not wait for a second attempt: resolves with null once connected, or the error. It is the last one's where
   * that was made a moment ago.
   */
  attempt(): Promise<Error | null> {
    return !this.#waiting || this.#mayHurry ? this.#connectNow() : Promise.resolve(this.#lastError);
  }

  /** Sees to it that there will be a connection: attempts one now, or leaves it to the attempt that is under way or due. */
  revive(): void {
    if (this.#closed || this.#attempt !== null || this.#waiting) return;
    const age = performance.now() - this.#connectedAt;
    if (this.uses === 0 && age < LEAST_PAUSE) {
      // It would go on in a circle with a server that accepts and ends what it has accepted.
      this.#failed(shortLived(`it ended after ${Math.round(age)} ms, before a request`));
    } else {
      this.#delay = 0;
      void this.#connectNow();
    }
  }

  /** Somebody waits: an attempt that is due later is made now, where the last one is long enough ago. */
  hurry(): void {
    if (this.#waiting && this.#mayHurry) void this.#connectNow();
  }

  /** The connection is taken in hand, to send on it. */
  take(): void {
    this.uses++;
    if (this.onUse !== null) this.onUse();
  }

  /** False while nothing but what the connection tells can end its being idle: it is not there, or no `Keep-Alive` runs. */
  get mayExpire(): boolean {
    const { connection } = this;
    if (connection === null) return false;
    const { state } = connection;
    return state === "idle" ? connection.idleLimit.until !== Number.POSITIVE_INFINITY : state !== "closed";
  }

  retry(): Promise<Error | null> {
    return this.#connectNow();
  }

  /** The pool is not told: no attempt of this one's failed. */
  putOff(error: Error): void {
    this.lastAttempt = performance.now();
    this.#lastError = error;
    this.#backOff();
  }

  /** Ends the connection where its `Keep-Alive` is about to run out. */
  expire(): void {
    void this.isReady;
  }

  /** Lets the connection go, cutting it where it is still open: true then. The pool is not told. */
  drop(): boolean {
    const { connection } = this;
    this.connection = null;
    if (connection === null) return false;
    connection.onClosed = null;
    // One that was closed may be ending in order, or be somebody's who took its transport.
    if (connection.state === "closed") return false;
    connection.terminate();
    return true;
  }

  /** For good: an attempt that is under way is given up. */
  close(): void {
    this.#closed = true;
    this.#stopWaiting();
    this.#ending.abort();
    const { connection } = this;
    this.connection = null;
    if (connection === null) return;
    connection.onClosed = null;
    connection.close();
  }

  /** Connects; resolves with null, or the error. Joins an attempt that is under way. */
  #connectNow(signal?: AbortSignal): Promise<Error | null> {
    this.#stopWaiting();
    this.#attempt ??= this.#connect(signal);
    return this.#attempt;
  }

  async #connect(signal: AbortSignal | undefined): Promise<Error | null> {
    this.attempts++;
    this.lastAttempt = performance.now();
    const ending = this.#ending.signal;
    const givenUp = signal === undefined ? ending : AbortSignal.any([ending, signal]);
    try {
      const connection = await HttpConnection.connect(this.#settings.url, { ...this.#options, signal: givenUp });
      await this.#warmUp(connection, givenUp);
      if (!connection.isReusable) throw shortLived("the server ended it at once");
      this.#attempt = null;
      this.uses = 0;
      this.#connectedAt = performance.now();
      this.connection = connection;
      this.onUse?.();
      connection.onClosed = () => this.#died(connection);
      this.#owner.ready(this);
      return null;
    } catch (error) {
      this.#attempt = null;
      return this.#failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #warmUp(connection: HttpConnection, signal: AbortSignal): Promise<void> {
    const { warmUp } = this.#settings;
    if (warmUp === null) return;
    const { connectTimeout = 10_000 } = this.#options;
    try {
      const options = { timeout: connectTimeout, signal };
      await connection.send(this.writer.get(warmUp).finish(), this.reader, options);
    } catch (error) {
      connection.terminate();
      throw error;
    }
  }

  #died(connection: HttpConnection): void {
    if (this.connection === connection) this.#owner.died(this);
  }

  #failed(error: Error): Error {
    this.#lastError = error;
    if (!this.#closed) this.#owner.failed(this, error, this.#backOff());
    return error;
  }

  /** The delay doubles from failure to failure, and a random part of it is left out. Returns what is left. */
  #backOff(): number {
    const { initialDelay, maxDelay, jitter } = this.#settings;
    this.#delay = this.#delay === 0 ? initialDelay : Math.min(this.#delay * 2, maxDelay);
    this.#waiting = true;
    return this.#retries.add(this, Math.max(1, this.#delay * (1 - jitter)), this.#delay);
  }

  get #mayHurry(): boolean {
    return performance.now() - this.lastAttempt >= Math.max(this.#settings.initialDelay, LEAST_PAUSE);
  }

  #stopWaiting(): void {
    if (this.#waiting) this.#retries.cancel(this);
    this.#waiting = false;
  }
}

function shortLived(detail: string): PoolError {
  return new PoolError("POOL_CONNECTION_SHORT_LIVED", `Cannot keep connection: ${detail}`);
}

/** Milliseconds between attempts that are made because somebody waits, and for which a connection must stand to count as one that does. */
const LEAST_PAUSE = 1_000;
