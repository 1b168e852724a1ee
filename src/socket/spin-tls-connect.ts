import { endpoint, ipLiteral } from "./address.ts";
import { defaultTls } from "./default-tls.ts";
import type { UrlDialSettings } from "./dial-url.ts";
import { ConnectError, errnoOf, osCodeOf } from "./errors.ts";
import { timedOut } from "./spin-errors.ts";
import { SpinTls } from "./spin-tls.ts";
import { TlsCodec } from "./spin-tls-codec.ts";
import type { SpinTransport } from "./spin-transport.ts";
import { SpinWait, spinWaitSettings } from "./spin-wait.ts";

/**
 * Holds the TLS handshake while the thread waits. Nothing of the caller's leaves before the certificate was verified, as the config says.
 * @throws ConnectError (`TLS_VERIFICATION_FAILED`, `TLS_HANDSHAKE_FAILED`), TimeoutError (`CONNECT_TIMEOUT`), UsageError; the socket is then closed
 */
export function spinTls(socket: SpinTransport, hostname: string, deadline: number, settings: UrlDialSettings): SpinTls {
  try {
    return new Handshake(socket, hostname, settings).run(deadline);
  } catch (error) {
    socket.close();
    throw error;
  }
}

class Handshake {
  readonly #socket: SpinTransport;
  readonly #settings: UrlDialSettings;
  readonly #name: string;
  readonly #peer: string;
  readonly #codec: TlsCodec;
  readonly #verifies: boolean;

  constructor(socket: SpinTransport, hostname: string, settings: UrlDialSettings) {
    const config = settings.tls ?? defaultTls();
    const name = config.serverName ?? hostname;
    const literal = ipLiteral(name);
    const { remoteAddress = "", remotePort = 0 } = socket.socketInfo() ?? {};
    this.#socket = socket;
    this.#settings = settings;
    this.#name = literal?.address ?? name;
    this.#peer = endpoint(remoteAddress, remotePort);
    this.#codec = new TlsCodec(config, this.#name, literal !== null);
    this.#verifies = config.rejectUnauthorized;
  }

  run(deadline: number): SpinTls {
    const { tlsTimeout, connectTimeout } = this.#settings;
    const tls = new SpinTls(this.#socket, this.#codec);
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
        throw timedOut(`${this.#name} at ${this.#peer}`, ownDeadline < deadline ? tlsTimeout : connectTimeout, "tls");
      }
      // OpenSSL has refused what does not verify; this says so once more.
      if (this.#verifies && this.#codec.verification !== null) throw this.#failed();
      return tls;
    } catch (error) {
      this.#codec.free();
      throw error;
    }
  }

  #failed(): ConnectError {
    const { verification } = this.#codec;
    const reason = this.#codec.reason();
    const name = this.#name;
    const peer = this.#peer;
    if (this.#verifies && verification !== null && !this.#socket.closed) {
      const { code, text } = verification;
      const message = `Cannot verify ${name} at ${peer}: ${code} (${text})`;
      return new ConnectError("TLS_VERIFICATION_FAILED", message, { phase: "tls", address: peer, reason: code });
    }
    const cause = this.#socket.fault ?? undefined;
    const detail = reason === "" ? "the peer closed the connection" : reason;
    const failure = { phase: "tls", address: peer, osCode: osCodeOf(cause), errno: errnoOf(cause), cause } as const;
    return new ConnectError("TLS_HANDSHAKE_FAILED", `Cannot complete TLS with ${name} at ${peer}: ${detail}`, failure);
  }
}
