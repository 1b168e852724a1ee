import type { Socket, TCPSocketListener } from "bun";
import type { Transport, TransportHandler } from "../../src/socket/transport.ts";
import { identity } from "./certificates.ts";

export interface LoopbackOptions<Peer> {
  /** Default 127.0.0.1. */
  readonly hostname?: string;
  /** Speak TLS with the test certificate of that name. */
  readonly certificate?: string | null;
  /** Called with each connection as soon as it is accepted. */
  readonly onPeer?: ((peer: Peer) => void) | undefined;
}

/** Listens on a free port of the loopback and gives each connection a peer. */
export abstract class LoopbackServer<Peer extends { readonly transport: Transport }> implements Disposable {
  /** In order of arrival. */
  readonly peers: Peer[] = [];
  protected readonly secure: boolean;
  readonly #hostname: string;
  readonly #listener: TCPSocketListener<AcceptedSocket>;
  #arrived: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(make: (transport: Transport) => Peer, options: LoopbackOptions<Peer>) {
    const { hostname = "127.0.0.1", certificate = null, onPeer } = options;
    this.secure = certificate !== null;
    this.#hostname = hostname;
    this.#listener = Bun.listen<AcceptedSocket>({
      hostname,
      port: 0,
      allowHalfOpen: true,
      ...(certificate === null ? {} : { tls: identity(certificate) }),
      socket: {
        binaryType: "uint8array",
        open: (socket) => {
          socket.data = new AcceptedSocket(socket);
          const peer = make(socket.data);
          this.peers.push(peer);
          onPeer?.(peer);
          const arrived = this.#arrived;
          this.#arrived = Promise.withResolvers();
          arrived.resolve();
        },
        data: (socket, chunk) => socket.data.handler?.onBytes(chunk),
        drain: (socket) => socket.data.handler?.onDrain(),
        end: (socket) => socket.data.handler?.onEnd(),
        close(socket, error) {
          socket.data.closed = true;
          socket.data.handler?.onClose(error ?? null);
        },
        // Without it a connection whose client refuses the certificate would not be seen.
        handshake() {},
        error() {},
      },
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  /** `localhost:1234` over TLS, whose certificate says so; else by address. */
  protected get authority(): string {
    const host = this.#hostname.includes(":") ? `[${this.#hostname}]` : this.#hostname;
    return `${this.secure ? "localhost" : host}:${this.port}`;
  }

  /** The connection of this number, once it is there. */
  async peer(index = 0): Promise<Peer> {
    for (;;) {
      const peer = this.peers[index];
      if (peer !== undefined) return peer;
      await this.#arrived.promise;
    }
  }

  [Symbol.dispose](): void {
    for (const { transport } of this.peers) transport.terminate();
    this.#listener.stop(true);
  }
}

/** An accepted socket behind the interface that a peer speaks. */
class AcceptedSocket implements Transport {
  handler: TransportHandler | null = null;
  closed = false;
  readonly secure = false;
  readonly #socket: Socket<AcceptedSocket>;

  constructor(socket: Socket<AcceptedSocket>) {
    this.#socket = socket;
  }

  attach(handler: TransportHandler): void {
    this.handler = handler;
  }

  write(bytes: Uint8Array, offset: number, length: number): number {
    return this.closed ? -1 : this.#socket.write(bytes, offset, length);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  shutdown(): void {
    this.#socket.shutdown();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  socketInfo(): null {
    return null;
  }
}
