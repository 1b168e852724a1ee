import type { Socket } from "bun";
import { ConnectError, errnoOf, osCodeOf } from "./errors.ts";
import type { Opening, SocketFacts } from "./opening.ts";
import { openings, type TcpSocket } from "./tcp-socket.ts";
import { type TlsConfig, tlsInternals } from "./tls-config.ts";

/** What a handshake is held on a connected socket with. */
export interface HandshakeTarget {
  readonly tls: TlsConfig;
  /** The name to send and to verify: a host name or an IP address. */
  readonly serverName: string;
  /** How the peer stands in messages; sessions are kept by it and the name. */
  readonly peer: string;
  /** Its address and port; null where only a proxy knows them. */
  readonly address: string | null;
}

/**
 * Starts TLS on a connected socket. `done` comes once, with an error after which the socket is gone, or with null and the
 * facts of a verified connection. Nothing but the handshake has been written by then.
 */
export function startTls(
  tcp: TcpSocket,
  target: HandshakeTarget,
  done: (error: ConnectError | null, facts: TlsFacts | null) => void,
): void {
  const handshake = new TlsHandshake(target, done);
  try {
    openings.startTls(tcp, handshake, tlsInternals.options(target.tls, target.serverName));
  } catch (error) {
    handshake.failed(error instanceof Error ? error : null);
    tcp.terminate();
  }
}

/** What TLS settled. */
export type TlsFacts = Pick<SocketFacts, "secure" | "alpnProtocol" | "tlsVersion" | "sessionReused" | "session">;

class TlsHandshake implements Opening {
  readonly #target: HandshakeTarget;
  readonly #done: (error: ConnectError | null, facts: TlsFacts | null) => void;
  readonly #sessionKey: string;
  #socket: Socket<TcpSocket> | null = null;
  #over = false;

  constructor(target: HandshakeTarget, done: (error: ConnectError | null, facts: TlsFacts | null) => void) {
    this.#target = target;
    this.#done = done;
    this.#sessionKey = `${target.serverName} ${target.peer}`;
  }

  opened(socket: Socket<TcpSocket>): void {
    this.#socket = socket;
    const { tls } = this.#target;
    const ticket = tls.resume ? tlsInternals.sessions(tls).recall(this.#sessionKey) : null;
    if (ticket !== null) socket.setSession(ticket);
  }

  writable(): void {}

  handshaken(ok: boolean, error: Error | null): void {
    const socket = this.#socket;
    if (this.#over || socket === null) return;
    const { tls } = this.#target;
    if (!(ok && error === null) && (tls.rejectUnauthorized || !isVerificationFailure(error))) {
      this.#refuse(error);
      socket.terminate();
      return;
    }
    this.#over = true;
    const sessions = tlsInternals.sessions(tls);
    const key = this.#sessionKey;
    this.#done(null, {
      secure: true,
      alpnProtocol: socket.alpnProtocol || null,
      tlsVersion: socket.getTLSVersion(),
      sessionReused: socket.isSessionReused(),
      session: tls.resume ? { remember: (ticket) => sessions.remember(key, ticket) } : null,
    });
  }

  failed(error: Error | null): void {
    this.#refuse(error);
  }

  #refuse(cause: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    tlsInternals.sessions(this.#target.tls).forget(this.#sessionKey);
    const { serverName, peer, address } = this.#target;
    const osCode = osCodeOf(cause);
    if (cause !== null && isVerificationFailure(cause)) {
      const message = `Cannot verify ${serverName} at ${peer}: ${osCode} (${cause.message})`;
      this.#done(
        new ConnectError("TLS_VERIFICATION_FAILED", message, { phase: "tls", address, reason: osCode, cause }),
        null,
      );
      return;
    }
    const detail =
      cause === null ? "the peer closed the connection" : `${cause.message}${osCode === null ? "" : ` (${osCode})`}`;
    const message = `Cannot complete TLS with ${serverName} at ${peer}: ${detail}`;
    const failure = { phase: "tls", address, osCode, errno: errnoOf(cause), cause } as const;
    this.#done(new ConnectError("TLS_HANDSHAKE_FAILED", message, failure), null);
  }
}

/**
 * True for a certificate that was judged and found wanting. A handshake that broke off carries a system's code instead:
 * `EPROTO` for an alert, `ECONNRESET` for a peer that hung up.
 */
function isVerificationFailure(error: Error | null): boolean {
  const code = osCodeOf(error);
  return code !== null && !/^E[A-Z]+$/.test(code) && !code.startsWith("ERR_SSL");
}
