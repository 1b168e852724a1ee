import { TimeoutError } from "../codec/errors.ts";
import { endpoint } from "./address.ts";
import type { UrlDialSettings } from "./dial-url.ts";
import type { ConnectError } from "./errors.ts";
import type { CheckedProxy } from "./proxy.ts";
import type { ProxyDialogue, ProxyRefusal } from "./proxy-dialogue.ts";
import { BODY_TIMEOUT, dialogueWith, EARLY_BYTES, refusedBy, unreachable } from "./proxy-talk.ts";
import { timedOut } from "./spin-errors.ts";
import { type SpinMemory, scratchMemory } from "./spin-memory.ts";
import type { SpinTarget } from "./spin-target.ts";
import { spinTls } from "./spin-tls-connect.ts";
import type { SpinTransport } from "./spin-transport.ts";
import { SpinWait, spinWaitSettings } from "./spin-wait.ts";

/**
 * Asks a proxy for a tunnel while the thread waits; `connect` leads to it. All of it is the phase `proxy`, and no byte that is meant for the
 * target leaves before the tunnel stands.
 * @throws ConnectError (`PROXY_UNREACHABLE`, `PROXY_REFUSED`, `PROXY_AUTH_FAILED`, `PROXY_BAD_ANSWER`, `PROXY_CUT`), TimeoutError
 * (`CONNECT_TIMEOUT`), SocketOptionError. Nothing stays open.
 */
export function spinTunnel(
  target: SpinTarget,
  proxy: CheckedProxy,
  settings: UrlDialSettings,
  connect: () => SpinTransport,
): SpinTransport {
  const socket = connectedTo(target, proxy, settings, connect);
  try {
    new Tunnel(socket, target, dialogueWith(proxy, target), settings.connectTimeout).run();
    return socket;
  } catch (error) {
    socket.terminate();
    throw error;
  }
}

/** The connection to the proxy itself, over TLS where its URL says so. */
function connectedTo(
  { where, deadline }: SpinTarget,
  { tls, hostname }: CheckedProxy,
  settings: UrlDialSettings,
  connect: () => SpinTransport,
): SpinTransport {
  const { connectTimeout } = settings;
  try {
    const socket = connect();
    if (tls === null) return socket;
    const secured = spinTls(
      socket,
      { hostname, where, deadline, proxy: null },
      { ...settings, tls, tlsTimeout: connectTimeout },
    );
    secured.secure = false;
    return secured;
  } catch (error) {
    throw error instanceof TimeoutError ? timedOut(where, connectTimeout, "proxy") : unreachable(error, where);
  }
}

class Tunnel {
  readonly #socket: SpinTransport;
  readonly #target: SpinTarget;
  readonly #dialogue: ProxyDialogue;
  readonly #timeout: number;
  readonly #scratch: SpinMemory = scratchMemory(1);
  #message: Uint8Array;
  #sent = 0;
  /** When a refusal's body has to have come. */
  #bodyUntil = Number.POSITIVE_INFINITY;

  constructor(socket: SpinTransport, target: SpinTarget, dialogue: ProxyDialogue, timeout: number) {
    this.#socket = socket;
    this.#target = target;
    this.#dialogue = dialogue;
    this.#timeout = timeout;
    this.#message = dialogue.message;
  }

  run(): void {
    const { deadline, secure } = this.#target;
    const dialogue = this.#dialogue;
    const wait = new SpinWait(spinWaitSettings({}));
    wait.begin();
    while (dialogue.outcome === null) {
      this.#send();
      // One byte after the other: what is behind the answer is the tunnel's, and stays where it is.
      const count = this.#socket.receive(this.#scratch.address, 1);
      if (count > 0) this.#hear();
      else if (count < 0) dialogue.eof();
      else if (wait.rest(this.#socket, this.#unsent > 0, Math.min(deadline, this.#bodyUntil))) this.#judge(wait.now);
    }
    const { outcome } = dialogue;
    if (!outcome.open) throw this.#refused(outcome);
    if (secure) this.#hearNothing(EARLY_BYTES);
  }

  #send(): void {
    if (this.#unsent > 0) this.#sent += Math.max(0, this.#socket.write(this.#message, this.#sent, this.#unsent));
    if (this.#socket.owes) this.#socket.flush();
  }

  #hear(): void {
    const dialogue = this.#dialogue;
    dialogue.read(this.#scratch.bytes);
    if (dialogue.refused && this.#bodyUntil === Number.POSITIVE_INFINITY) {
      this.#bodyUntil = performance.now() + BODY_TIMEOUT;
    }
    const { message, outcome } = dialogue;
    if (message === this.#message || outcome !== null) return;
    this.#message = message;
    this.#sent = 0;
    this.#hearNothing(OUT_OF_TURN);
  }

  /** Nothing may have come at this point. */
  #hearNothing(refusal: ProxyRefusal): void {
    if (this.#socket.receive(this.#scratch.address, 1) > 0) throw this.#refused(refusal);
  }

  /** Time has gone by. Part of a refusal's body may be missing, but that it is one is known. */
  #judge(now: number): void {
    const { deadline, where } = this.#target;
    if (now < deadline && now < this.#bodyUntil) return;
    if (!this.#dialogue.refused) throw timedOut(where, this.#timeout, "proxy");
    this.#dialogue.eof();
  }

  #refused(refusal: ProxyRefusal): ConnectError {
    const { remoteAddress = "", remotePort = 0 } = this.#socket.socketInfo() ?? {};
    return refusedBy(refusal, this.#target.where, endpoint(remoteAddress, remotePort), this.#socket.fault);
  }

  get #unsent(): number {
    return this.#message.length - this.#sent;
  }
}

const OUT_OF_TURN: ProxyRefusal = {
  open: false,
  code: "PROXY_BAD_ANSWER",
  detail: "the proxy does not speak SOCKS5: bytes came before they were asked for",
};
