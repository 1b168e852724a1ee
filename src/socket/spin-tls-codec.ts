import { rootCertificates } from "node:tls";
import { UsageError } from "../codec/errors.ts";
import { OPENSSL_NAMES, type OpenSsl, openSsl } from "../ffi/openssl.ts";
import { SslSession } from "../ffi/openssl-session.ts";
import { TlsConfigError } from "./errors.ts";
import { type TlsConfig, tlsInternals } from "./tls-config.ts";

/**
 * TLS of a client without a socket, by the system's OpenSSL: ciphertext goes in with {@link readTls} and comes out with {@link writeTls} while
 * {@link wantsWrite}; plaintext comes out with {@link plaintext} and goes in with {@link encrypt}. Memory is named by its address.
 *
 * Certificate and name are verified within the handshake, as the config says; before it is done no plaintext is taken.
 */
export class TlsCodec {
  readonly #session: SslSession;
  #freed = false;

  /**
   * `serverName` is a host name, sent and verified, or an IP address, verified alone.
   * @throws UsageError (`SPIN_TLS_LIBRARY_MISSING`); TlsConfigError (`TLS_BAD_OPTION`) where OpenSSL refuses what the config says
   */
  constructor(config: TlsConfig, serverName: string, isAddress: boolean) {
    const library = openSsl();
    if (library === null) throw missing();
    try {
      this.#session = new SslSession(library, contextOf(library, config), serverName, isAddress);
    } catch (cause) {
      const message = `Cannot use TLS options: OpenSSL refuses them: ${cause instanceof Error ? cause.message : cause}`;
      throw new TlsConfigError("TLS_BAD_OPTION", "serverName", message, { cause });
    }
  }

  /** Goes on with the handshake: 1 when it is done, 0 where the peer must speak next, −1 where it has failed. */
  handshake(): number {
    return this.#session.handshake();
  }

  /**
   * Takes `length` bytes of ciphertext, which are read where they lie: leave them as they are until {@link handshake} or {@link plaintext} has
   * returned 0. What of an earlier call was not read by then is copied, and kept.
   */
  readTls(address: number, length: number): void {
    this.#session.readTls(address, length);
  }

  /** Writes plaintext: how many bytes, 0 where more ciphertext must come, −1 after close_notify, −2 at a fault. */
  plaintext(address: number, room: number): number {
    return this.#session.plaintext(address, room);
  }

  /** Takes plaintext: how many bytes, 0 where the peer must speak first, −1 at a fault. */
  encrypt(address: number, length: number): number {
    return this.#session.encrypt(address, length);
  }

  /** There is ciphertext for the peer. */
  get wantsWrite(): boolean {
    return this.#session.wantsWrite;
  }

  /** Writes ciphertext: how many bytes, 0 where there is none. */
  writeTls(address: number, room: number): number {
    return this.#session.writeTls(address, room);
  }

  /** Something that was taken in has not come out. */
  get holds(): boolean {
    return !this.#freed && this.#session.holds;
  }

  /** Says that nothing follows (close_notify). */
  shutdown(): void {
    this.#session.shutdown();
  }

  /** The name of what is wrong with the peer's certificate, `CERT_HAS_EXPIRED`, and a sentence; null where nothing is. */
  get verification(): { readonly code: string; readonly text: string } | null {
    const result = this.#session.verifyResult;
    if (result === 0) return null;
    return { code: VERIFY_CODES.get(result) ?? `X509_V_ERR_${result}`, text: this.#session.verifyText(result) };
  }

  /** `TLSv1.3` */
  get version(): string {
    return this.#session.version;
  }

  /** What ALPN agreed on (RFC 7301); null where it did not. */
  get alpnProtocol(): string | null {
    return this.#session.alpn;
  }

  /** Offers the session of an earlier connection to the same peer, as {@link session} gave it; before the handshake. */
  resume(session: Uint8Array): void {
    this.#session.resume(session);
  }

  /** What a later connection can {@link resume}; null where the peer has sent nothing for it yet, which it does behind the handshake. */
  session(): Uint8Array | null {
    return this.#freed ? null : this.#session.resumable();
  }

  /** An earlier session was taken up, which spares the certificates. */
  get sessionReused(): boolean {
    return this.#session.reused;
  }

  /** Why the last call failed, in OpenSSL's words; empty where it does not say. */
  reason(): string {
    return this.#session.reason();
  }

  /** Gives the memory back; nothing may be called after it. */
  free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#session.free();
  }
}

/** One context for all connections under a config. */
function contextOf(library: OpenSsl, config: TlsConfig): number {
  const known = contexts.get(config);
  if (known !== undefined) return known;
  const options = tlsInternals.options(config, "") as unknown as MadeOptions;
  const { ca, cert = null, key = null, passphrase = null, ALPNProtocols = null, minVersion } = options;
  const context = library.context({
    authorities: config.rejectUnauthorized ? (ca ?? rootCertificates) : [],
    certificate: cert,
    key,
    passphrase,
    alpn: ALPNProtocols === null ? null : new Uint8Array(ALPNProtocols),
    minVersion,
    verify: config.rejectUnauthorized,
  });
  contexts.set(config, context);
  return context;
}

/** What a config makes for Bun. */
interface MadeOptions {
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly ALPNProtocols?: Uint8Array;
  readonly minVersion: number;
}

function missing(): UsageError {
  const tried = OPENSSL_NAMES.map(([name]) => name).join(", ");
  const remedy =
    process.platform === "darwin" ? "brew install openssl@3" : "apt-get install libssl3, or apk add libssl3";
  return new UsageError(
    "SPIN_TLS_LIBRARY_MISSING",
    `Cannot speak TLS by spinning: there is no OpenSSL 3 (tried ${tried}); install it: ${remedy}`,
  );
}

const contexts: WeakMap<TlsConfig, number> = new WeakMap();

/** OpenSSL's X509_V_ERR, by the names that the event backend tells. */
const VERIFY_CODES: ReadonlyMap<number, string> = new Map(
  `2 UNABLE_TO_GET_ISSUER_CERT
   7 CERT_SIGNATURE_FAILURE
   9 CERT_NOT_YET_VALID
  10 CERT_HAS_EXPIRED
  18 DEPTH_ZERO_SELF_SIGNED_CERT
  19 SELF_SIGNED_CERT_IN_CHAIN
  20 UNABLE_TO_GET_ISSUER_CERT_LOCALLY
  21 UNABLE_TO_VERIFY_LEAF_SIGNATURE
  22 CERT_CHAIN_TOO_LONG
  23 CERT_REVOKED
  24 INVALID_CA
  25 PATH_LENGTH_EXCEEDED
  26 INVALID_PURPOSE
  27 CERT_UNTRUSTED
  28 CERT_REJECTED
  62 ERR_TLS_CERT_ALTNAME_INVALID
  64 ERR_TLS_CERT_ALTNAME_INVALID`
    .split("\n")
    .map((line) => line.trim().split(" "))
    .map(([number, name = ""]) => [Number(number), name]),
);
