import type { Socket, SocketHandler } from "bun";
import { isPlain, writeDirectly } from "./direct-write.ts";
import { TransportError, transportErrorFrom } from "./errors.ts";
import { keepSession, type Opening, type Openings, type SocketFacts, UNKNOWN_FACTS } from "./opening.ts";
import { LEAST_FLOOD, readOn, takeBack } from "./read-on.ts";
import { reclaim } from "./reclaim.ts";
import { endpointsOf, readSocketInfo, type SocketInfo } from "./socket-info.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/** Set by the class below, which alone can reach its private parts. Not for users. */
export let openings: Openings;

/**
 * A connected socket, plain or TLS past its verification: what `dial` and `adopt` give.
 * After the peer's FIN (`onEnd`) it stays open for writing until `shutdown()` or `terminate()`; after both FINs it closes.
 * A handler that throws cuts the connection: `onClose` then gets a `CONNECTION_HANDLER_THREW`, or once it is gone the console does.
 */
export class TcpSocket implements Transport {
  /** The end a handshake or a connect is waiting for; null once open. */
  #opening: Opening | null;
  #socket: Socket<TcpSocket> | null = null;
  /** Where bytes go without a detour. Null while none is attached, and until the first bytes of a TLS connection. */
  #receiver: TransportHandler | null = null;
  #handler: TransportHandler | null = null;
  /** What came while nobody was attached; reading is held back as soon as there is any. */
  #early: Uint8Array[] = [];
  #facts: SocketFacts = UNKNOWN_FACTS;
  /** Open, and without TLS, a proxy's too: the descriptor carries what is read and written here. */
  #plain = false;
  #paused = false;
  #heldBack = false;
  /** `end` came, or must be told before an orderly close. */
  #ended = false;
  #endTold = false;
  #closed = false;
  #closeTold = false;
  #cut = false;
  #fault: TransportError | null = null;
  #closeError: Error | null = null;

  private constructor(opening: Opening) {
    this.#opening = opening;
  }

  attach(handler: TransportHandler): void {
    this.#handler = handler;
    this.#receiver = null;
    while (this.#handler === handler) {
      const chunk = this.#early.shift();
      if (chunk === undefined) break;
      handler.onBytes(chunk);
    }
    if (this.#handler !== handler) return;
    if (this.#facts.session === null && !this.#closed) this.#receiver = handler;
    if (this.#heldBack) {
      this.#heldBack = false;
      if (!this.#paused) this.#socket?.resume();
    }
    this.#tellEnds();
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    if (this.#plain) return writeDirectly(this.#socket, bytes, offset, length);
    return this.#socket?.write(bytes, offset, length) ?? -1;
  }

  reclaim(chunk: Uint8Array): void {
    if (!takeBack(chunk)) reclaim(chunk);
  }

  /** @internal */ delivers(receiver: TransportHandler): boolean {
    return this.#receiver === receiver && !this.#paused;
  }

  pause(): void {
    this.#paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#heldBack) this.#socket?.resume();
  }

  shutdown(): void {
    keepSession(this.#socket, this.#facts);
    this.#socket?.shutdown();
  }

  terminate(): void {
    this.#early.length = 0;
    this.#cut = true;
    this.#socket?.terminate();
  }

  get closed(): boolean {
    return this.#closed;
  }

  get secure(): boolean {
    return this.#facts.secure;
  }

  /** The descriptor, −1 once closed. It stays the socket's: closing it elsewhere breaks the event loop's books. */
  get fd(): number {
    return (this.#socket as { readonly fd?: number } | null)?.fd ?? -1;
  }

  /** The peer's IP address, or that of the proxy in between; still there after the close. */
  get remoteAddress(): string {
    return this.#facts.remoteAddress;
  }

  get remotePort(): number {
    return this.#facts.remotePort;
  }

  get localAddress(): string {
    return this.#facts.localAddress;
  }

  get localPort(): number {
    return this.#facts.localPort;
  }

  /** What ALPN agreed on (RFC 7301), null where it did not, or there is no TLS. */
  get alpnProtocol(): string | null {
    return this.#facts.alpnProtocol;
  }

  /** `TLSv1.3`; null without TLS. */
  get tlsVersion(): string | null {
    return this.#facts.tlsVersion;
  }

  /** True when TLS took up an earlier session, which spares a round of certificates. */
  get sessionReused(): boolean {
    return this.#facts.sessionReused;
  }

  socketInfo(): SocketInfo | null {
    return this.#socket === null ? null : readSocketInfo(this.fd, this.#facts);
  }

  /** Bytes off the short path: nobody attached, still opening, or the first bytes of a TLS connection. */
  #arrive(chunk: Uint8Array): void {
    this.#opening?.writable();
    if (this.#handler === null || this.#early.length > 0) {
      this.#early.push(chunk);
      this.#heldBack = true;
      this.#socket?.pause();
      return;
    }
    keepSession(this.#socket, this.#facts);
    this.#receiver = this.#handler;
    this.#handler.onBytes(chunk);
  }

  #end(): void {
    keepSession(this.#socket, this.#facts);
    this.#ended = true;
    this.#tellEnds();
  }

  #gone(error: Error | undefined): void {
    const opening = this.#opening;
    this.#socket = null;
    this.#receiver = null;
    if (opening !== null) {
      this.#opening = null;
      this.#closed = true;
      opening.failed(error ?? null);
      return;
    }
    if (this.#closed) return;
    this.#closed = true;
    this.#closeError = this.#fault ?? (error === undefined ? null : transportErrorFrom(error));
    // Where both sides have sent FIN, Bun closes without `end`.
    if (this.#closeError === null && !this.#cut) this.#ended = true;
    this.#tellEnds();
  }

  /** FIN and close, once each, in this order, after every byte before them. */
  #tellEnds(): void {
    if (this.#early.length > 0) return;
    if (this.#ended && !this.#endTold && this.#handler !== null) {
      this.#endTold = true;
      try {
        this.#handler.onEnd();
      } catch (error) {
        this.#threw(error);
      }
    }
    const handler = this.#handler;
    if (!this.#closed || this.#closeTold || handler === null) return;
    this.#closeTold = true;
    this.#handler = null;
    try {
      handler.onClose(this.#closeError);
    } catch (error) {
      console.error(error);
    }
  }

  #threw(error: unknown): void {
    if (this.#closed) console.error(error);
    else this.#break(new TransportError("CONNECTION_HANDLER_THREW", "Cannot go on: a handler threw", error));
  }

  #break(fault: TransportError | null): void {
    if (fault === null) return;
    this.#fault ??= fault;
    this.terminate();
  }

  static #begin(socket: Socket<TcpSocket>): void {
    socket.data.#socket = socket;
    socket.data.#opening?.opened(socket);
  }

  static #drained(socket: Socket<TcpSocket>): void {
    const tcp = socket.data;
    if (tcp.#socket !== socket) return;
    try {
      if (tcp.#opening !== null) tcp.#opening.writable();
      else tcp.#handler?.onDrain();
    } catch (error) {
      tcp.#threw(error);
    }
  }

  static #failed(socket: Socket<TcpSocket>, error: Error): void {
    // While opening, `close` or `connectError` follows with what the opening is told.
    if (socket.data.#socket !== socket || socket.data.#opening !== null) return;
    socket.data.#fault ??= new TransportError("CONNECTION_TLS_FAULT", `Cannot go on: ${error.message}`, error);
  }

  static #closedBy(socket: Socket<TcpSocket>, error: Error | undefined): void {
    const { data: tcp } = socket;
    if (tcp.#socket === socket || tcp.#socket === null) tcp.#gone(error);
  }

  /** What every socket is told. Alone it serves the raw half under TLS, which with a `data` handler would be handed ciphertext. */
  static readonly #rawHandlers: SocketHandler<TcpSocket> = {
    binaryType: "uint8array",
    open: TcpSocket.#begin,
    drain: TcpSocket.#drained,
    close: TcpSocket.#closedBy,
    error: TcpSocket.#failed,
    connectError: (socket, error) => socket.data.#gone(error),
  };

  /** One set of callbacks for every open socket; each finds its state in `socket.data`. */
  static readonly #handlers: SocketHandler<TcpSocket> = {
    ...TcpSocket.#rawHandlers,
    data(socket, chunk) {
      const tcp = socket.data;
      const receiver = tcp.#receiver;
      try {
        if (receiver === null) tcp.#arrive(chunk);
        else if (chunk.length < LEAST_FLOOD || !tcp.#plain) receiver.onBytes(chunk);
        else tcp.#break(readOn(tcp, receiver, chunk));
      } catch (error) {
        tcp.#threw(error);
      }
    },
    handshake: (socket, ok, error) => socket.data.#opening?.handshaken(ok, error),
    end(socket) {
      if (socket.data.#socket === socket) socket.data.#end();
    },
  };

  static {
    openings = {
      create: (opening) => new TcpSocket(opening),
      handlers: (secure) => (secure ? TcpSocket.#rawHandlers : TcpSocket.#handlers),
      startTls(tcp, opening, tls) {
        tcp.#opening = opening;
        tcp.#plain = false;
        tcp.#socket?.upgradeTLS({ tls, data: tcp, socket: TcpSocket.#handlers });
      },
      establish(tcp, facts) {
        tcp.#opening = null;
        tcp.#facts = facts;
        tcp.#plain = isPlain(tcp.#socket);
      },
      detach(tcp, rest, secure) {
        tcp.#handler = null;
        tcp.#receiver = null;
        if (secure) tcp.#socket?.reload({ socket: TcpSocket.#rawHandlers });
        if (rest.length === 0) return;
        tcp.#early.unshift(rest);
        tcp.#heldBack = true;
        tcp.#socket?.pause();
      },
      endpoints: (tcp) => endpointsOf(tcp.#socket),
    };
  }
}
