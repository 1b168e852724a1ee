import { endpoint } from "./address.ts";
import type { ConnectTask } from "./connect-task.ts";
import type { ConnectError } from "./errors.ts";
import type { CheckedProxy } from "./proxy.ts";
import type { ProxyDialogue, ProxyRefusal } from "./proxy-dialogue.ts";
import {
  BODY_TIMEOUT,
  dialogueWith,
  EARLY_BYTES,
  refusedBy,
  type TunnelEnd,
  tunnelName,
  unreachable,
} from "./proxy-talk.ts";
import { openings, type TcpSocket } from "./tcp-socket.ts";
import type { TlsConfig } from "./tls-config.ts";
import type { TransportHandler } from "./transport.ts";

/** What a tunnel is to lead to. */
export interface TunnelTarget extends TunnelEnd {
  readonly tls: TlsConfig | null;
  readonly serverName?: string;
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
    const address = endpoint(this.#tcp.remoteAddress, this.#tcp.remotePort);
    return refusedBy(refusal, this.#name, address, this.#fault);
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
