import { TimeoutError, UsageError } from "../codec/errors.ts";
import { endpoint, ipLiteral } from "./address.ts";
import { AbortedError, type ConnectPhase } from "./errors.ts";
import type { SocketFacts } from "./opening.ts";
import { openings, type TcpSocket } from "./tcp-socket.ts";
import type { TlsConfig } from "./tls-config.ts";
import { startTls } from "./tls-handshake.ts";

/** What bounds an attempt to connect, whatever its target. */
export interface TaskOptions {
  /** Milliseconds for all of it. Default 10,000. */
  readonly timeout?: number;
  /** Milliseconds for the TLS handshake alone, within `timeout`. Default: what is left of that. */
  readonly tlsTimeout?: number;
  /** Gives up: the promise rejects with an `AbortedError`, and whatever was open is closed. */
  readonly signal?: AbortSignal;
  /** Told as each phase begins. */
  readonly onPhase?: (phase: ConnectPhase) => void;
}

/**
 * A connection in the making, which time or a signal can cut short at every stage. Its promise settles once; at a failure
 * whatever is open is closed, and no timer or listener outlives it.
 */
export class ConnectTask {
  readonly promise: Promise<TcpSocket>;
  readonly #where: string;
  readonly #options: TaskOptions;
  readonly #resolve: (socket: TcpSocket) => void;
  readonly #reject: (error: unknown) => void;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #phase: ConnectPhase;
  #settled = false;
  #abandon: () => void = () => {};
  #verdict: () => Error | null = noVerdict;

  /** `where` names the target in messages, `phase` what comes first. Limits start to run now. @throws UsageError */
  constructor(where: string, phase: ConnectPhase, options: TaskOptions) {
    const { timeout = DEFAULT_TIMEOUT, tlsTimeout, signal } = options;
    checkTimeout("timeout", timeout);
    if (tlsTimeout !== undefined) checkTimeout("tlsTimeout", tlsTimeout);
    const { promise, resolve, reject } = Promise.withResolvers<TcpSocket>();
    this.promise = promise;
    this.#where = where;
    this.#phase = phase;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    if (signal?.aborted) {
      this.#abort();
      return;
    }
    signal?.addEventListener("abort", this.#abort, { once: true });
    this.#limit(timeout);
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Begins a phase. `abandon` closes what is open from now on; it is called at once if the task is over already. */
  enter(phase: ConnectPhase, abandon: () => void): void {
    this.abandonBy(abandon);
    if (this.#settled) {
      abandon();
      return;
    }
    this.#phase = phase;
    try {
      this.#options.onPhase?.(phase);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Replaces what closes whatever is open, and what is asked for another reason of the failure when time has run out. */
  abandonBy(abandon: () => void, verdict: () => Error | null = noVerdict): void {
    this.#abandon = abandon;
    this.#verdict = verdict;
  }

  /**
   * TCP stands, or a tunnel through a proxy, with which `peer` says how the peer stands in messages. Holds the TLS handshake, where
   * there is to be one, and settles.
   */
  connected(
    tcp: TcpSocket,
    tls: TlsConfig | null,
    hostname: string | null,
    serverName: string | undefined,
    peer: string | null = null,
  ): void {
    const abandon = (): void => tcp.terminate();
    const endpoints = openings.endpoints(tcp);
    if (tls === null) {
      this.#succeed(tcp, { ...endpoints, ...PLAIN });
      return;
    }
    this.enter("tls", abandon);
    const name = serverName ?? tls.serverName ?? hostname ?? endpoints.remoteAddress;
    // Bun would verify against "localhost".
    if (name === "")
      this.fail(new UsageError("CONNECT_BAD_TARGET", `Cannot verify ${this.#where}: serverName is empty`));
    if (this.#settled) return;
    if (this.#options.tlsTimeout !== undefined) this.#limit(this.#options.tlsTimeout);
    const address = peer === null ? endpoint(endpoints.remoteAddress, endpoints.remotePort) : null;
    const target = { tls, serverName: ipLiteral(name)?.address ?? name, peer: peer ?? address ?? "", address };
    startTls(tcp, target, (error, facts) => {
      if (facts === null) this.fail(error);
      else this.#succeed(tcp, { ...endpoints, ...facts });
    });
  }

  fail(error: unknown): void {
    if (this.#settled) return;
    this.#release();
    this.#abandon();
    this.#reject(error);
  }

  #succeed(tcp: TcpSocket, facts: SocketFacts): void {
    if (this.#settled) {
      tcp.terminate();
      return;
    }
    this.#release();
    openings.establish(tcp, facts);
    this.#resolve(tcp);
  }

  #release(): void {
    this.#settled = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#options.signal?.removeEventListener("abort", this.#abort);
  }

  #limit(timeout: number): void {
    const expire = (): void => {
      const message = `Cannot connect to ${this.#where}: ${timeout} ms ran out during ${this.#phase}`;
      this.fail(this.#verdict() ?? new TimeoutError("CONNECT_TIMEOUT", message, timeout, this.#phase));
    };
    this.#timers.push(setTimeout(expire, timeout));
  }

  readonly #abort = (): void => {
    const message = `Cannot connect to ${this.#where}: aborted during ${this.#phase}`;
    this.fail(new AbortedError(message, this.#phase, this.#options.signal?.reason));
  };
}

function checkTimeout(name: string, timeout: number): void {
  if (timeout > 0 && timeout <= MAX_TIMEOUT) return;
  const message = `Cannot connect: ${name} is ${timeout} where it must be over 0 and at most ${MAX_TIMEOUT} ms`;
  throw new UsageError("CONNECT_BAD_TIMEOUT", message);
}

function noVerdict(): null {
  return null;
}

const DEFAULT_TIMEOUT = 10_000;

/** The longest that a timer takes. */
export const MAX_TIMEOUT = 0x7fffffff;

const PLAIN = { secure: false, alpnProtocol: null, tlsVersion: null, sessionReused: false, session: null } as const;
