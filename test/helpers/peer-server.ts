import { TlsConfig } from "../../src/socket/tls-config.ts";
import { testPath } from "./certificates.ts";
import { LoopbackServer } from "./loopback-server.ts";
import { type PeerOptions, WsPeer } from "./ws-peer.ts";

export interface PeerServerOptions extends PeerOptions {
  /** Speak TLS with the test certificate for localhost. */
  readonly tls?: boolean;
  readonly hostname?: string;
  /** Called with each connection as soon as it is accepted. */
  readonly onPeer?: (peer: WsPeer) => void;
}

/** A {@link LoopbackServer} of {@link WsPeer}s. */
export class PeerServer extends LoopbackServer<WsPeer> {
  constructor(options: PeerServerOptions = {}) {
    const { tls = false, ...rest } = options;
    super((transport) => new WsPeer(transport, options), { ...rest, certificate: tls ? "localhost" : null });
  }

  get url(): string {
    return `${this.secure ? "wss" : "ws"}://${this.authority}/`;
  }
}

/** Trusts the test authority and nothing else. */
export function testTls(): TlsConfig {
  return new TlsConfig({ ca: testPath("ca.crt") });
}
