import { UsageError } from "../codec/errors.ts";
import { type SpinCalls, spinCalls } from "../ffi/spin-calls.ts";
import { StampedReceive } from "../ffi/spin-stamps.ts";
import { endpoint, type IpAddress, ipLiteral } from "./address.ts";
import { combine, reachable } from "./dial.ts";
import type { UrlDialSettings, UrlTarget } from "./dial-url.ts";
import { AbortedError, ConnectError, errnoOf, osCodeOf, SocketOptionError } from "./errors.ts";
import { type CheckedSocketOptions, checkSocketOptions, unsupported } from "./options.ts";
import { ATTEMPT_DELAY } from "./race.ts";
import { addressesOf, resolveBySystem } from "./resolve.ts";
import type { Endpoints } from "./socket-info.ts";
import { readAddress } from "./spin-address.ts";
import { timedOut } from "./spin-errors.ts";
import { SpinSocket } from "./spin-socket.ts";
import { spinTls } from "./spin-tls-connect.ts";
import type { SpinTransport } from "./spin-transport.ts";
import { openDescriptor, SystemError } from "./tcp-connect.ts";

/** Where to connect to, checked, and until when. */
export interface SpinTarget extends UrlTarget {
  /** Best first; at least one. */
  readonly addresses: readonly IpAddress[];
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
}

/**
 * Resolves what a URL names, which is all of connecting that needs the event loop.
 * @throws ConnectError (`CONNECT_DNS_FAILED`), TimeoutError (`CONNECT_TIMEOUT`), AbortedError, UsageError
 */
export async function spinTarget(target: UrlTarget, settings: UrlDialSettings): Promise<SpinTarget> {
  const deadline = performance.now() + settings.connectTimeout;
  checkMeans(settings);
  const literal = ipLiteral(target.hostname);
  if (literal !== null) return { ...target, addresses: [literal], deadline };
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const { connectTimeout, signal } = settings;
  const where = endpoint(target.hostname, target.port);
  const abort = (): void =>
    reject(new AbortedError(`Cannot connect to ${where}: aborted during dns`, "dns", signal?.reason));
  const timer = setTimeout(() => reject(timedOut(where, connectTimeout, "dns")), connectTimeout);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    if (signal?.aborted) abort();
    const addresses = await Promise.race([addressesOf(target.hostname, resolveBySystem), cut]);
    return { ...target, addresses, deadline };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** The same for an IP address, at once. @throws UsageError (`SPIN_NEEDS_ADDRESS`) for a name */
export function spinTargetNow(target: UrlTarget, settings: UrlDialSettings): SpinTarget {
  const deadline = performance.now() + settings.connectTimeout;
  checkMeans(settings);
  const literal = ipLiteral(target.hostname);
  if (literal !== null) return { ...target, addresses: [literal], deadline };
  throw new UsageError(
    "SPIN_NEEDS_ADDRESS",
    `Cannot connect to ${target.hostname} without an event loop: only an IP address needs no resolving; use connect()`,
  );
}

/**
 * Connects while the thread waits: addresses take turns as they do in `dial`, 250 ms apart or at once after a failure.
 * @throws ConnectError, TimeoutError (`CONNECT_TIMEOUT`), SocketOptionError, UsageError. Nothing stays open.
 */
export function spinConnect(target: SpinTarget, settings: UrlDialSettings, timestamps: boolean): SpinTransport {
  const { hostname, port, deadline } = target;
  const options = checkSocketOptions(settings.socket);
  const calls = checkedCalls();
  const where = endpoint(hostname.replace(/^\[|\]$/g, ""), port);
  if (settings.signal?.aborted) {
    throw new AbortedError(`Cannot connect to ${where}: aborted during tcp`, "tcp", settings.signal.reason);
  }
  const race = new SpinRace(calls, reachable(target.addresses, options), port, options);
  try {
    const fd = race.run(deadline);
    if (fd === null) throw timedOut(where, settings.connectTimeout, "tcp");
    if (fd < 0) throw combine(race.errors, where);
    keepQuick(calls, fd, options);
    const stamped = timestamps ? StampedReceive.open(calls, fd) : null;
    if (timestamps && stamped === null) {
      calls.library.close(fd);
      throw unsupported("timestamps");
    }
    const socket = new SpinSocket(calls, fd, endpointsOf(calls, fd), stamped);
    return target.secure ? spinTls(socket, hostname, deadline, settings) : socket;
  } finally {
    race.closeRest();
  }
}

/** Several addresses on their way at once. */
class SpinRace {
  readonly errors: Error[] = [];
  readonly #calls: SpinCalls;
  readonly #addresses: readonly IpAddress[];
  readonly #port: number;
  readonly #options: CheckedSocketOptions;
  readonly #running: { readonly fd: number; readonly address: string }[] = [];
  readonly #pollers: Int32Array;
  #next = 0;

  constructor(calls: SpinCalls, addresses: readonly IpAddress[], port: number, options: CheckedSocketOptions) {
    this.#calls = calls;
    this.#addresses = addresses;
    this.#port = port;
    this.#options = options;
    this.#pollers = new Int32Array(new ArrayBuffer(8 * addresses.length));
  }

  /** The descriptor that connected first, −1 where none can, null where time ran out. */
  run(deadline: number): number | null {
    let nextAt = performance.now();
    for (;;) {
      const now = performance.now();
      if (this.#next < this.#addresses.length && now >= nextAt) {
        this.#start();
        nextAt = now + ATTEMPT_DELAY;
      }
      const more = this.#next < this.#addresses.length;
      if (this.#running.length === 0) {
        if (!more) return -1;
        nextAt = now;
        continue;
      }
      if (now >= deadline) return null;
      const until = Math.min(deadline, more ? nextAt : Number.POSITIVE_INFINITY, now + LONGEST_SLEEP);
      const connected = this.#look(Math.max(1, Math.ceil(until - now)));
      if (connected >= 0) return connected;
      if (connected === FAILED) nextAt = now;
    }
  }

  closeRest(): void {
    for (const { fd } of this.#running) this.#calls.library.close(fd);
    this.#running.length = 0;
  }

  #start(): void {
    const ip = this.#addresses[this.#next++];
    if (ip === undefined) return;
    const address = endpoint(ip.address, this.#port);
    try {
      const options = { port: this.#port, secure: false, socket: this.#options };
      this.#running.push({ fd: openDescriptor(this.#calls.library, ip, options), address });
    } catch (error) {
      // An option that the kernel refuses would be refused for every address.
      if (error instanceof SocketOptionError) throw error;
      this.errors.push(failed(address, error));
    }
  }

  /** Waits for news of any of them: one that connected, {@link FAILED}, or {@link NOTHING}. */
  #look(timeout: number): number {
    const { constants, library } = this.#calls;
    const pollers = this.#pollers;
    for (const [at, { fd }] of this.#running.entries()) {
      pollers[2 * at] = fd;
      pollers[2 * at + 1] = constants.POLLOUT;
    }
    if (this.#calls.waitForAny(pollers, this.#running.length, timeout) <= 0) return NOTHING;
    for (const [at, attempt] of this.#running.entries()) {
      if ((pollers[2 * at + 1] ?? 0) >>> 16 === 0) continue;
      const { SOL_SOCKET, SO_ERROR } = library.constants;
      const errno = library.option(attempt.fd, SOL_SOCKET, SO_ERROR);
      this.#running.splice(at, 1);
      if (errno === 0) return attempt.fd;
      library.close(attempt.fd);
      this.errors.push(failed(attempt.address, new SystemError("connect", Math.abs(errno))));
      return FAILED;
    }
    return NOTHING;
  }
}

function failed(address: string, cause: unknown): ConnectError {
  const osCode = osCodeOf(cause);
  const code = osCode === "ECONNREFUSED" ? "CONNECT_REFUSED" : "CONNECT_FAILED";
  const message = `Cannot connect to ${address}: ${osCode ?? String(cause)}`;
  return new ConnectError(code, message, { phase: "tcp", address, osCode, errno: errnoOf(cause), cause });
}

/** What a spin stream cannot do is said before anything is resolved. */
function checkMeans({ socket, proxy }: UrlDialSettings): void {
  checkSocketOptions(socket);
  checkedCalls();
  // The types leave it out; whoever gives it all the same must not be connected past it.
  if (proxy === null) return;
  throw new UsageError("SPIN_UNSUPPORTED", "Cannot connect by spinning: the option proxy is for the event backend");
}

function checkedCalls(): SpinCalls {
  const calls = spinCalls();
  if (calls !== null) return calls;
  const platform = `${process.platform} ${process.arch}`;
  throw new UsageError(
    "SPIN_UNSUPPORTED",
    `Cannot connect by spinning: ${platform} has no C library that is known here`,
  );
}

/** The kernel leaves its quick mode by itself. */
function keepQuick({ library }: SpinCalls, fd: number, { quickAck }: CheckedSocketOptions): void {
  const { IPPROTO_TCP, TCP_QUICKACK } = library.constants;
  if (quickAck !== null && TCP_QUICKACK !== null) library.setOption(fd, IPPROTO_TCP, TCP_QUICKACK, Number(quickAck));
}

function endpointsOf({ library }: SpinCalls, fd: number): Endpoints {
  const bytes = new Uint8Array(new ArrayBuffer(28));
  const local = readAddress(library, bytes, library.localAddress(fd, bytes));
  const remote = readAddress(library, bytes, library.peerAddress(fd, bytes));
  return {
    localAddress: local.address,
    localPort: local.port,
    remoteAddress: remote.address,
    remotePort: remote.port,
  };
}

const NOTHING = -1;
const FAILED = -2;
/** Milliseconds: a thread that is being ended is not to sleep longer. */
const LONGEST_SLEEP = 50;
