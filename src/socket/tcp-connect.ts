import type { Socket } from "bun";
import { errorName } from "../ffi/constants.ts";
import { type Libc, libc } from "../ffi/libc.ts";
import { endpoint, type IpAddress, ipLiteral, socketAddress } from "./address.ts";
import { ConnectError, errnoOf, osCodeOf } from "./errors.ts";
import { applySocketOptions, type CheckedSocketOptions, needsDescriptor, refused } from "./options.ts";
import type { Attempt, AttemptDone } from "./race.ts";
import { type Opening, openings, type TcpSocket } from "./tcp-socket.ts";

/** What all attempts of one dial have in common. */
export interface TcpConnectOptions {
  readonly port: number;
  /** TLS will follow: bytes are left alone until then. */
  readonly secure: boolean;
  readonly socket: CheckedSocketOptions;
}

/**
 * An attempt per address, over a descriptor of our own where the platform lets us make one: Bun can neither abort a pending
 * `Bun.connect` nor bound it, and would hold a blackholed one, and the process, for minutes. macOS takes that way only for
 * options that must be set before the SYN.
 */
export function tcpConnector(options: TcpConnectOptions): Attempt<TcpSocket> {
  const library = libc();
  const descriptor = library !== null && (process.platform === "linux" || needsDescriptor(options.socket));
  return (ip, done) => {
    const attempt = new TcpAttempt(options, ip, descriptor ? library : null, done);
    attempt.start();
    return () => attempt.cancel();
  };
}

class TcpAttempt implements Opening {
  readonly #options: TcpConnectOptions;
  readonly #ip: IpAddress;
  readonly #library: Libc | null;
  readonly #done: AttemptDone<TcpSocket>;
  readonly #tcp: TcpSocket;
  #socket: Socket<TcpSocket> | null = null;
  #over = false;

  constructor(options: TcpConnectOptions, ip: IpAddress, library: Libc | null, done: AttemptDone<TcpSocket>) {
    this.#options = options;
    this.#ip = ip;
    this.#library = library;
    this.#done = done;
    this.#tcp = openings.create(this);
  }

  start(): void {
    const { port, secure } = this.#options;
    const shared = { allowHalfOpen: true, data: this.#tcp, socket: openings.handlers(secure) };
    try {
      const target =
        this.#library === null
          ? { hostname: this.#ip.address, port }
          : // Missing from the types: a descriptor in place of an address.
            ({ fd: this.#openDescriptor(this.#library) } as unknown as { hostname: string; port: number });
      // Failures arrive by `connectError` and `close`.
      Bun.connect<TcpSocket>({ ...target, ...shared }).catch(ignore);
    } catch (error) {
      this.#fail(error);
    }
  }

  cancel(): void {
    this.#over = true;
    this.#socket?.terminate();
  }

  opened(socket: Socket<TcpSocket>): void {
    this.#socket = socket;
    if (this.#over) socket.terminate();
    else if (this.#library === null) this.#connected();
  }

  /** Over a descriptor `open` comes at once; the first `drain` or byte tells that it is connected, if it has a peer. */
  writable(): void {
    if (this.#library === null || this.#socket === null) return;
    const { fd } = this.#socket as unknown as { readonly fd: number };
    if (this.#library.peerAddress(fd, new Uint8Array(28)) > 0) this.#connected();
  }

  handshaken(): void {}

  failed(error: Error | null): void {
    this.#socket = null;
    this.#fail(error);
  }

  #connected(): void {
    if (this.#over) return;
    this.#over = true;
    // Bun turns Nagle off on whatever it adopts.
    if (!this.#options.socket.noDelay) this.#socket?.setNoDelay(false);
    this.#done(null, this.#tcp);
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#done(error instanceof Error && !isSystemError(error) ? error : this.#describe(error), null);
  }

  #describe(cause: unknown): ConnectError {
    const address = endpoint(this.#ip.address, this.#options.port);
    const osCode = osCodeOf(cause);
    const code = osCode === "ECONNREFUSED" ? "CONNECT_REFUSED" : "CONNECT_FAILED";
    const message = `Cannot connect to ${address}: ${osCode ?? "the connection closed at once"}`;
    return new ConnectError(code, message, { phase: "tcp", address, osCode, errno: errnoOf(cause), cause });
  }

  /** A socket with every option set, connecting. @throws SocketOptionError, or a {@link SystemError} */
  #openDescriptor(library: Libc): number {
    const { port, socket: options } = this.#options;
    const { AF_INET, AF_INET6, EINPROGRESS, EINTR } = library.constants;
    const fd = library.openSocket(this.#ip.family === 4 ? AF_INET : AF_INET6);
    if (fd < 0) throw new SystemError("socket", -fd);
    try {
      applySocketOptions(library, fd, this.#ip.family, options);
      const local = options.localAddress === null ? null : ipLiteral(options.localAddress);
      if (local !== null) {
        const bound = library.bind(fd, socketAddress(library, local, 0));
        if (bound < 0) throw refused("localAddress", local.address, -bound);
      }
      const result = library.connect(fd, socketAddress(library, this.#ip, port));
      if (result < 0 && result !== -EINPROGRESS && result !== -EINTR) throw new SystemError("connect", -result);
      return fd;
    } catch (error) {
      library.close(fd);
      throw error;
    }
  }
}

/** A system call failed; the cause of a {@link ConnectError}. */
class SystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number) {
    super(`${syscall}: ${errorName(errno)}`);
    this.code = errorName(errno);
    this.errno = errno;
    this.syscall = syscall;
  }
}

/** Ours, or one that Bun made of a system call's failure. */
function isSystemError(error: Error): boolean {
  return error instanceof SystemError || "syscall" in error || errnoOf(error) !== null;
}

function ignore(): void {}
