import { ConnectClock, type ConnectTimes } from "./connect-clock.ts";
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
  /** Told how long each phase took, where it is to be known. */
  readonly onConnect?: (times: ConnectTimes) => void;
}

/** {@link dial}s what a URL names. */
export function dialUrl(target: UrlTarget, settings: UrlDialSettings): Promise<TcpSocket> {
  const { onConnect } = settings;
  return onConnect === undefined ? dialTarget(target, settings) : dialTimed(target, settings, onConnect);
}

async function dialTimed(
  target: UrlTarget,
  settings: UrlDialSettings,
  onConnect: NonNullable<UrlDialSettings["onConnect"]>,
): Promise<TcpSocket> {
  const clock = new ConnectClock();
  const tcp = await dialTarget(target, { ...settings, onPhase: clock.enter });
  try {
    onConnect(clock.end());
    return tcp;
  } catch (error) {
    tcp.terminate();
    throw error;
  }
}

function dialTarget({ hostname, port, secure }: UrlTarget, settings: UrlDialSettings): Promise<TcpSocket> {
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
