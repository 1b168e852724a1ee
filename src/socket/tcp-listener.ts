import type { TCPSocketListener } from "bun";
import { NexusError, UsageError } from "../codec/errors.ts";
import { libc } from "../ffi/libc.ts";
import { Accepting, type AcceptingTerms } from "./accepting.ts";
import { endpoint, ipLiteral } from "./address.ts";
import { MAX_TIMEOUT } from "./connect-task.ts";
import { AbortedError, ListenError, osCodeOf } from "./errors.ts";
import {
  applySocketOptions,
  type CheckedSocketOptions,
  checkSocketOptions,
  firstOption,
  needsDescriptor,
  type SocketOptions,
  unsupported,
} from "./options.ts";
import { openings, type TcpSocket } from "./tcp-socket.ts";
import { type TlsConfig, tlsInternals } from "./tls-config.ts";

/** Where and how to listen. */
export interface BindOptions {
  /** The address to listen on: `127.0.0.1`, `::1`, a name of this machine; `0.0.0.0` for every IPv4 one, `::` for every one. */
  readonly hostname: string;
  /** 0 to 65535; 0 takes a free one, which {@link TcpListener.port} tells. */
  readonly port: number;
  /** Speak TLS with this certificate; it needs `cert` and `key`. Default null: plain TCP. */
  readonly tls?: TlsConfig | null;
  /** Options of each accepted socket. Default: `noDelay` alone. `localAddress` is not for listeners. */
  readonly socket?: SocketOptions;
  /** Connections that may wait for {@link TcpListener.accept}; one more is cut. Default 512. */
  readonly backlog?: number;
  /** TLS handshakes that may be under way; one more is cut. Default 1,024. */
  readonly maxHandshakes?: number;
  /** Milliseconds that a TLS handshake may take. Default 10,000. */
  readonly tlsTimeout?: number;
  /** Told of each connection that was cut before it could be accepted, and why. Default: only {@link TcpListener.refused} counts them. What it throws goes to the console. */
  readonly onRefused?: (error: NexusError, address: string) => void;
}

/**
 * Accepts TCP connections, plain or under TLS, one `await` each: what `WsStream.accept` and `WsConnection.accept` take.
 *
 * ```ts
 * using listener = TcpListener.bind({ hostname: "127.0.0.1", port: 9001 });
 * for await (const tcp of listener) void serve(tcp);
 * ```
 *
 * Bun accepts by itself: what nobody has taken waits here, up to `backlog`, and what such a connection sends waits in the kernel.
 */
export class TcpListener implements AsyncIterable<TcpSocket>, Disposable {
  /** The address as it was given. */
  readonly hostname: string;
  /** The port that is listened on. */
  readonly port: number;
  readonly #backlog: number;
  readonly #maxHandshakes: number;
  readonly #onRefused: (error: NexusError, address: string) => void;
  readonly #listener: TCPSocketListener<TcpSocket>;
  readonly #handshakes: Set<Accepting> = new Set();
  /** Open, and not taken yet. */
  readonly #ready: TcpSocket[] = [];
  /** Calls of `accept` that wait; where there is one, nothing is ready. */
  readonly #waiting: Set<(socket: TcpSocket | null) => void> = new Set();
  #refused = 0;
  #closed = false;

  private constructor(options: BindOptions) {
    const { hostname, port, tls = null, backlog, maxHandshakes, tlsTimeout, onRefused } = options;
    const socketOptions = checkSocketOptions(options.socket);
    if (socketOptions.localAddress !== null) {
      throw new UsageError("SOCKET_OPTION_INVALID", "Cannot use socket option localAddress: a listener has hostname");
    }
    const certificate = tls === null ? {} : { tls: tlsInternals.serverOptions(tls) };
    this.#backlog = integer("backlog", backlog ?? 512, MAX_WAITING);
    this.#maxHandshakes = integer("maxHandshakes", maxHandshakes ?? 1024, MAX_WAITING);
    this.#onRefused = onRefused ?? ignore;
    const terms: AcceptingTerms = {
      tls,
      tlsTimeout: integer("tlsTimeout", tlsTimeout ?? 10_000, MAX_TIMEOUT),
      configure: (socket) => configure((socket as { readonly fd?: number }).fd, socketOptions),
      done: (accepting, outcome, address) => this.#done(accepting, outcome, address),
    };
    const handlers = openings.handlers(false);
    this.#listener = listen(hostname, port, {
      ...certificate,
      allowHalfOpen: true,
      socket: {
        ...handlers,
        open: (socket) => {
          const accepting = Accepting.begin(socket, terms);
          this.#handshakes.add(accepting);
          handlers.open?.(socket);
          if (this.#handshakes.size > this.#maxHandshakes) accepting.crowdedOut(this.#maxHandshakes);
        },
      },
    });
    this.hostname = hostname;
    this.port = this.#listener.port;
    try {
      // What is accepted has them from the listening socket: the buffer's size must be known when the SYN is answered.
      configure((this.#listener as { readonly fd?: number }).fd, socketOptions);
    } catch (error) {
      this.#listener.stop(true);
      throw error;
    }
  }

  /**
   * Listens from now on; accepted connections wait for {@link accept}.
   * @throws ListenError, SocketOptionError, TlsConfigError, UsageError
   */
  static bind(options: BindOptions): TcpListener {
    return new TcpListener(options);
  }

  /** Connections that wait to be taken. */
  get waiting(): number {
    return this.#ready.length;
  }

  /** Connections that were cut before they could be taken: the backlog was full, TLS failed, an option could not be set. */
  get refused(): number {
    return this.#refused;
  }

  /**
   * The next connection, TLS handshake done and judged; null once the listener is closed. Calls are served in order.
   * @throws AbortedError
   */
  accept(options: { readonly signal?: AbortSignal } = {}): Promise<TcpSocket | null> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(aborted(signal));
    for (let socket = this.#ready.shift(); socket !== undefined; socket = this.#ready.shift()) {
      if (!socket.closed) return Promise.resolve(socket);
    }
    if (this.#closed) return Promise.resolve(null);
    const { promise, resolve, reject } = Promise.withResolvers<TcpSocket | null>();
    const onAbort = (): void => {
      this.#waiting.delete(take);
      reject(aborted(signal));
    };
    const take = (socket: TcpSocket | null): void => {
      signal?.removeEventListener("abort", onAbort);
      resolve(socket);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#waiting.add(take);
    return promise;
  }

  /** The connections from here on, until the listener is closed. Leaving the loop leaves it open. */
  [Symbol.asyncIterator](): AsyncIterator<TcpSocket, undefined> {
    return {
      next: async () => {
        const socket = await this.accept();
        return socket === null ? { done: true, value: undefined } : { done: false, value: socket };
      },
    };
  }

  /** Stops listening: what waits to be taken is cut, each waiting {@link accept} gives null. Sockets that were taken stay open. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.stop(false);
    for (const accepting of this.#handshakes) accepting.abandon();
    this.#handshakes.clear();
    for (const socket of this.#ready) socket.terminate();
    this.#ready.length = 0;
    for (const take of this.#waiting) take(null);
    this.#waiting.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #done(accepting: Accepting, outcome: TcpSocket | NexusError, address: string): void {
    this.#handshakes.delete(accepting);
    if (outcome instanceof NexusError) {
      this.#refuse(outcome, address);
      return;
    }
    for (const take of this.#waiting) {
      this.#waiting.delete(take);
      take(outcome);
      return;
    }
    if (this.#ready.length >= this.#backlog) this.#dropClosed();
    if (this.#ready.length < this.#backlog) {
      this.#ready.push(outcome);
      return;
    }
    outcome.terminate();
    const message = `Cannot accept ${address}: ${this.#ready.length} connections wait where backlog is ${this.#backlog}`;
    this.#refuse(new ListenError("LISTEN_BACKLOG_FULL", message, address), address);
  }

  /** Those whose peer has gone meanwhile. */
  #dropClosed(): void {
    const open = this.#ready.filter((socket) => !socket.closed);
    this.#ready.splice(0, this.#ready.length, ...open);
  }

  #refuse(error: NexusError, address: string): void {
    this.#refused++;
    try {
      this.#onRefused(error, address);
    } catch (thrown) {
      console.error(thrown);
    }
  }
}

type ListenOptions = Omit<Bun.TCPSocketListenOptions<TcpSocket>, "hostname" | "port">;

function listen(hostname: string, port: number, options: ListenOptions): TCPSocketListener<TcpSocket> {
  const address = ipLiteral(hostname)?.address ?? hostname;
  if (typeof hostname !== "string" || hostname === "" || !(Number.isInteger(port) && port >= 0 && port <= 0xffff)) {
    const message = `Cannot listen on ${JSON.stringify(hostname)}, port ${port}: a host and an integer from 0 to 65535 are needed`;
    throw new UsageError("LISTEN_BAD_ADDRESS", message);
  }
  try {
    return Bun.listen<TcpSocket>({ ...options, hostname: address, port });
  } catch (cause) {
    const where = endpoint(address, port);
    const detail = osCodeOf(cause) ?? (cause instanceof Error ? cause.message : "the system refused");
    throw new ListenError("LISTEN_FAILED", `Cannot listen on ${where}: ${detail}`, where, cause);
  }
}

/** Sets the options, where any was asked for, on a descriptor of Bun's. @throws SocketOptionError */
function configure(fd: number | undefined, options: CheckedSocketOptions): void {
  if (!needsDescriptor(options)) return;
  const library = libc();
  if (library === null || fd === undefined) throw unsupported(firstOption(options));
  const family = library.localAddress(fd, new Uint8Array(28)) === LENGTH_OF_IPV4 ? 4 : 6;
  applySocketOptions(library, fd, family, options);
}

function integer(name: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UsageError("OPTION_OUT_OF_RANGE", `Cannot listen: ${name} is ${value}, not an integer from 1 to ${most}`);
}

function aborted(signal: AbortSignal | undefined): AbortedError {
  return new AbortedError("Cannot accept: aborted while waiting for a connection", "accept", signal?.reason);
}

function ignore(): void {}

/** Of a `sockaddr_in`. */
const LENGTH_OF_IPV4 = 16;
const MAX_WAITING = 1 << 20;
