import type { SpinCalls } from "../ffi/spin-calls.ts";
import { endpoint, type IpAddress } from "./address.ts";
import { ConnectError, errnoOf, osCodeOf, SocketOptionError } from "./errors.ts";
import type { CheckedSocketOptions } from "./options.ts";
import { ATTEMPT_DELAY } from "./race.ts";
import { closeDescriptor, keepDescriptor } from "./spin-descriptor.ts";
import { SystemError } from "./system-error.ts";
import { openDescriptor } from "./tcp-connect.ts";

/** Several addresses on their way at once. */
export class SpinRace {
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
    for (const { fd } of this.#running) closeDescriptor(this.#calls, fd);
    this.#running.length = 0;
  }

  #start(): void {
    const ip = this.#addresses[this.#next++];
    if (ip === undefined) return;
    const address = endpoint(ip.address, this.#port);
    try {
      const options = { port: this.#port, secure: false, socket: this.#options };
      const fd = openDescriptor(this.#calls.library, ip, options);
      keepDescriptor(fd);
      this.#running.push({ fd, address });
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
      closeDescriptor(this.#calls, attempt.fd);
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

const NOTHING = -1;
const FAILED = -2;
/** Milliseconds: a thread that is being ended is not to sleep longer. */
const LONGEST_SLEEP = 50;
