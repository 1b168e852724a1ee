import type { Socket } from "bun";
import { NexusError, TimeoutError } from "../codec/errors.ts";
import { endpoint } from "./address.ts";
import { ConnectError, errnoOf, ListenError, osCodeOf } from "./errors.ts";
import { type Opening, type SocketFacts, UNKNOWN_FACTS } from "./opening.ts";
import { endpointsOf } from "./socket-info.ts";
import { openings, type TcpSocket } from "./tcp-socket.ts";
import type { TlsConfig } from "./tls-config.ts";

/** What all connections of one listener have in common. */
export interface AcceptingTerms {
  /** Null: plain TCP. */
  readonly tls: TlsConfig | null;
  /** Milliseconds for the TLS handshake. */
  readonly tlsTimeout: number;
  /** Sets the socket options of an accepted descriptor. @throws SocketOptionError */
  configure(socket: Socket<TcpSocket>): void;
  /** Comes once for each connection: with a socket that is open, or with the reason why it was cut. */
  done(accepting: Accepting, outcome: TcpSocket | NexusError, address: string): void;
}

/** A connection that was accepted, until its TLS handshake is judged; a plain one is open at once. */
export class Accepting implements Opening {
  readonly #terms: AcceptingTerms;
  readonly #tcp: TcpSocket;
  #socket: Socket<TcpSocket> | null = null;
  #address = "";
  #timer: ReturnType<typeof setTimeout> | null = null;
  #over = false;

  private constructor(terms: AcceptingTerms) {
    this.#terms = terms;
    this.#tcp = openings.create(this);
  }

  /** To be called within `open`, before the socket's own callback. */
  static begin(socket: Socket<TcpSocket>, terms: AcceptingTerms): Accepting {
    const accepting = new Accepting(terms);
    socket.data = accepting.#tcp;
    return accepting;
  }

  opened(socket: Socket<TcpSocket>): void {
    this.#socket = socket;
    const { remoteAddress, remotePort } = endpointsOf(socket);
    this.#address = endpoint(remoteAddress, remotePort);
    const { tls, tlsTimeout } = this.#terms;
    try {
      this.#terms.configure(socket);
    } catch (error) {
      this.#refuse(error instanceof NexusError ? error : this.#broken(error));
      return;
    }
    if (tls === null) this.#succeed(UNKNOWN_FACTS);
    else this.#timer = setTimeout(() => this.#refuse(this.#late(tlsTimeout)), tlsTimeout);
  }

  writable(): void {}

  /** Without a request for a certificate, Bun still reports that it could not verify one. */
  handshaken(ok: boolean, error: Error | null): void {
    const socket = this.#socket;
    const { tls } = this.#terms;
    if (this.#over || socket === null || tls === null) return;
    if (!ok) {
      this.#refuse(this.#broken(error));
    } else if (error !== null && tls.requestCert && tls.rejectUnauthorized) {
      this.#refuse(this.#unverified(error));
    } else {
      this.#succeed({
        secure: true,
        alpnProtocol: socket.alpnProtocol || null,
        tlsVersion: socket.getTLSVersion(),
        sessionReused: socket.isSessionReused(),
        session: null,
      });
    }
  }

  failed(error: Error | null): void {
    this.#socket = null;
    this.#refuse(this.#broken(error));
  }

  /** There are too many handshakes under way. */
  crowdedOut(most: number): void {
    const message = `Cannot accept ${this.#address}: ${most} TLS handshakes are under way, which is maxHandshakes`;
    this.#refuse(new ListenError("LISTEN_BACKLOG_FULL", message, this.#address));
  }

  /** Cuts the connection without a word to anybody. */
  abandon(): void {
    this.#end();
    this.#socket?.terminate();
  }

  #succeed(facts: Partial<SocketFacts>): void {
    if (this.#over) return;
    this.#end();
    openings.establish(this.#tcp, { ...UNKNOWN_FACTS, ...facts, ...endpointsOf(this.#socket) });
    this.#terms.done(this, this.#tcp, this.#address);
  }

  #refuse(error: NexusError): void {
    if (this.#over) return;
    this.#end();
    this.#socket?.terminate();
    this.#terms.done(this, error, this.#address);
  }

  #end(): void {
    this.#over = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #broken(error: unknown): ConnectError {
    const osCode = osCodeOf(error);
    const detail =
      error instanceof Error
        ? `${error.message}${osCode === null ? "" : ` (${osCode})`}`
        : "the peer ended the connection";
    const message = `Cannot complete TLS with ${this.#address}: ${detail}`;
    const failure = { phase: "tls", address: this.#address, osCode, errno: errnoOf(error), cause: error } as const;
    return new ConnectError("TLS_HANDSHAKE_FAILED", message, failure);
  }

  #unverified(cause: Error): ConnectError {
    const reason = osCodeOf(cause);
    const message = `Cannot verify the client at ${this.#address}: ${reason} (${cause.message})`;
    return new ConnectError("TLS_VERIFICATION_FAILED", message, {
      phase: "tls",
      address: this.#address,
      reason,
      cause,
    });
  }

  #late(timeout: number): TimeoutError {
    const message = `Cannot accept ${this.#address}: the TLS handshake took over ${timeout} ms`;
    return new TimeoutError("ACCEPT_TIMEOUT", message, timeout, "tls");
  }
}
