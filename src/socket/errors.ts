import { NexusError } from "../codec/errors.ts";

/** Where an attempt to connect stood: the name, the TCP handshake, a proxy, the TLS handshake, the upgrade request. */
export type ConnectPhase = "dns" | "tcp" | "proxy" | "tls" | "handshake";

/** What is known about a failed attempt beyond its code. */
export interface ConnectFailure {
  readonly phase: ConnectPhase;
  /** `203.0.113.7:443`, the proxy's in phase `proxy`; null before an address was known, and where only a proxy knows it. */
  readonly address?: string | null;
  /** The system's error number, positive. */
  readonly errno?: number | null;
  /** The system's name for it: `ECONNREFUSED`, `ENOTFOUND`. */
  readonly osCode?: string | null;
  /**
   * OpenSSL's reason for refusing the peer's certificate: `CERT_HAS_EXPIRED`. Where a proxy refused: the name of its SOCKS5
   * reply in RFC 1928 (`Host unreachable`), or its HTTP reason phrase.
   */
  readonly reason?: string | null;
  /** What a proxy answered that refused: an HTTP status, or a SOCKS5 reply (RFC 1928 section 6). */
  readonly status?: number | null;
  /** The first 4 KiB of the body with which an HTTP proxy refused. */
  readonly body?: string | null;
  /** One error per address where several were tried. */
  readonly errors?: readonly Error[];
  readonly cause?: unknown;
}

/** The codes of {@link ConnectError}. */
export type ConnectErrorCode =
  /** The name has no address, or the resolver failed. */
  | "CONNECT_DNS_FAILED"
  /** Nobody listens there: every address answered with RST. */
  | "CONNECT_REFUSED"
  /** Any other failure of the network before TLS; `osCode` says which. */
  | "CONNECT_FAILED"
  /** No connection to the proxy itself came about; `cause` is the error that says why. */
  | "PROXY_UNREACHABLE"
  /** The proxy would not, or could not, connect to the target; `status` and `reason` say why. */
  | "PROXY_REFUSED"
  /** The proxy wants a user name and password, others than those given, or another way of asking for them. */
  | "PROXY_AUTH_FAILED"
  /** What the proxy said is not HTTP/1.x or SOCKS5, or not in its turn. */
  | "PROXY_BAD_ANSWER"
  /** The proxy ended the connection before the tunnel stood. */
  | "PROXY_CUT"
  /** The peer's certificate was refused; `reason` says why. Nothing was sent to it. */
  | "TLS_VERIFICATION_FAILED"
  /** The TLS handshake broke off: no common version, an alert, or the peer hung up. */
  | "TLS_HANDSHAKE_FAILED";

/** No connection came about. */
export class ConnectError extends NexusError {
  declare readonly code: ConnectErrorCode;
  readonly phase: ConnectPhase;
  readonly address: string | null;
  readonly errno: number | null;
  readonly osCode: string | null;
  readonly reason: string | null;
  readonly status: number | null;
  readonly body: string | null;
  readonly errors: readonly Error[];

  constructor(code: ConnectErrorCode, message: string, failure: ConnectFailure) {
    super(code, message, failure.cause === undefined ? undefined : { cause: failure.cause });
    this.phase = failure.phase;
    this.address = failure.address ?? null;
    this.errno = failure.errno ?? null;
    this.osCode = failure.osCode ?? null;
    this.reason = failure.reason ?? null;
    this.status = failure.status ?? null;
    this.body = failure.body ?? null;
    this.errors = failure.errors ?? [];
  }
}

/** The codes of {@link ListenError}. */
export type ListenErrorCode =
  /** The system does not let us listen there; `osCode` says why. */
  | "LISTEN_FAILED"
  /** As many connections wait, or are in their TLS handshake, as may; this one was cut. */
  | "LISTEN_BACKLOG_FULL";

/** A listener could not listen, or not keep a connection. */
export class ListenError extends NexusError {
  declare readonly code: ListenErrorCode;
  /** `127.0.0.1:443`: ours for `LISTEN_FAILED`, else the peer's. */
  readonly address: string;
  readonly errno: number | null;
  readonly osCode: string | null;

  constructor(code: ListenErrorCode, message: string, address: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
    this.address = address;
    this.errno = errnoOf(cause);
    this.osCode = osCodeOf(cause);
  }
}

/** The caller's `AbortSignal` fired; `cause` is the signal's reason, `phase` what it cut short. */
export class AbortedError extends NexusError {
  declare readonly code: "ABORTED";
  readonly phase: string;

  constructor(message: string, phase: string, reason: unknown) {
    super("ABORTED", message, { cause: reason });
    this.phase = phase;
  }
}

/** The codes of {@link TransportError}. */
export type TransportErrorCode =
  /** The peer sent RST, or the system gave the connection up. */
  | "CONNECTION_RESET"
  /** The peer stopped acknowledging: keepalive or `userTimeout` ran out. */
  | "CONNECTION_TIMED_OUT"
  /** An alert or a record that does not decrypt. */
  | "CONNECTION_TLS_FAULT"
  /** Any other end that was not asked for; `osCode` says more. */
  | "CONNECTION_LOST"
  /** A handler threw; the connection was cut, as what it had done by then is unknown. `cause` is what was thrown. */
  | "CONNECTION_HANDLER_THREW";

/** An open connection broke. */
export class TransportError extends NexusError {
  declare readonly code: TransportErrorCode;
  readonly osCode: string | null;
  readonly errno: number | null;

  constructor(code: TransportErrorCode, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
    this.osCode = osCodeOf(cause);
    this.errno = errnoOf(cause);
  }
}

/** The codes of {@link SocketOptionError}. */
export type SocketOptionErrorCode =
  /** The platform has no such option, or libc cannot be reached to set it. */
  | "SOCKET_OPTION_UNSUPPORTED"
  /** The kernel refused the value; `osCode` says why (`EPERM`: a capability is missing). */
  | "SOCKET_OPTION_REFUSED";

/** A socket option could not be set. The connection was not made. */
export class SocketOptionError extends NexusError {
  declare readonly code: SocketOptionErrorCode;
  /** The option's name in `SocketOptions`. */
  readonly option: string;
  readonly errno: number | null;
  readonly osCode: string | null;

  constructor(
    code: SocketOptionErrorCode,
    message: string,
    option: string,
    errno: number | null,
    osCode: string | null,
  ) {
    super(code, message);
    this.option = option;
    this.errno = errno;
    this.osCode = osCode;
  }
}

/** The codes of {@link TlsConfigError}. */
export type TlsConfigErrorCode =
  | "TLS_FILE_UNREADABLE"
  | "TLS_BAD_CERTIFICATE"
  | "TLS_BAD_KEY"
  | "TLS_KEY_MISMATCH"
  | "TLS_BAD_OPTION";

/** A `TlsConfig` was given something it cannot use; `field` names which of its options. */
export class TlsConfigError extends NexusError {
  declare readonly code: TlsConfigErrorCode;
  readonly field: string;

  constructor(code: TlsConfigErrorCode, field: string, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.field = field;
  }
}

/** The `code` of a system error, null where it has none. */
export function osCodeOf(error: unknown): string | null {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  return typeof code === "string" && code !== "" ? code : null;
}

/** The positive error number of a system error, null where it has none. */
export function errnoOf(error: unknown): number | null {
  const errno = typeof error === "object" && error !== null && "errno" in error ? error.errno : null;
  return typeof errno === "number" && errno !== 0 ? Math.abs(errno) : null;
}

/** What Bun's `close(socket, error)` said, as an error of ours. */
export function transportErrorFrom(error: Error): TransportError {
  if (error instanceof TransportError) return error;
  const osCode = osCodeOf(error) ?? "no code";
  const code = OS_CODES[osCode] ?? "CONNECTION_LOST";
  return new TransportError(code, `Cannot go on: ${SENTENCES[code]} (${osCode})`, error);
}

const OS_CODES: Readonly<Record<string, TransportErrorCode>> = {
  ECONNRESET: "CONNECTION_RESET",
  EPIPE: "CONNECTION_RESET",
  ECONNABORTED: "CONNECTION_RESET",
  ETIMEDOUT: "CONNECTION_TIMED_OUT",
  EHOSTUNREACH: "CONNECTION_TIMED_OUT",
};

const SENTENCES: Readonly<Record<TransportErrorCode, string>> = {
  CONNECTION_RESET: "the peer reset the connection",
  CONNECTION_TIMED_OUT: "the peer stopped answering",
  CONNECTION_TLS_FAULT: "TLS failed on the open connection",
  CONNECTION_LOST: "the connection was lost",
  CONNECTION_HANDLER_THREW: "a handler threw",
};
