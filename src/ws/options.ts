import { UsageError } from "../codec/errors.ts";
import type { UrlDialSettings } from "../socket/dial-url.ts";
import type { SocketOptions } from "../socket/options.ts";
import type { ProxyOptions } from "../socket/proxy.ts";
import type { TlsConfig } from "../socket/tls-config.ts";
import { type DeflateOptions, type DeflateSettings, deflateSettings } from "./deflate-options.ts";
import { type HeartbeatOptions, ownHeartbeat } from "./heartbeat.ts";
import { type LatencyRecorder, latencyRecorder } from "./latency.ts";
import type { LivenessOptions } from "./liveness.ts";

/** How a WebSocket is opened and held. Everything is optional; times are in milliseconds, sizes in bytes. */
export interface WsOptions {
  /** For `wss:`. Default: one that all share, which trusts the public roots that Bun ships. Make one at start-up and share it: it keeps the sessions. */
  readonly tls?: TlsConfig;
  /** Options of the TCP socket. Default: `noDelay` alone. */
  readonly socket?: SocketOptions;
  /**
   * The proxy to connect through, HTTP or SOCKS5: its URL, or {@link ProxyOptions}. It resolves the name; without it there is no
   * connection. Default: none; environment variables are not read.
   */
  readonly proxy?: string | ProxyOptions;
  /** Subprotocols to offer, the preferred one first. Default: none. */
  readonly protocols?: readonly string[];
  /** Fields of the upgrade request, sent in this order and case. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];
  /** Bounds name, TCP, proxy, TLS and upgrade together. Default 10,000. */
  readonly connectTimeout?: number;
  /** Bounds the TLS handshake alone. Default: what `connectTimeout` leaves. */
  readonly tlsTimeout?: number;
  /** How long the closing handshake and the end of the connection may take before it is cut. Default 5,000. */
  readonly closeTimeout?: number;
  /** Gives up opening. Once open it has no effect. */
  readonly signal?: AbortSignal;
  /** Bytes of the ring that is read into, at least 256. Default 256 KiB. Raise it where bursts outrun the program; larger messages arrive whole all the same. */
  readonly bufferCapacity?: number;
  /** Bytes of the buffer that is encoded into; it grows while the kernel takes less than is sent. Default 64 KiB. */
  readonly writeBufferCapacity?: number;
  /** Above this many unsent bytes `send*` says false. Default 1 MiB. */
  readonly highWaterMark?: number;
  /** Largest payload of one frame. Default: `maxMessageSize`. */
  readonly maxFrameSize?: number;
  /** Largest message. Default 16 MiB. */
  readonly maxMessageSize?: number;
  /** Pings are answered at once. Default true. */
  readonly autoPong?: boolean;
  /**
   * Compresses messages where the peer does so too (permessage-deflate): `true`, or {@link DeflateOptions}. Default `false`: inflating a
   * short message costs twenty times what reading it does, and each connection 0.4 MiB. Turn it on where bandwidth is what is short.
   */
  readonly deflate?: boolean | DeflateOptions;
  /** Text heartbeats of venues that do without ping frames. Default: none. */
  readonly heartbeat?: HeartbeatOptions;
  /** A silent peer is pinged, then cut. Default: a peer may be silent for ever. */
  readonly liveness?: LivenessOptions;
  /**
   * Measures: `ws.latency` then has histograms, of a {@link LatencyRecorder} of its own (`true`) or one that others share. Default `false`, at no
   * cost. Turned on it costs a look at the clock and a count for each message, some 100 ns.
   */
  readonly latency?: boolean | LatencyRecorder;
}

/** {@link WsOptions}, checked and complete. */
export interface WsSettings extends UrlDialSettings {
  readonly protocols: readonly string[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly closeTimeout: number;
  readonly bufferCapacity: number;
  readonly writeBufferCapacity: number;
  readonly highWaterMark: number;
  readonly maxFrameSize: number;
  readonly maxMessageSize: number;
  readonly autoPong: boolean;
  readonly deflate: DeflateSettings | null;
  readonly heartbeat: HeartbeatOptions | null;
  readonly liveness: LivenessOptions | null;
  readonly latency: LatencyRecorder | null;
}

export function wsSettings(options: WsOptions): WsSettings {
  const connectTimeout = positive("connectTimeout", options.connectTimeout ?? 10_000, MAX_TIMEOUT);
  const maxMessageSize = positive("maxMessageSize", options.maxMessageSize ?? 16 << 20, MAX_SIZE);
  return {
    tls: options.tls ?? null,
    socket: options.socket ?? {},
    proxy: options.proxy ?? null,
    protocols: options.protocols ?? [],
    headers: headerPairs(options.headers),
    connectTimeout,
    tlsTimeout: positive("tlsTimeout", options.tlsTimeout ?? connectTimeout, MAX_TIMEOUT),
    closeTimeout: positive("closeTimeout", options.closeTimeout ?? 5_000, MAX_TIMEOUT),
    signal: options.signal ?? null,
    bufferCapacity: positive("bufferCapacity", options.bufferCapacity ?? 256 << 10, MAX_SIZE, LEAST_CAPACITY),
    writeBufferCapacity: positive("writeBufferCapacity", options.writeBufferCapacity ?? 64 << 10, MAX_SIZE),
    highWaterMark: positive("highWaterMark", options.highWaterMark ?? 1 << 20, MAX_SIZE),
    maxFrameSize: positive("maxFrameSize", options.maxFrameSize ?? maxMessageSize, MAX_SIZE),
    maxMessageSize,
    autoPong: options.autoPong ?? true,
    deflate: deflateSettings(options.deflate),
    heartbeat: options.heartbeat === undefined ? null : checkedHeartbeat(options.heartbeat),
    liveness: options.liveness === undefined ? null : checkedLiveness(options.liveness),
    latency: latencyRecorder(options.latency),
  };
}

function checkedHeartbeat(options: HeartbeatOptions): HeartbeatOptions {
  const { match, interval } = options;
  if (interval !== undefined) positive("heartbeat.interval", interval, MAX_TIMEOUT);
  if (interval === undefined ? match !== undefined : ownHeartbeat(options) !== null) return options;
  const missing = interval === undefined ? "match: nothing would be answered" : "send: nothing would go out";
  throw new UsageError("OPTION_OUT_OF_RANGE", `Cannot open WebSocket: heartbeat has no ${missing}`);
}

function checkedLiveness({ pingAfter, deadAfter }: LivenessOptions): LivenessOptions {
  return {
    pingAfter: positive("liveness.pingAfter", pingAfter, MAX_TIMEOUT - 1),
    deadAfter: positive("liveness.deadAfter", deadAfter, MAX_TIMEOUT, pingAfter + 1),
  };
}

/** Fields in order and case, in whichever form they were given. */
export function headerPairs(headers: WsOptions["headers"] = []): readonly (readonly [name: string, value: string])[] {
  return isPairs(headers) ? headers : Object.entries(headers);
}

function isPairs(headers: NonNullable<WsOptions["headers"]>): headers is readonly (readonly [string, string])[] {
  return Array.isArray(headers);
}

/** `value`, where it is an integer in its bounds. @throws UsageError */
export function positive(name: string, value: number, most: number, least = 1): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(
    "OPTION_OUT_OF_RANGE",
    `Cannot open WebSocket: ${name} is ${value}, not an integer from ${least} to ${most}`,
  );
}

/** The longest that a timer can wait. */
export const MAX_TIMEOUT = 0x7fffffff;
/** A control frame must fit the ring. */
const LEAST_CAPACITY = 256;
/** Keeps every index a 32-bit integer. */
const MAX_SIZE = 1 << 30;
