import { UsageError } from "../codec/errors.ts";
import type { HeaderPairs } from "../codec/http/head.ts";
import type { HttpOptions } from "../http/options.ts";
import { httpTarget } from "../http/target.ts";

/** How connections that died come back. Times are in milliseconds. */
export interface ReconnectOptions {
  /** Before the second attempt; the first is made at once. Default 100. */
  readonly initialDelay?: number;
  /** The delay doubles with each failure up to this. Default 5,000, or `initialDelay` where that is more. */
  readonly maxDelay?: number;
  /** Each delay is shortened by a random part of up to this share, so that slots do not march in step. 0 to 1, default 0.5. */
  readonly jitter?: number;
}

/** What a pool tells, at no cost where nobody listens. All are called synchronously; what they throw goes to the console. */
export interface PoolEvents {
  /** A connection stands and can be acquired; `slot` is its number, from 0. */
  readonly connected?: (slot: number) => void;
  /** A connection can carry no more requests: the peer ended it, a request on it failed, or it expired. */
  readonly died?: (slot: number) => void;
  /** An attempt to connect failed; the next one is made after `delay` milliseconds, or earlier where somebody waits. */
  readonly connectFailed?: (slot: number, error: Error, delay: number) => void;
  /** A slot was acquired and collected without having been released; its connection was cut and is made anew. */
  readonly forgotten?: (slot: number) => void;
}

/** What a {@link ClientPool} is made of. Only `url` is needed. */
export interface ClientPoolOptions extends HttpOptions {
  /** Origin of the server: `https://api.example.com`. */
  readonly url: string | URL;
  /** Put before the path of each request. Default: none. */
  readonly basePath?: string;
  /** Connections, all opened at once. Default 1. */
  readonly connections?: number;
  /** Fields of each request, encoded once. Default: none. */
  readonly defaultHeaders?: Readonly<Record<string, string>> | HeaderPairs;
  /** Bytes of each slot's request buffer: the largest request. Default 16 KiB. */
  readonly requestBufferCapacity?: number;
  /** Bytes of each slot's response ring. Default 32 KiB. */
  readonly responseBufferCapacity?: number;
  /** Largest response body in bytes. Default 16 MiB. */
  readonly maxBodySize?: number;
  /** How long `acquire` waits where it is not told, in milliseconds. Default 10,000. */
  readonly acquireTimeout?: number;
  readonly reconnect?: ReconnectOptions;
  /** Path of a GET that is sent on each fresh connection before it is handed out; any status will do. Default: none. */
  readonly warmUp?: string;
  /** Milliseconds after which an idle connection that was not used is sent the `warmUp` request again. Default: never. */
  readonly keepWarm?: number;
  /** Ends `connect`. What comes after it, a reconnect or an `acquire`, is not touched. */
  readonly signal?: AbortSignal;
  readonly events?: PoolEvents;
}

/** {@link ClientPoolOptions}, checked and complete, but for what the connections take. */
export interface PoolSettings {
  readonly url: string;
  readonly basePath: string;
  readonly connections: number;
  readonly defaultHeaders: HeaderPairs;
  readonly requestBufferCapacity: number;
  readonly responseBufferCapacity: number;
  readonly maxBodySize: number;
  readonly acquireTimeout: number;
  readonly initialDelay: number;
  readonly maxDelay: number;
  readonly jitter: number;
  readonly warmUp: string | null;
  readonly keepWarm: number;
  readonly events: PoolEvents;
}

export function poolSettings(options: ClientPoolOptions): PoolSettings {
  const headers = options.defaultHeaders ?? [];
  const { initialDelay = 100, jitter = 0.5 } = options.reconnect ?? {};
  const { maxDelay = Math.max(initialDelay, 5_000) } = options.reconnect ?? {};
  httpTarget(options.url);
  if (options.keepWarm !== undefined && options.warmUp === undefined) {
    throw new UsageError("OPTION_MISSING", "Cannot create pool: keepWarm needs warmUp, the path to ask for");
  }
  return {
    url: String(options.url),
    basePath: options.basePath ?? "",
    connections: whole("connections", options.connections ?? 1, 1, 65_536),
    defaultHeaders: Array.isArray(headers) ? (headers as HeaderPairs) : Object.entries(headers),
    requestBufferCapacity: whole("requestBufferCapacity", options.requestBufferCapacity ?? 16 << 10, 256, 1 << 30),
    responseBufferCapacity: whole("responseBufferCapacity", options.responseBufferCapacity ?? 32 << 10, 256, 1 << 30),
    maxBodySize: whole("maxBodySize", options.maxBodySize ?? 16 << 20, 0, 1 << 30),
    acquireTimeout: whole("acquireTimeout", options.acquireTimeout ?? 10_000, 0, MAX_TIMEOUT),
    initialDelay: whole("initialDelay", initialDelay, 1, MAX_TIMEOUT),
    maxDelay: whole("maxDelay", maxDelay, initialDelay, MAX_TIMEOUT),
    jitter: within("jitter", jitter, 0, 1),
    warmUp: options.warmUp ?? null,
    keepWarm: options.keepWarm === undefined ? 0 : whole("keepWarm", options.keepWarm, 1, MAX_TIMEOUT),
    events: options.events ?? {},
  };
}

function whole(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value)) throw outOfRange(name, value, `an integer from ${least} to ${most}`);
  return within(name, value, least, most);
}

function within(name: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw outOfRange(name, value, `from ${least} to ${most}`);
}

function outOfRange(name: string, value: number, range: string): UsageError {
  return new UsageError("OPTION_OUT_OF_RANGE", `Cannot create pool: ${name} is ${value}, not ${range}`);
}

/** The longest that a timer can wait. */
const MAX_TIMEOUT = 0x7fffffff;
