import { NexusError, TimeoutError, UsageError } from "../codec/errors.ts";
import { libc } from "../ffi/libc.ts";
import { endpoint, type IpAddress, ipLiteral } from "./address.ts";
import { AbortedError, ConnectError, type ConnectErrorCode, type ConnectPhase } from "./errors.ts";
import {
  type CheckedSocketOptions,
  checkSocketOptions,
  firstOption,
  needsDescriptor,
  type SocketOptions,
  unsupported,
} from "./options.ts";
import { ATTEMPT_DELAY, type Attempt, race } from "./race.ts";
import { addressesOf, type Resolver, resolveBySystem } from "./resolve.ts";
import { type TcpConnectOptions, tcpConnector } from "./tcp-connect.ts";
import { openings, type SocketFacts, type TcpSocket } from "./tcp-socket.ts";
import type { TlsConfig } from "./tls-config.ts";
import { startTls } from "./tls-handshake.ts";

/** Where to connect to. */
export interface DialTarget {
  /** A name or an IP literal; an IPv6 one with or without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Null for plain TCP. */
  readonly tls: TlsConfig | null;
  /** The name to verify and to send, before `tls.serverName` and `hostname`. */
  readonly serverName?: string;
}

/** How to connect. */
export interface DialOptions {
  readonly socket?: SocketOptions;
  /** Milliseconds for name, TCP and TLS together. Default 10,000. */
  readonly timeout?: number;
  /** Milliseconds for the TLS handshake alone, within `timeout`. Default: what is left of that. */
  readonly tlsTimeout?: number;
  /** Gives up: the promise rejects with an `AbortedError`, and whatever was open is closed. */
  readonly signal?: AbortSignal;
  /** Told as each phase begins. */
  readonly onPhase?: (phase: ConnectPhase) => void;
}

/**
 * Connects. The addresses of a name take turns, 250 ms apart or at once after a failure, and the first that answers wins
 * (RFC 8305). With TLS the promise resolves after the certificate was verified; no byte of the caller's leaves before.
 *
 * @throws ConnectError, TimeoutError (`CONNECT_TIMEOUT`), AbortedError, SocketOptionError, UsageError. Nothing stays open.
 */
export function dial(target: DialTarget, options: DialOptions = {}): Promise<TcpSocket> {
  return dialWith(target, options, SYSTEM);
}

/** The means that tests replace. */
export interface DialMeans {
  readonly resolver: Resolver;
  readonly connector: (options: TcpConnectOptions) => Attempt<TcpSocket>;
}

/** {@link dial} by other means than the system's. */
export function dialWith(target: DialTarget, options: DialOptions, means: DialMeans): Promise<TcpSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TcpSocket>();
  try {
    new Dial(target, options, means, resolve, reject).start();
  } catch (error) {
    reject(error);
  }
  return promise;
}

class Dial {
  readonly #target: DialTarget;
  readonly #options: DialOptions;
  readonly #socketOptions: CheckedSocketOptions;
  readonly #means: DialMeans;
  readonly #resolve: (socket: TcpSocket) => void;
  readonly #reject: (error: unknown) => void;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  readonly #onAbort: () => void;
  #phase: ConnectPhase = "dns";
  #settled = false;
  /** Closes what is open now. */
  #abandon: () => void = () => {};

  constructor(
    target: DialTarget,
    options: DialOptions,
    means: DialMeans,
    resolve: (socket: TcpSocket) => void,
    reject: (error: unknown) => void,
  ) {
    checkTarget(target);
    this.#target = target;
    this.#options = options;
    this.#socketOptions = checkSocketOptions(options.socket);
    this.#means = means;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onAbort = () => {
      const message = `Cannot connect to ${this.#where}: aborted during ${this.#phase}`;
      this.#fail(new AbortedError(message, this.#phase, options.signal?.reason));
    };
  }

  start(): void {
    const { signal, timeout = DEFAULT_TIMEOUT, tlsTimeout } = this.#options;
    checkTimeout("timeout", timeout);
    if (tlsTimeout !== undefined) checkTimeout("tlsTimeout", tlsTimeout);
    if (needsDescriptor(this.#socketOptions) && libc() === null) throw unsupported(firstOption(this.#socketOptions));
    if (signal?.aborted) {
      this.#onAbort();
      return;
    }
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    this.#limit(timeout);
    this.#enter("dns");
    if (this.#settled) return;
    const literal = ipLiteral(this.#target.hostname);
    const found = literal === null ? addressesOf(this.#target.hostname, this.#means.resolver) : [literal];
    if (Array.isArray(found)) this.#race(found);
    else
      (found as Promise<readonly IpAddress[]>).then(
        (addresses) => this.#race(addresses),
        (error) => this.#fail(error),
      );
  }

  get #where(): string {
    return endpoint(this.#target.hostname, this.#target.port);
  }

  #race(addresses: readonly IpAddress[]): void {
    if (this.#settled) return;
    this.#enter("tcp");
    if (this.#settled) return;
    const { port, tls } = this.#target;
    const connector = this.#means.connector({ port, secure: tls !== null, socket: this.#socketOptions });
    this.#abandon = race(addresses, connector, ATTEMPT_DELAY, (errors, winner) => {
      if (winner === null) this.#fail(this.#combine(errors));
      else this.#connected(winner);
    });
  }

  #connected(tcp: TcpSocket): void {
    this.#abandon = () => tcp.terminate();
    const { tls, serverName, hostname, port } = this.#target;
    const endpoints = openings.endpoints(tcp);
    if (tls === null) {
      this.#succeed(tcp, { ...endpoints, ...PLAIN });
      return;
    }
    this.#enter("tls");
    if (this.#settled) return;
    if (this.#options.tlsTimeout !== undefined) this.#limit(this.#options.tlsTimeout);
    const name = serverName ?? tls.serverName ?? ipLiteral(hostname)?.address ?? hostname;
    startTls(tcp, { tls, serverName: name, address: endpoints.remoteAddress, port }, (error, facts) => {
      if (facts === null) this.#fail(error);
      else this.#succeed(tcp, { ...endpoints, ...facts });
    });
  }

  #succeed(tcp: TcpSocket, facts: SocketFacts): void {
    if (this.#settled) return;
    this.#release();
    openings.establish(tcp, facts);
    this.#resolve(tcp);
  }

  #fail(error: unknown): void {
    if (this.#settled) return;
    this.#release();
    this.#abandon();
    this.#reject(error);
  }

  #release(): void {
    this.#settled = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
  }

  #limit(timeout: number): void {
    const expire = (): void => {
      const message = `Cannot connect to ${this.#where}: ${timeout} ms ran out during ${this.#phase}`;
      this.#fail(new TimeoutError("CONNECT_TIMEOUT", message, timeout, this.#phase));
    };
    this.#timers.push(setTimeout(expire, timeout));
  }

  #enter(phase: ConnectPhase): void {
    this.#phase = phase;
    try {
      this.#options.onPhase?.(phase);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** One error is itself; several become one that lists them, with the code they share or the general one. */
  #combine(errors: readonly Error[]): Error {
    const [first] = errors;
    const last = errors[errors.length - 1];
    if (first === undefined || last === undefined || errors.length === 1) return first ?? new Error("no address");
    if (!(last instanceof ConnectError)) return last;
    const codes = new Set(errors.map((error) => (error instanceof NexusError ? error.code : "")));
    const code: ConnectErrorCode = codes.size === 1 ? last.code : "CONNECT_FAILED";
    const list = errors.map((error) =>
      error instanceof ConnectError ? `${error.address} ${error.osCode}` : error.message,
    );
    const message = `Cannot connect to ${this.#where}: all ${errors.length} addresses failed: ${list.join(", ")}`;
    const { osCode, errno } = last;
    return new ConnectError(code, message, {
      phase: "tcp",
      osCode,
      errno,
      errors,
      cause: new AggregateError(errors, message),
    });
  }
}

function checkTarget({ hostname, port }: DialTarget): void {
  if (typeof hostname !== "string" || hostname === "") {
    throw new UsageError("CONNECT_BAD_TARGET", `Cannot connect: hostname is ${JSON.stringify(hostname)}`);
  }
  if (Number.isInteger(port) && port > 0 && port < 65_536) return;
  throw new UsageError("CONNECT_BAD_TARGET", `Cannot connect to ${hostname}: port ${port} is not from 1 to 65535`);
}

function checkTimeout(name: string, timeout: number): void {
  if (timeout > 0 && timeout <= 0x7fffffff) return;
  throw new UsageError(
    "CONNECT_BAD_TIMEOUT",
    `Cannot connect: ${name} is ${timeout} where it must be from 1 to 2147483647 ms`,
  );
}

const DEFAULT_TIMEOUT = 10_000;

const PLAIN = { secure: false, alpnProtocol: null, tlsVersion: null, sessionReused: false, session: null } as const;

const SYSTEM: DialMeans = { resolver: resolveBySystem, connector: tcpConnector };
