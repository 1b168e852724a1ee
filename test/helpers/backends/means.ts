import type { Request } from "../../../src/codec/http/request.ts";
import type { Response } from "../../../src/codec/http/response.ts";
import type { ResponseReader } from "../../../src/codec/http/response-reader.ts";
import type { DeflateTerms } from "../../../src/codec/ws/deflate-terms.ts";
import type { Message } from "../../../src/codec/ws/message.ts";
import type { HttpOptions } from "../../../src/http/options.ts";
import type { SpinHttpOptions } from "../../../src/http/spin-options.ts";
import type { SocketOptions } from "../../../src/socket/options.ts";
import type { ProxyOptions } from "../../../src/socket/proxy.ts";
import type { SocketInfo } from "../../../src/socket/socket-info.ts";
import { TlsConfig, type TlsOptions } from "../../../src/socket/tls-config.ts";
import type { WsOptions } from "../../../src/ws/options.ts";
import type { WsClosure } from "../../../src/ws/session-state.ts";
import type { SpinWsOptions } from "../../../src/ws/spin-options.ts";

/** How to speak TLS, as data. */
export interface TestTls extends TlsOptions {
  /** Connections with the same word share a config, and so its sessions; without one each has its own. */
  readonly shared?: string;
}

type Data<Options> = Omit<Options, "tls" | "signal" | "proxy"> & {
  readonly tls?: TestTls;
  readonly proxy?: string | (Omit<ProxyOptions, "tls"> & { readonly tls?: TestTls });
};

/** What the event backend has not it leaves alone. */
export type TestWsOptions = Data<SpinWsOptions>;
export type TestHttpOptions = Data<SpinHttpOptions>;

/** A connection of bytes. */
export interface RawTarget {
  readonly hostname: string;
  readonly port: number;
  readonly tls: TestTls | null;
}

export interface RawOptions {
  readonly socket?: SocketOptions;
  readonly proxy?: string | (Omit<ProxyOptions, "tls"> & { readonly tls?: TestTls });
  readonly timeout?: number;
  readonly tlsTimeout?: number;
}

/** What is known of one. */
export interface RawFacts {
  readonly secure: boolean;
  readonly tlsVersion: string | null;
  readonly alpnProtocol: string | null;
  readonly sessionReused: boolean;
  readonly info: SocketInfo | null;
}

type Either<T> = T | Promise<T>;

/** What `WsStream` and `SpinWsStream` have in common: a promise of the one is an answer of the other. */
export interface AnyWs {
  readonly url: string;
  readonly protocol: string;
  readonly responseHeaders: readonly (readonly [name: string, value: string])[];
  readonly deflate: DeflateTerms | null;
  readonly state: string;
  readonly bufferedAmount: number;
  readonly closed: Either<WsClosure> | null;
  recv(options?: { readonly timeout?: number }): Either<Message | null>;
  tryRecv(): Message | null;
  drained(): Either<void>;
  sendText(text: string): boolean;
  sendBinary(bytes: Uint8Array): boolean;
  close(code?: number, reason?: string): boolean;
  terminate(): void;
}

/** What `HttpConnection` and `SpinHttpConnection` have in common. */
export interface AnyHttp {
  readonly isReusable: boolean;
  readonly state: string;
  send(request: Request, reader: ResponseReader, options: { readonly timeout?: number }): Either<Response>;
  close(): void;
  terminate(): void;
}

export interface AnyRaw {
  facts(): RawFacts;
  /** Sends text and returns what has come once that ends in it, or nothing more comes. */
  exchange(text: string): Either<string>;
  /** Sends FIN. */
  shutdown(): void;
  terminate(): void;
}

/** Ways to open connections: what backends differ in. */
export interface Means {
  openWs(url: string, options: WsOptions): Promise<AnyWs>;
  openHttp(url: string, options: HttpOptions): Promise<AnyHttp>;
  openRaw(target: RawTarget, options: RawOptions): Promise<AnyRaw>;
  /** How a stream that was disposed of is. */
  dispose(ws: AnyWs): Promise<void>;
}

/** The config that data names. */
export function configOf(tls: TestTls): TlsConfig {
  const { shared, ...options } = tls;
  if (shared === undefined) return new TlsConfig(options);
  const known = configs.get(shared);
  if (known !== undefined) return known;
  const made = new TlsConfig(options);
  configs.set(shared, made);
  return made;
}

/** Options with a config where data was. */
export function madeOptions<Options>({ tls, proxy, ...rest }: Data<Options>): Options {
  return {
    ...rest,
    ...(tls === undefined ? {} : { tls: configOf(tls) }),
    ...(proxy === undefined ? {} : { proxy: madeProxy(proxy) }),
  } as Options;
}

export function madeProxy(proxy: NonNullable<RawOptions["proxy"]>): string | ProxyOptions {
  if (typeof proxy === "string") return proxy;
  const { tls, ...rest } = proxy;
  return tls === undefined ? rest : { ...rest, tls: configOf(tls) };
}

const configs: Map<string, TlsConfig> = new Map();
