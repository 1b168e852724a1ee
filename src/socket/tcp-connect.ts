import type { Socket } from "bun";
import { type Libc, libc } from "../ffi/libc.ts";
import { endpoint, type IpAddress, ipLiteral, socketAddress } from "./address.ts";
import { ConnectError, errnoOf, osCodeOf, SocketOptionError } from "./errors.ts";
import type { Opening } from "./opening.ts";
import { applySocketOptions, type CheckedSocketOptions, needsDescriptor, refused } from "./options.ts";
import type { Attempt, AttemptDone } from "./race.ts";
import { SystemError } from "./system-error.ts";
import { openings, type TcpSocket } from "./tcp-socket.ts";

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
  return library !== null && (process.platform === "linux" || needsDescriptor(options.socket))
    ? descriptorConnector(options, library)
    : bunConnector(options);
}

/** Each attempt is a plain `Bun.connect`; one that is cancelled closes itself once Bun is done with it. */
export function bunConnector(options: TcpConnectOptions): Attempt<TcpSocket> {
  return (ip, done) => {
    const attempt = new TcpAttempt(endpoint(ip.address, options.port), null, options.socket, done);
    return attempt.start(options.secure, () => ({ hostname: ip.address, port: options.port }));
  };
}

/** Each attempt is a socket of our own, its options set before it connects. */
function descriptorConnector(options: TcpConnectOptions, library: Libc): Attempt<TcpSocket> {
  return (ip, done) => {
    const attempt = new TcpAttempt(endpoint(ip.address, options.port), library, options.socket, done);
    return attempt.start(options.secure, () => ({ fd: openDescriptor(library, ip, options) }));
  };
}

/** Takes over a descriptor from elsewhere; returns what cancels it. */
export function adoptDescriptor(fd: number, secure: boolean, where: string, done: AttemptDone<TcpSocket>): () => void {
  return new TcpAttempt(where, libc(), null, done).start(secure, () => ({ fd }));
}

type Source = { readonly hostname: string; readonly port: number } | { readonly fd: number };

class TcpAttempt implements Opening {
  readonly #where: string;
  /** Null for a plain `Bun.connect`, where `open` means connected. */
  readonly #library: Libc | null;
  readonly #socketOptions: CheckedSocketOptions | null;
  readonly #done: AttemptDone<TcpSocket>;
  readonly #tcp: TcpSocket;
  #fd = -1;
  #overDescriptor = false;
  #socket: Socket<TcpSocket> | null = null;
  #over = false;

  constructor(
    where: string,
    library: Libc | null,
    socketOptions: CheckedSocketOptions | null,
    done: AttemptDone<TcpSocket>,
  ) {
    this.#where = where;
    this.#library = library;
    this.#socketOptions = socketOptions;
    this.#done = done;
    this.#tcp = openings.create(this);
  }

  start(secure: boolean, open: () => Source): () => void {
    try {
      const source = open();
      this.#overDescriptor = "fd" in source;
      if ("fd" in source) this.#fd = source.fd;
      // A descriptor in place of an address is missing from the types.
      const target = source as { readonly hostname: string; readonly port: number };
      const handlers = openings.handlers(secure);
      // Failures arrive by `connectError` and `close`.
      Bun.connect<TcpSocket>({ ...target, allowHalfOpen: true, data: this.#tcp, socket: handlers }).catch(ignore);
    } catch (error) {
      this.failed(error instanceof Error ? error : null);
    }
    return () => this.#cancel();
  }

  opened(socket: Socket<TcpSocket>): void {
    this.#socket = socket;
    if (this.#over) socket.terminate();
    else if (!this.#overDescriptor) this.#connected();
  }

  /** Over a descriptor `open` comes at once; the first `drain` or byte tells that it is connected, if it has a peer. */
  writable(): void {
    if (!this.#overDescriptor || this.#socket === null) return;
    if (this.#library === null || this.#library.peerAddress(this.#fd, new Uint8Array(28)) > 0) this.#connected();
  }

  handshaken(): void {}

  failed(error: Error | null): void {
    // What Bun never opened it does not close either.
    if (this.#socket === null && this.#fd >= 0) this.#library?.close(this.#fd);
    this.#socket = null;
    this.#fd = -1;
    if (this.#over) return;
    this.#over = true;
    this.#done(error instanceof SocketOptionError ? error : this.#describe(error), null);
  }

  #cancel(): void {
    this.#over = true;
    this.#socket?.terminate();
  }

  #connected(): void {
    if (this.#over) return;
    this.#over = true;
    const { noDelay, quickAck } = this.#socketOptions ?? {};
    // Bun turns Nagle off on whatever it adopts, and the kernel leaves its quick mode by itself.
    if (noDelay === false) this.#socket?.setNoDelay(false);
    const { IPPROTO_TCP, TCP_QUICKACK } = this.#library?.constants ?? {};
    if (typeof quickAck === "boolean" && IPPROTO_TCP !== undefined && typeof TCP_QUICKACK === "number") {
      this.#library?.setOption(this.#fd, IPPROTO_TCP, TCP_QUICKACK, Number(quickAck));
    }
    this.#done(null, this.#tcp);
  }

  #describe(cause: Error | null): ConnectError {
    const osCode = osCodeOf(cause);
    const code = osCode === "ECONNREFUSED" ? "CONNECT_REFUSED" : "CONNECT_FAILED";
    const message = `Cannot connect to ${this.#where}: ${osCode ?? "the connection closed at once"}`;
    return new ConnectError(code, message, {
      phase: "tcp",
      address: this.#where,
      osCode,
      errno: errnoOf(cause),
      cause,
    });
  }
}

/** A socket with every option set, connecting. @throws SocketOptionError, or a {@link SystemError} */
export function openDescriptor(library: Libc, ip: IpAddress, { port, socket: options }: TcpConnectOptions): number {
  const { AF_INET, AF_INET6, EINPROGRESS, EINTR } = library.constants;
  const fd = library.openSocket(ip.family === 4 ? AF_INET : AF_INET6);
  if (fd < 0) throw new SystemError("socket", -fd);
  try {
    applySocketOptions(library, fd, ip.family, options);
    const local = options.localAddress === null ? null : ipLiteral(options.localAddress);
    const bound = local === null ? 0 : library.bind(fd, socketAddress(library, local, 0));
    if (bound < 0) throw refused("localAddress", local?.address, -bound);
    const result = library.connect(fd, socketAddress(library, ip, port));
    if (result < 0 && result !== -EINPROGRESS && result !== -EINTR) throw new SystemError("connect", -result);
    return fd;
  } catch (error) {
    library.close(fd);
    throw error;
  }
}

function ignore(): void {}
