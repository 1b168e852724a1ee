import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import type { TLSOptions } from "bun";
import { TlsConfigError } from "./errors.ts";
import { SessionCache } from "./session-cache.ts";

/** PEM text, the path of a PEM file, or the bytes of one. */
export type PemSource = string | Uint8Array;

/** What a {@link TlsConfig} is made of. Nothing is needed for a public venue. */
export interface TlsOptions {
  /** Certificates to trust instead of the public roots that Bun ships: a private authority, or a test's. */
  readonly ca?: PemSource | readonly PemSource[];
  /** Trust the public roots that Bun ships as well as `ca`. Default: only where `ca` is left out. */
  readonly systemRoots?: boolean;
  /** Our certificate, its chain behind it: a listener's, or a client's for venues that ask for one. Needs `key`. */
  readonly cert?: PemSource;
  /** The private key of `cert`. */
  readonly key?: PemSource;
  /** Decrypts `key`. */
  readonly passphrase?: string;
  /** The name to send (SNI) and to check the certificate against. Default: the host that is dialled. */
  readonly serverName?: string;
  /** Protocols to offer with ALPN (RFC 7301), best first. Default: no offer. */
  readonly alpn?: readonly string[];
  /** Default `TLSv1.2`. */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** Default true. False accepts **any** certificate: whoever sits in between reads and writes all of it. */
  readonly rejectUnauthorized?: boolean;
  /**
   * For listeners: ask each client for a certificate that one of `ca` has signed, and cut those without one (with
   * `rejectUnauthorized: false` they are let in). Default false. Needs `ca`.
   */
  readonly requestCert?: boolean;
  /** Keep TLS sessions and offer them to the same host and port, which spares the certificates. Default true. */
  readonly resume?: boolean;
}

/** Set by the class below, which alone can reach its private parts. Not for users. */
export let tlsInternals: TlsInternals;

/**
 * How to speak TLS: read and checked once, at start-up, then shared by any number of connections.
 *
 * The constructor reads the files, and throws a {@link TlsConfigError} that names the field when one cannot be read, is not
 * what it should be, or when key and certificate are not a pair. The object is frozen; it holds the sessions that later
 * connections resume.
 */
export class TlsConfig {
  readonly serverName: string | null;
  readonly alpn: readonly string[];
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly rejectUnauthorized: boolean;
  readonly requestCert: boolean;
  readonly resume: boolean;
  readonly #options: TLSOptions;
  readonly #sessions: SessionCache = new SessionCache();

  constructor(options: TlsOptions = {}) {
    this.serverName = checkServerName(options.serverName);
    this.alpn = Object.freeze([...(options.alpn ?? [])]);
    this.minVersion = options.minVersion ?? "TLSv1.2";
    this.rejectUnauthorized = flag("rejectUnauthorized", options.rejectUnauthorized, true);
    this.requestCert = flag("requestCert", options.requestCert, false);
    this.resume = flag("resume", options.resume, true);
    if (this.requestCert && options.ca === undefined)
      throw badOption("ca", undefined, "given where requestCert is true");
    const minVersion = VERSION_NUMBERS[this.minVersion];
    if (minVersion === undefined) throw badOption("minVersion", this.minVersion, "TLSv1.2 or TLSv1.3");
    this.#options = {
      ...authorities(options),
      ...identity(options),
      ...(this.alpn.length === 0 ? {} : { ALPNProtocols: alpnOnTheWire(this.alpn) }),
      ...({ minVersion } as object),
      rejectUnauthorized: this.rejectUnauthorized,
    };
    Object.freeze(this);
  }

  static {
    tlsInternals = {
      options: (config, serverName) => ({ ...config.#options, serverName }),
      serverOptions(config) {
        const { requestCert } = config;
        if (config.#options.cert === undefined) throw badOption("cert", undefined, "given for a listener");
        return { ...config.#options, requestCert, rejectUnauthorized: requestCert && config.rejectUnauthorized };
      },
      sessions: (config) => config.#sessions,
    };
  }
}

/** What the rest of this layer asks a config for. */
export interface TlsInternals {
  /** The options for one connection, as Bun takes them. */
  options(config: TlsConfig, serverName: string): TLSOptions;
  /** The same for a listener. @throws TlsConfigError where it has no certificate */
  serverOptions(config: TlsConfig): TLSOptions;
  sessions(config: TlsConfig): SessionCache;
}

/** Bun's `ca` replaces its roots, so both are named where both are wanted. */
function authorities({ ca, systemRoots }: TlsOptions): TLSOptions {
  if (ca === undefined) {
    if (systemRoots === false)
      throw badOption("systemRoots", false, "true where ca is left out, or nothing is trusted");
    return {};
  }
  const sources = Array.isArray(ca) ? (ca as readonly PemSource[]) : [ca as PemSource];
  const certificates = sources.map((source) => readPem("ca", source));
  for (const text of certificates) parseCertificates("ca", text);
  return { ca: systemRoots === true ? [...certificates, ...rootCertificates] : certificates };
}

function identity({ cert, key, passphrase }: TlsOptions): TLSOptions {
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined) throw badOption("cert", undefined, "given where key is");
  if (key === undefined) throw badOption("key", undefined, "given where cert is");
  const certificateText = readPem("cert", cert);
  const [leaf] = parseCertificates("cert", certificateText);
  const keyText = readPem("key", key);
  const privateKey = parseKey(keyText, passphrase);
  if (leaf === undefined || !leaf.checkPrivateKey(privateKey)) {
    const message = `Cannot use TLS option key: it is not the key of the certificate for ${leaf?.subject.replaceAll("\n", ", ")}`;
    throw new TlsConfigError("TLS_KEY_MISMATCH", "key", message);
  }
  return { cert: certificateText, key: keyText, ...(passphrase === undefined ? {} : { passphrase }) };
}

function readPem(field: string, source: PemSource): string {
  if (source instanceof Uint8Array) return new TextDecoder().decode(source);
  if (typeof source !== "string") throw badOption(field, source, "PEM text, a path, or bytes");
  if (source.includes("-----BEGIN ")) return source;
  try {
    return readFileSync(source, "utf8");
  } catch (cause) {
    // A key without its PEM frame would be shown, by the cause too.
    const shown = field === "key" ? `the text given, of ${source.length} characters,` : JSON.stringify(source);
    const message = `Cannot read TLS option ${field}: ${shown} is neither PEM text nor a readable file`;
    throw new TlsConfigError("TLS_FILE_UNREADABLE", field, message, field === "key" ? undefined : { cause });
  }
}

function parseCertificates(field: string, text: string): X509Certificate[] {
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) {
    throw new TlsConfigError(
      "TLS_BAD_CERTIFICATE",
      field,
      `Cannot use TLS option ${field}: it holds no PEM certificate`,
    );
  }
  return blocks.map((block, i) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      const message = `Cannot use TLS option ${field}: certificate ${i + 1} of ${blocks.length} does not parse`;
      throw new TlsConfigError("TLS_BAD_CERTIFICATE", field, message, { cause });
    }
  });
}

function parseKey(text: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    const detail =
      passphrase === undefined && text.includes("ENCRYPTED")
        ? "it is encrypted and passphrase is not given"
        : "it does not parse";
    const message = `Cannot use TLS option key: ${passphrase === undefined ? detail : `${detail} with this passphrase`}`;
    throw new TlsConfigError("TLS_BAD_KEY", "key", message, { cause });
  }
}

/** RFC 7301 section 3.1: each name behind its length. */
function alpnOnTheWire(protocols: readonly string[]): Uint8Array {
  const names = protocols.map((protocol) => new TextEncoder().encode(protocol));
  for (const [i, name] of names.entries()) {
    if (name.length === 0 || name.length > 255) throw badOption("alpn", protocols[i], "1 to 255 bytes long each");
  }
  return Uint8Array.from(names.flatMap((name) => [name.length, ...name]));
}

function checkServerName(name: unknown): string | null {
  if (name === undefined) return null;
  if (typeof name === "string" && name !== "") return name;
  throw badOption("serverName", name, "a host name");
}

function flag(field: string, value: unknown, standard: boolean): boolean {
  if (value === undefined || typeof value === "boolean") return value ?? standard;
  throw badOption(field, value, "a boolean");
}

function badOption(field: string, value: unknown, expected: string): TlsConfigError {
  return new TlsConfigError(
    "TLS_BAD_OPTION",
    field,
    `Cannot use TLS option ${field}: ${String(value)} where it must be ${expected}`,
  );
}

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

const VERSION_NUMBERS: Readonly<Record<string, number>> = { "TLSv1.2": 0x0303, "TLSv1.3": 0x0304 };
