import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Socket, TCPSocketListener } from "bun";
import { TlsConfig } from "../../src/socket/tls-config.ts";
import type { Transport, TransportHandler } from "../../src/socket/transport.ts";
import { type PeerOptions, WsPeer } from "./ws-peer.ts";

export interface PeerServerOptions extends PeerOptions {
  /** Speak TLS with the test certificate for localhost. */
  readonly tls?: boolean;
  readonly hostname?: string;
  /** Called with each connection as soon as it is accepted. */
  readonly onPeer?: (peer: WsPeer) => void;
}

/** Listens on a free port of the loopback and gives each connection a {@link WsPeer}. */
export class PeerServer implements Disposable {
  /** In order of arrival. */
  readonly peers: WsPeer[] = [];
  readonly #listener: TCPSocketListener<AcceptedSocket>;
  readonly #secure: boolean;
  #arrived: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(options: PeerServerOptions = {}) {
    this.#secure = options.tls === true;
    const arrive = (transport: AcceptedSocket): void => {
      const peer = new WsPeer(transport, options);
      this.peers.push(peer);
      options.onPeer?.(peer);
      const arrived = this.#arrived;
      this.#arrived = Promise.withResolvers();
      arrived.resolve();
    };
    this.#listener = Bun.listen<AcceptedSocket>({
      hostname: options.hostname ?? "127.0.0.1",
      port: 0,
      allowHalfOpen: true,
      ...(this.#secure ? { tls: { cert: testFile("localhost.crt"), key: testFile("localhost.key") } } : {}),
      socket: {
        binaryType: "uint8array",
        open(socket) {
          socket.data = new AcceptedSocket(socket);
          arrive(socket.data);
        },
        data: (socket, chunk) => socket.data.handler?.onBytes(chunk),
        drain: (socket) => socket.data.handler?.onDrain(),
        end: (socket) => socket.data.handler?.onEnd(),
        close(socket, error) {
          socket.data.closed = true;
          socket.data.handler?.onClose(error ?? null);
        },
        error() {},
      },
    });
  }

  get port(): number {
    return this.#listener.port;
  }

  get url(): string {
    return `${this.#secure ? "wss://localhost" : "ws://127.0.0.1"}:${this.port}/`;
  }

  /** The connection of this number, once it is there. */
  async peer(index = 0): Promise<WsPeer> {
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

/** Trusts the test authority and nothing else. */
export function testTls(): TlsConfig {
  return new TlsConfig({ ca: testPath("ca.crt") });
}

export function testPath(name: string): string {
  return join(import.meta.dir, "../fixtures/tls", name);
}

export function testFile(name: string): string {
  return readFileSync(testPath(name), "utf8");
}

/** An accepted socket behind the interface that the peer speaks. */
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
