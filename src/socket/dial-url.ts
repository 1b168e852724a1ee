import { defaultTls } from "./default-tls.ts";
import { dial } from "./dial.ts";
import type { ConnectPhase } from "./errors.ts";
import type { SocketOptions } from "./options.ts";
import type { ProxyOptions } from "./proxy.ts";
import type { TcpSocket } from "./tcp-socket.ts";
import type { TlsConfig } from "./tls-config.ts";

/** What a URL says of where to connect. */
export interface UrlTarget {
  readonly hostname: string;
  readonly port: number;
  /** Its scheme means TLS. */
  readonly secure: boolean;
}

/** How the protocols above connect: their options, complete. */
export interface UrlDialSettings {
  /** Null for the one that all share. */
  readonly tls: TlsConfig | null;
  readonly socket: SocketOptions;
  readonly proxy: string | ProxyOptions | null;
  readonly connectTimeout: number;
  readonly tlsTimeout: number;
  readonly signal: AbortSignal | null;
  /** Told as each phase begins. */
  readonly onPhase?: (phase: ConnectPhase) => void;
}

/** {@link dial}s what a URL names. */
export function dialUrl({ hostname, port, secure }: UrlTarget, settings: UrlDialSettings): Promise<TcpSocket> {
  const { socket, proxy, connectTimeout: timeout, tlsTimeout, signal, onPhase } = settings;
  return dial(
    { hostname, port, tls: secure ? (settings.tls ?? defaultTls()) : null },
    {
      socket,
      timeout,
      tlsTimeout,
      ...(proxy === null ? {} : { proxy }),
      ...(signal === null ? {} : { signal }),
      ...(onPhase === undefined ? {} : { onPhase }),
    },
  );
}
