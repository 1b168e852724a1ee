import { RequestWriter } from "../codec/http/request-writer.ts";
import { ResponseReader } from "../codec/http/response-reader.ts";
import { HttpConnection } from "../http/connection.ts";
import type { ClientPoolOptions, PoolSettings } from "./options.ts";

/** What a {@link Pipe} tells the pool it belongs to. */
export interface PipeOwner {
  /** It has a fresh connection, warmed up. */
  ready(pipe: Pipe): void;
  /** Its connection can carry no more requests. */
  died(pipe: Pipe): void;
  /** An attempt to connect failed; the next one is after `delay` milliseconds. */
  failed(pipe: Pipe, error: Error, delay: number): void;
}

/**
 * One slot's writer, reader and connection. The connection comes and goes; the writer, with its headers and its buffer, stays.
 * At most one attempt to connect is under way, and after a failure the next one waits.
 */
export class Pipe {
  readonly index: number;
  readonly writer: RequestWriter;
  readonly reader: ResponseReader;
  /** Null while there is none. */
  connection: HttpConnection | null = null;
  /** Attempts to connect so far, the first one included. */
  attempts = 0;

  readonly #owner: PipeOwner;
  readonly #options: ClientPoolOptions;
  readonly #settings: PoolSettings;
  #attempt: Promise<Error | null> | null = null;
  #delay = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #lastAttempt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(index: number, owner: PipeOwner, options: ClientPoolOptions, settings: PoolSettings) {
    const { requestBufferCapacity, responseBufferCapacity, maxBodySize, basePath, defaultHeaders } = settings;
    this.index = index;
    this.#owner = owner;
    this.#options = options;
    this.#settings = settings;
    this.writer = new RequestWriter(new URL(settings.url).host, { basePath, capacity: requestBufferCapacity });
    for (const [name, value] of defaultHeaders) this.writer.defaultHeader(name, value);
    this.reader = new ResponseReader({ capacity: responseBufferCapacity, maxBodySize });
  }

  /** True where a request can be sent now. */
  get isReady(): boolean {
    return this.connection?.isReusable === true;
  }

  /** Connects, now; resolves with null, or the error. Joins an attempt that is under way. */
  connect(): Promise<Error | null> {
    this.#stopWaiting();
    this.#attempt ??= this.#connect();
    return this.#attempt;
  }

  /** Sees to it that there will be a connection: attempts one now, or leaves it to the attempt that is under way or due. */
  revive(): void {
    if (this.#closed || this.connection !== null || this.#attempt !== null || this.#timer !== null) return;
    void this.connect();
  }

  /** Somebody waits: an attempt that is due later is made now, where the last one is long enough ago. */
  hurry(): void {
    if (this.#timer === null) return;
    this.#timer.ref();
    if (performance.now() - this.#lastAttempt >= Math.max(this.#settings.initialDelay, LEAST_PAUSE))
      void this.connect();
  }

  /** Nobody waits: an attempt that is due later does not keep the process. */
  relax(): void {
    this.#timer?.unref();
  }

  /** Lets the connection go, cutting it where it is still open. The pool is not told. */
  drop(): void {
    const { connection } = this;
    this.connection = null;
    if (connection === null) return;
    connection.onClosed = null;
    connection.terminate();
  }

  /** For good. */
  close(): void {
    this.#closed = true;
    this.#stopWaiting();
    const { connection } = this;
    this.connection = null;
    if (connection === null) return;
    connection.onClosed = null;
    connection.close();
  }

  async #connect(): Promise<Error | null> {
    this.attempts++;
    this.#lastAttempt = performance.now();
    try {
      const connection = await HttpConnection.connect(this.#settings.url, this.#options);
      if (this.#closed) {
        connection.terminate();
        return null;
      }
      await this.#warmUp(connection);
      this.#attempt = null;
      this.#delay = 0;
      this.connection = connection;
      connection.onClosed = () => this.#died(connection);
      this.#owner.ready(this);
      return null;
    } catch (error) {
      this.#attempt = null;
      return this.#failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #warmUp(connection: HttpConnection): Promise<void> {
    const { warmUp } = this.#settings;
    if (warmUp === null) return;
    const { connectTimeout = 10_000 } = this.#options;
    try {
      await connection.send(this.writer.get(warmUp).finish(), this.reader, { timeout: connectTimeout });
    } catch (error) {
      connection.terminate();
      throw error;
    }
    if (!connection.isReusable)
      throw new Error("Cannot warm up connection: the server ended it behind the first response");
  }

  #died(connection: HttpConnection): void {
    if (this.connection !== connection) return;
    this.connection = null;
    this.#owner.died(this);
  }

  /** The delay doubles from failure to failure, and a random part of it is left out. */
  #failed(error: Error): Error {
    if (this.#closed) return error;
    const { initialDelay, maxDelay, jitter } = this.#settings;
    this.#delay = this.#delay === 0 ? initialDelay : Math.min(this.#delay * 2, maxDelay);
    const delay = Math.max(1, Math.round(this.#delay * (1 - jitter * Math.random())));
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.connect();
    }, delay);
    this.#timer.unref();
    this.#owner.failed(this, error, delay);
    return error;
  }

  #stopWaiting(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/** Milliseconds between attempts that are made because somebody waits. */
const LEAST_PAUSE = 1_000;
