import { endpoint, ipLiteral } from "./address.ts";
import { ConnectDialogue } from "./connect-dialogue.ts";
import type { ConnectTask } from "./connect-task.ts";
import { ConnectError } from "./errors.ts";
import type { CheckedProxy } from "./proxy.ts";
import type { ProxyDialogue, ProxyRefusal } from "./proxy-dialogue.ts";
import { Socks5Dialogue } from "./socks5-dialogue.ts";
import { openings, type TcpSocket } from "./tcp-socket.ts";
import type { TlsConfig } from "./tls-config.ts";
import type { TransportHandler } from "./transport.ts";

/** What a tunnel is to lead to. */
export interface TunnelTarget {
  readonly hostname: string;
  readonly port: number;
  readonly tls: TlsConfig | null;
  readonly serverName?: string;
}

/** How target and proxy stand in messages. */
export function tunnelName({ hostname, port }: TunnelTarget, proxy: CheckedProxy): string {
  return `${endpoint(ipLiteral(hostname)?.address ?? hostname, port)} by proxy ${proxy.where}`;
}

/**
 * Brings a task to its end through a proxy: `reach` connects to it, then it is asked for a tunnel, then TLS is held with the target
 * over that. All of it but the TLS is the phase `proxy`. No byte that is meant for the target leaves before the tunnel stands.
 */
export function connectThrough(
  task: ConnectTask,
  proxy: CheckedProxy,
  target: TunnelTarget,
  reach: (signal: AbortSignal) => Promise<TcpSocket>,
): void {
  const reaching = new AbortController();
  task.enter("proxy", () => reaching.abort());
  if (task.settled) return;
  const name = tunnelName(target, proxy);
  reach(reaching.signal).then(
    (tcp) => {
      if (task.settled) tcp.terminate();
      else new Tunnel(task, tcp, proxy, target, name).start();
    },
    (error) => task.fail(unreachable(error, name)),
  );
}

class Tunnel implements TransportHandler {
  readonly #task: ConnectTask;
  readonly #tcp: TcpSocket;
  readonly #target: TunnelTarget;
  readonly #name: string;
  readonly #dialogue: ProxyDialogue;
  #message: Uint8Array;
  #sent = 0;
  #over = false;
  #bodyTimer: ReturnType<typeof setTimeout> | undefined;
  #fault: Error | null = null;

  constructor(task: ConnectTask, tcp: TcpSocket, proxy: CheckedProxy, target: TunnelTarget, name: string) {
    this.#task = task;
    this.#tcp = tcp;
    this.#target = target;
    this.#name = name;
    this.#dialogue = dialogueWith(proxy, target);
    this.#message = this.#dialogue.message;
  }

  start(): void {
    this.#task.abandonBy(this.#abandon, this.#verdict);
    this.#send();
    this.#tcp.attach(this);
  }

  onBytes(chunk: Uint8Array): void {
    const dialogue = this.#dialogue;
    if (this.#over) return;
    dialogue.read(chunk);
    if (dialogue.outcome !== null) this.#settle();
    else if (dialogue.refused) this.#bodyTimer ??= setTimeout(() => this.#eof(null), BODY_TIMEOUT);
    else this.#send();
  }

  onDrain(): void {
    this.#send();
  }

  onEnd(): void {
    this.#eof(null);
  }

  onClose(error: Error | null): void {
    this.#eof(error);
  }

  #send(): void {
    const { message } = this.#dialogue;
    if (message !== this.#message) {
      this.#message = message;
      this.#sent = 0;
    }
    if (this.#over || this.#sent === message.length) return;
    const taken = this.#tcp.write(message, this.#sent, message.length - this.#sent);
    if (taken > 0) this.#sent += taken;
  }

  #eof(cause: Error | null): void {
    if (this.#over) return;
    this.#fault = cause;
    this.#dialogue.eof();
    this.#settle();
  }

  #settle(): void {
    const { outcome } = this.#dialogue;
    const { hostname, tls, serverName } = this.#target;
    if (this.#over || outcome === null) return;
    this.#over = true;
    clearTimeout(this.#bodyTimer);
    if (!outcome.open) this.#task.fail(this.#describe(outcome));
    else if (tls !== null && outcome.rest.length > 0) this.#task.fail(this.#describe(EARLY_BYTES));
    else {
      openings.detach(this.#tcp, outcome.rest, tls !== null);
      this.#task.connected(this.#tcp, tls, hostname, serverName, this.#name);
    }
  }

  #describe(refusal: ProxyRefusal): ConnectError {
    const { code, detail, status = null, reason = null, body = null } = refusal;
    const address = endpoint(this.#tcp.remoteAddress, this.#tcp.remotePort);
    const message = `Cannot connect to ${this.#name}: ${detail}`;
    const failure = { phase: "proxy", address, status, reason, body, cause: this.#fault ?? undefined } as const;
    return new ConnectError(code, message, failure);
  }

  readonly #abandon = (): void => {
    this.#over = true;
    clearTimeout(this.#bodyTimer);
    this.#tcp.terminate();
  };

  /** Part of a refusal's body may be missing, but that it is one is known. */
  readonly #verdict = (): Error | null => {
    if (!this.#dialogue.refused) return null;
    this.#dialogue.eof();
    const { outcome } = this.#dialogue;
    return outcome === null || outcome.open ? null : this.#describe(outcome);
  };
}

function dialogueWith(proxy: CheckedProxy, { hostname, port }: TunnelTarget): ProxyDialogue {
  if (proxy.kind === "socks5") return new Socks5Dialogue({ hostname, port, login: proxy.login });
  const authority = endpoint(ipLiteral(hostname)?.address ?? hostname, port);
  return new ConnectDialogue({ authority, headers: proxy.headers });
}

/** What an option of the socket, or the caller, is to blame for is told as it is. */
function unreachable(cause: unknown, name: string): unknown {
  if (!(cause instanceof ConnectError)) return cause;
  const { address, errno, osCode, reason, errors } = cause;
  const message = `Cannot connect to ${name}: the proxy cannot be reached: ${cause.message}`;
  return new ConnectError("PROXY_UNREACHABLE", message, {
    phase: "proxy",
    address,
    errno,
    osCode,
    reason,
    errors,
    cause,
  });
}

const EARLY_BYTES: ProxyRefusal = {
  open: false,
  code: "PROXY_BAD_ANSWER",
  detail: "bytes came through the tunnel before TLS began, where a TLS server does not speak first",
};

/** Milliseconds for a refusal's body behind its head: what is there by then has to do. */
const BODY_TIMEOUT = 1_000;
