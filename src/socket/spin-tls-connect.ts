import { endpoint, ipLiteral } from "./address.ts";
import { defaultTls } from "./default-tls.ts";
import type { UrlDialSettings } from "./dial-url.ts";
import { ConnectError, errnoOf, osCodeOf } from "./errors.ts";
import { SessionCache } from "./session-cache.ts";
import { timedOut } from "./spin-errors.ts";
import type { SpinTarget } from "./spin-target.ts";
import { SpinTls } from "./spin-tls.ts";
import { TlsCodec } from "./spin-tls-codec.ts";
import type { SpinTransport } from "./spin-transport.ts";
import { SpinWait, spinWaitSettings } from "./spin-wait.ts";
import type { TlsConfig } from "./tls-config.ts";

/** With whom, and until when. Behind a proxy the peer's address is not known: it stands as `where` in messages. */
export type TlsTarget = Pick<SpinTarget, "hostname" | "where" | "deadline" | "proxy">;

/**
 * Holds the TLS handshake while the thread waits. Nothing of the caller's leaves before the certificate was verified, as the config says.
 * @throws ConnectError (`TLS_VERIFICATION_FAILED`, `TLS_HANDSHAKE_FAILED`), TimeoutError (`CONNECT_TIMEOUT`), UsageError; the socket is then closed
 */
export function spinTls(socket: SpinTransport, target: TlsTarget, settings: UrlDialSettings): SpinTls {
  try {
    return new Handshake(socket, target, settings).run();
  } catch (error) {
    socket.terminate();
    throw error;
  }
}

class Handshake {
  readonly #socket: SpinTransport;
  readonly #target: TlsTarget;
  readonly #settings: UrlDialSettings;
  readonly #name: string;
  readonly #peer: string;
  /** Null where only a proxy knows it. */
  readonly #address: string | null;
  readonly #codec: TlsCodec;
  readonly #verifies: boolean;
  /** Null where sessions are not kept. */
  readonly #sessions: SessionCache | null;
  readonly #sessionKey: string;

  constructor(socket: SpinTransport, target: TlsTarget, settings: UrlDialSettings) {
    const config = settings.tls ?? defaultTls();
    const name = config.serverName ?? target.hostname;
    const literal = ipLiteral(name);
    const { remoteAddress = "", remotePort = 0 } = socket.socketInfo() ?? {};
    this.#socket = socket;
    this.#settings = settings;
    this.#name = literal?.address ?? name;
    this.#target = target;
    this.#address = target.proxy === null ? endpoint(remoteAddress, remotePort) : null;
    this.#peer = this.#address ?? target.where;
    this.#codec = new TlsCodec(config, this.#name, literal !== null);
    this.#verifies = config.rejectUnauthorized;
    this.#sessions = config.resume ? sessionsOf(config) : null;
    this.#sessionKey = `${this.#name} ${this.#peer}`;
    const session = this.#sessions?.recall(this.#sessionKey) ?? null;
    if (session !== null) this.#codec.resume(session);
  }

  run(): SpinTls {
    const { where, deadline } = this.#target;
    const { tlsTimeout, connectTimeout } = this.#settings;
    const sessions = this.#sessions;
    const sessionKey = this.#sessionKey;
    const tls = new SpinTls(
      this.#socket,
      this.#codec,
      sessions && ((session) => sessions.remember(sessionKey, session)),
    );
    const ownDeadline = performance.now() + tlsTimeout;
    const until = Math.min(deadline, ownDeadline);
    const wait = new SpinWait(spinWaitSettings({}));
    wait.begin();
    try {
      for (;;) {
        const state = tls.handshake();
        if (state > 0) break;
        if (state < 0) throw this.#failed();
        if (!wait.rest(tls, false, until) || wait.now < until) continue;
        throw timedOut(where, ownDeadline < deadline ? tlsTimeout : connectTimeout, "tls");
      }
      // OpenSSL has refused what does not verify; this says so once more.
      if (this.#verifies && this.#codec.verification !== null) throw this.#failed();
      return tls;
    } catch (error) {
      sessions?.forget(sessionKey);
      this.#codec.free();
      throw error;
    }
  }

  #failed(): ConnectError {
    const { verification } = this.#codec;
    const reason = this.#codec.reason();
    const name = this.#name;
    const peer = this.#peer;
    const address = this.#address;
    if (this.#verifies && verification !== null && !this.#socket.closed) {
      const { code, text } = verification;
      const message = `Cannot verify ${name} at ${peer}: ${code} (${text})`;
      return new ConnectError("TLS_VERIFICATION_FAILED", message, { phase: "tls", address, reason: code });
    }
    const cause = this.#socket.fault ?? undefined;
    const detail = reason === "" ? "the peer closed the connection" : reason;
    const failure = { phase: "tls", address, osCode: osCodeOf(cause), errno: errnoOf(cause), cause } as const;
    return new ConnectError("TLS_HANDSHAKE_FAILED", `Cannot complete TLS with ${name} at ${peer}: ${detail}`, failure);
  }
}

/** Those of a config: OpenSSL's, which Bun's TLS could not read. */
function sessionsOf(config: TlsConfig): SessionCache {
  const known = caches.get(config);
  if (known !== undefined) return known;
  const made = new SessionCache();
  caches.set(config, made);
  return made;
}

const caches: WeakMap<TlsConfig, SessionCache> = new WeakMap();
