import { UsageError } from "../codec/errors.ts";
import type { ConnectTimes } from "../socket/connect-clock.ts";
import type { UrlDialSettings } from "../socket/dial-url.ts";
import type { SocketOptions } from "../socket/options.ts";
import type { ProxyOptions } from "../socket/proxy.ts";
import type { TlsConfig } from "../socket/tls-config.ts";
import type { BodySource } from "./body-sender.ts";

/** How an {@link HttpConnection} is made and held. Everything is optional; times are in milliseconds. */
export interface HttpOptions {
  /** For `https:`. Default: one that all share, which trusts the public roots that Bun ships. */
  readonly tls?: TlsConfig;
  /** Options of the TCP socket. Default: `noDelay` alone. */
  readonly socket?: SocketOptions;
  /** The proxy to connect through, HTTP or SOCKS5: its URL, or {@link ProxyOptions}. Default: none, whatever the environment says. */
  readonly proxy?: string | ProxyOptions;
  /** Bounds name, TCP, proxy and TLS together. Default 10,000. */
  readonly connectTimeout?: number;
  /** Bounds the TLS handshake alone. Default: what `connectTimeout` leaves. */
  readonly tlsTimeout?: number;
  /** Gives up connecting. Once connected it has no effect. */
  readonly signal?: AbortSignal;
  /** How long before the server's `Keep-Alive: timeout=` an idle connection counts as expired: a request takes time to get there. Default 500. */
  readonly keepAliveMargin?: number;
  /** How long a request with `Expect: 100-continue` waits for the 100 before it sends its body all the same. Default 1,000. */
  readonly continueTimeout?: number;
  /**
   * Told how long each phase of connecting took, in nanoseconds, before `connect` resolves; by a pool for each of its connections.
   * Default: nothing is measured. What it throws, `connect` rejects with.
   */
  readonly onConnect?: (times: ConnectTimes) => void;
}

/** How one request is sent. */
export interface SendOptions {
  /** Milliseconds from `send` to the whole response, or to the head of a streamed one. Default 0: none. */
  readonly timeout?: number;
  /** Gives up: the request fails with `REQUEST_ABORTED` and the connection is cut. */
  readonly signal?: AbortSignal;
  /** The promise resolves with the head; the body is then read with `response.stream()`. Default false. */
  readonly stream?: boolean;
  /**
   * The body of a request that was finished with `bodyStream`; it is asked for the next piece once the kernel took the last, and told by its
   * iterator's `return` where no more is wanted.
   */
  readonly body?: BodySource;
  /** The request asks for another protocol: a 101 is handed over with `release()`. Default: whether it has an `Upgrade` field. */
  readonly upgrade?: boolean;
}

/** {@link HttpOptions}, checked and complete. */
export interface HttpSettings extends UrlDialSettings {
  readonly keepAliveMargin: number;
  readonly continueTimeout: number;
}

export function httpSettings(options: HttpOptions): HttpSettings {
  const connectTimeout = milliseconds("connectTimeout", options.connectTimeout ?? 10_000, 1);
  return {
    tls: options.tls ?? null,
    socket: options.socket ?? {},
    proxy: options.proxy ?? null,
    connectTimeout,
    tlsTimeout: milliseconds("tlsTimeout", options.tlsTimeout ?? connectTimeout, 1),
    signal: options.signal ?? null,
    keepAliveMargin: milliseconds("keepAliveMargin", options.keepAliveMargin ?? 500, 0),
    continueTimeout: milliseconds("continueTimeout", options.continueTimeout ?? 1_000, 1),
    ...(options.onConnect === undefined ? {} : { onConnect: options.onConnect }),
  };
}

/** Checks how a request is to be sent; `streamed`: its body follows it. */
export function checkSendOptions(options: SendOptions, streamed: boolean): void {
  if (streamed !== (options.body !== undefined)) {
    throw new UsageError("REQUEST_BODY_MISMATCH", "Cannot send request: bodyStream() and the option body go together");
  }
  if (options.timeout !== undefined) milliseconds("timeout", options.timeout, 0);
}

/** Checks a duration; `least` is 0 or 1. */
export function milliseconds(name: string, value: number, least: number): number {
  if (value >= least && value <= MAX_TIMEOUT) return value;
  throw new UsageError(
    "OPTION_OUT_OF_RANGE",
    `Cannot use ${name}: it is ${value}, not from ${least} to ${MAX_TIMEOUT} ms`,
  );
}

/** The longest that a timer can wait. */
const MAX_TIMEOUT = 0x7fffffff;
