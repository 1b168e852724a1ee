import { endpoint, ipLiteral } from "./address.ts";
import { ConnectDialogue } from "./connect-dialogue.ts";
import { ConnectError } from "./errors.ts";
import type { CheckedProxy } from "./proxy.ts";
import type { ProxyDialogue, ProxyRefusal } from "./proxy-dialogue.ts";
import { Socks5Dialogue } from "./socks5-dialogue.ts";

/** Whom a proxy is asked for. */
export interface TunnelEnd {
  readonly hostname: string;
  readonly port: number;
}

/** How target and proxy stand in messages. */
export function tunnelName({ hostname, port }: TunnelEnd, proxy: CheckedProxy): string {
  return `${endpoint(ipLiteral(hostname)?.address ?? hostname, port)} by proxy ${proxy.where}`;
}

/** The talk that a proxy of this kind wants. */
export function dialogueWith(proxy: CheckedProxy, { hostname, port }: TunnelEnd): ProxyDialogue {
  if (proxy.kind === "socks5") return new Socks5Dialogue({ hostname, port, login: proxy.login });
  const authority = endpoint(ipLiteral(hostname)?.address ?? hostname, port);
  return new ConnectDialogue({ authority, headers: proxy.headers });
}

/** Why there is no tunnel; `name` is {@link tunnelName}'s, `address` the proxy's, `cause` the end of the connection to it. */
export function refusedBy(refusal: ProxyRefusal, name: string, address: string, cause: Error | null): ConnectError {
  const { code, detail, status = null, reason = null, body = null } = refusal;
  const failure = { phase: "proxy", address, status, reason, body, cause: cause ?? undefined } as const;
  return new ConnectError(code, `Cannot connect to ${name}: ${detail}`, failure);
}

/** There is no connection to the proxy. What an option of the socket, or the caller, is to blame for is told as it is. */
export function unreachable(cause: unknown, name: string): unknown {
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

export const EARLY_BYTES: ProxyRefusal = {
  open: false,
  code: "PROXY_BAD_ANSWER",
  detail: "bytes came through the tunnel before TLS began, where a TLS server does not speak first",
};

/** Milliseconds for a refusal's body behind its head: what is there by then has to do. */
export const BODY_TIMEOUT = 1_000;
