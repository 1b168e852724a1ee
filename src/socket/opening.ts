import type { Socket, SocketHandler, TLSOptions } from "bun";
import type { Endpoints } from "./socket-info.ts";
import type { TcpSocket } from "./tcp-socket.ts";

/** Who waits for a socket to open, or for its handshake to end. Told by the socket's callbacks. */
export interface Opening {
  /** The Bun socket exists; a socket over a descriptor may still be connecting. */
  opened(socket: Socket<TcpSocket>): void;
  /** It can be written to or has bytes: it is connected. */
  writable(): void;
  handshaken(ok: boolean, error: Error | null): void;
  /** It is gone. */
  failed(error: Error | null): void;
}

/** What is settled by the time a socket is open. */
export interface SocketFacts extends Endpoints {
  readonly secure: boolean;
  readonly alpnProtocol: string | null;
  readonly tlsVersion: string | null;
  readonly sessionReused: boolean;
  /** Where TLS sessions are kept for the next connection; null where they are not. */
  readonly session: { remember(ticket: Uint8Array): void } | null;
}

/** What the files of this layer do with a socket that is not open yet. Users get open ones. */
export interface Openings {
  create(opening: Opening): TcpSocket;
  handlers(secure: boolean): SocketHandler<TcpSocket>;
  startTls(tcp: TcpSocket, opening: Opening, tls: TLSOptions): void;
  /**
   * Takes the handler off an open socket. `rest`, which it was given and did not want, waits for the next one; `secure` leaves
   * what else comes to the TLS that follows.
   */
  detach(tcp: TcpSocket, rest: Uint8Array, secure: boolean): void;
  /** From here on the socket is open: its callbacks speak to the attached handler. */
  establish(tcp: TcpSocket, facts: SocketFacts): void;
  /** Both ends of a connected socket. */
  endpoints(tcp: TcpSocket): Endpoints;
}

/** Before anything is settled. */
export const UNKNOWN_FACTS: SocketFacts = {
  secure: false,
  remoteAddress: "",
  remotePort: 0,
  localAddress: "",
  localPort: 0,
  alpnProtocol: null,
  tlsVersion: null,
  sessionReused: false,
  session: null,
};

/** TLS 1.3 sends its tickets after the handshake: by the first bytes they have come. */
export function keepSession(socket: Socket<TcpSocket> | null, { session }: SocketFacts): void {
  if (session === null || socket === null) return;
  const ticket = socket.getSession() as Uint8Array | undefined;
  if (ticket !== undefined) session.remember(ticket);
}
