import { UsageError } from "../codec/errors.ts";
import type { ConnectClock } from "../socket/connect-clock.ts";
import { dialUrl } from "../socket/dial-url.ts";
import type { Transport } from "../socket/transport.ts";
import { type OnOpen, openHandshake, prepareUpgrade, type Upgrade } from "./handshake.ts";
import { clockFor } from "./latency.ts";
import type { WsSettings } from "./options.ts";
import { WsSession } from "./session.ts";
import { shownUrl, wsTarget } from "./target.ts";

/** Makes a shell around a session that is about to start. */
export type ShellOf<T> = (session: WsSession, handshake: Parameters<OnOpen<T>>[0], rest: Uint8Array) => T;

/** Connects to `url`, opens the WebSocket, and hands the session to `shell` before any message is read. */
export async function openUrl<T>(url: string | URL, settings: WsSettings, shell: ShellOf<T>): Promise<T> {
  const target = wsTarget(url);
  const upgrade = prepareUpgrade(target, settings);
  const deadline = performance.now() + settings.connectTimeout;
  const clock = clockFor(settings.latency);
  const transport = await dialUrl(target, clock === null ? settings : { ...settings, onPhase: clock.enter });
  return openOver(transport, upgrade, settings, Math.max(1, deadline - performance.now()), clock, shell);
}

/** Opens the WebSocket over a transport that is connected already; for `wss:` it must be secure. */
export function openTransport<T>(
  transport: Transport,
  url: string | URL,
  settings: WsSettings,
  shell: ShellOf<T>,
): Promise<T> {
  const target = wsTarget(url);
  if (target.secure && !transport.secure) {
    throw new UsageError(
      "TRANSPORT_NOT_SECURE",
      `Cannot open WebSocket ${shownUrl(target.url)}: the transport is not secured by TLS`,
    );
  }
  const upgrade = prepareUpgrade(target, settings);
  return openOver(transport, upgrade, settings, settings.connectTimeout, clockFor(settings.latency), shell);
}

function openOver<T>(
  transport: Transport,
  upgrade: Upgrade,
  settings: WsSettings,
  timeout: number,
  clock: ConnectClock | null,
  shell: ShellOf<T>,
): Promise<T> {
  clock?.enter("handshake");
  return openHandshake(transport, upgrade, settings, timeout, (handshake, rest) => {
    const session = new WsSession(transport, "client", settings, handshake.deflate);
    return shell(session, clock === null ? handshake : { ...handshake, connect: clock.end() }, rest);
  });
}
