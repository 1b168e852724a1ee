import type { Role } from "../../../src/codec/ws/opcode.ts";
import { dial } from "../../../src/socket/dial.ts";
import { TcpListener } from "../../../src/socket/tcp-listener.ts";
import { TlsConfig } from "../../../src/socket/tls-config.ts";
import type { Transport } from "../../../src/socket/transport.ts";
import { identity } from "../../helpers/certificates.ts";
import { LoopbackServer } from "../../helpers/loopback-server.ts";
import { testTls } from "../../helpers/peer-server.ts";
import type { DeflateAgreement } from "../vectors/vector.ts";
import { ConformancePeer } from "./peer.ts";

/** Connected sockets of the loopback: the program's end, and the peer's behind it. */
export class Sockets implements Disposable {
  readonly #tls: TlsConfig | null;
  /** Where programs connect to. */
  readonly #peers: PeerServer;
  /** Where programs accept. */
  readonly #listener: TcpListener;

  constructor({ tls }: { readonly tls: boolean }) {
    this.#tls = tls ? testTls() : null;
    this.#peers = new PeerServer(tls);
    const certificate = tls ? new TlsConfig(identity("localhost")) : null;
    this.#listener = TcpListener.bind({ hostname: "127.0.0.1", port: 0, tls: certificate });
  }

  async pair(program: Role, deflate: DeflateAgreement | null): Promise<{ near: Transport; peer: ConformancePeer }> {
    if (program === "client") {
      this.#peers.deflate = deflate;
      const index = this.#peers.peers.length;
      const near = await this.#dial(this.#peers.port);
      return { near, peer: await this.#peers.peer(index) };
    }
    const [far, near] = await Promise.all([this.#dial(this.#listener.port), this.#listener.accept()]);
    if (near === null) throw new Error("Cannot accept: the listener is closed");
    return { near, peer: new ConformancePeer(far, "server", "handshake", deflate) };
  }

  [Symbol.dispose](): void {
    this.#peers[Symbol.dispose]();
    this.#listener.close();
  }

  #dial(port: number): Promise<Transport> {
    return dial({ hostname: this.#tls === null ? "127.0.0.1" : "localhost", port, tls: this.#tls });
  }
}

/** Listens, and plays the server's end of each connection. */
export class PeerServer extends LoopbackServer<ConformancePeer> {
  /** What the next connection agrees on. */
  deflate: DeflateAgreement | null = null;

  constructor(tls: boolean) {
    const certificate = tls ? "localhost" : null;
    super((transport) => new ConformancePeer(transport, "client", "handshake", this.deflate), { certificate });
  }
}
