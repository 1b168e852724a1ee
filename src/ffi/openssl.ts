import { dlopen, type Library, type Pointer, ptr, read } from "bun:ffi";
import { CRYPTO_SYMBOLS, SSL_SYMBOLS } from "./openssl-symbols.ts";

/** What a TLS client's connections have in common. Certificates and keys are PEM. */
export interface SslSettings {
  /** Trusted roots. */
  readonly authorities: readonly string[];
  /** Our certificate with its chain behind it, and its key; null without. */
  readonly certificate: string | null;
  readonly key: string | null;
  readonly passphrase: string | null;
  /** ALPN names as they go on the wire; null without. */
  readonly alpn: Uint8Array | null;
  /** 0x0303 for TLS 1.2, 0x0304 for TLS 1.3. */
  readonly minVersion: number;
  /** False accepts any certificate. */
  readonly verify: boolean;
}

/** The system's OpenSSL. Addresses are numbers, 0 for none. */
export class OpenSsl {
  readonly ssl: Library<typeof SSL_SYMBOLS>["symbols"];
  readonly crypto: Library<typeof CRYPTO_SYMBOLS>["symbols"];

  constructor(sslName: string, cryptoName: string) {
    this.crypto = dlopen(cryptoName, CRYPTO_SYMBOLS).symbols;
    this.ssl = dlopen(sslName, SSL_SYMBOLS).symbols;
    this.ssl.OPENSSL_init_ssl(0, null);
  }

  /** `0x30000000` for 3.0.0. */
  get version(): number {
    return this.crypto.OpenSSL_version_num();
  }

  /** A context for clients, which lives as long as the process; throws an Error with the library's reason. */
  context(settings: SslSettings): number {
    const { ssl } = this;
    const context = Number(ssl.SSL_CTX_new(ssl.TLS_client_method()));
    if (context === 0) throw new Error(this.reason());
    try {
      this.#configure(context as Pointer, settings);
      return context;
    } catch (error) {
      ssl.SSL_CTX_free(context as Pointer);
      throw error;
    }
  }

  /** The reason of the last failure, `certificate verify failed`; empty where there is none. Forgets it, and those before. */
  reason(): string {
    const code = this.crypto.ERR_get_error();
    this.crypto.ERR_clear_error();
    if (code === 0) return "";
    const text = new Uint8Array(new ArrayBuffer(256));
    this.crypto.ERR_error_string_n(code, ptr(text), text.length);
    const whole = new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
    return whole.split(":").slice(4).join(":") || whole;
  }

  /** The name that ALPN agreed on; null where it did not. */
  alpnOf(session: number): string | null {
    const found = new Uint32Array(new ArrayBuffer(16));
    const address = Number(ptr(found));
    this.ssl.SSL_get0_alpn_selected(session as Pointer, address as Pointer, (address + 8) as Pointer);
    const at = read.ptr(address as Pointer, 0);
    const length = found[2] ?? 0;
    if (length === 0) return null;
    return Array.from({ length }, (_, index) => String.fromCharCode(read.u8(at as Pointer, index))).join("");
  }

  #configure(context: Pointer, settings: SslSettings): void {
    const { ssl, crypto } = this;
    ssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, settings.minVersion, null);
    ssl.SSL_CTX_ctrl(context, SSL_CTRL_MODE, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER, null);
    ssl.SSL_CTX_set_ciphersuites(context, zeroTerminated(CIPHER_SUITES));
    ssl.SSL_CTX_set_verify(context, settings.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, null);
    const store = ssl.SSL_CTX_get_cert_store(context);
    for (const text of settings.authorities) {
      for (const certificate of this.#certificates(text)) {
        crypto.X509_STORE_add_cert(store, certificate);
        crypto.X509_free(certificate);
      }
    }
    // One that is there already is no failure.
    crypto.ERR_clear_error();
    if (settings.certificate !== null && settings.key !== null) this.#identify(context, settings.certificate, settings);
    const { alpn } = settings;
    if (alpn !== null && ssl.SSL_CTX_set_alpn_protos(context, ptr(alpn), alpn.length) !== 0) {
      throw new Error(this.reason());
    }
  }

  #identify(context: Pointer, certificate: string, { key, passphrase }: SslSettings): void {
    const { ssl, crypto } = this;
    for (const [at, one] of this.#certificates(certificate).entries()) {
      const taken =
        at === 0 ? ssl.SSL_CTX_use_certificate(context, one) : ssl.SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, one);
      crypto.X509_free(one);
      if (taken !== 1) throw new Error(this.reason());
    }
    const secret = passphrase === null ? null : zeroTerminated(passphrase);
    const parsed = this.#withText(key ?? "", (bio) => crypto.PEM_read_bio_PrivateKey(bio, null, null, secret));
    const taken = parsed === null ? 0 : ssl.SSL_CTX_use_PrivateKey(context, parsed);
    if (parsed !== null) crypto.EVP_PKEY_free(parsed);
    if (taken !== 1) throw new Error(this.reason());
  }

  /** All of a PEM text, in order; the caller's to free. */
  #certificates(text: string): Pointer[] {
    const found: Pointer[] = [];
    this.#withText(text, (bio) => {
      for (;;) {
        const certificate = this.crypto.PEM_read_bio_X509(bio, null, null, null);
        if (certificate === null) break;
        found.push(certificate as Pointer);
      }
      return null;
    });
    // The end of the text is told as a failure.
    this.crypto.ERR_clear_error();
    return found;
  }

  #withText(text: string, use: (bio: Pointer) => Pointer | bigint | null): Pointer | null {
    const bytes = zeroTerminated(text);
    const bio = this.crypto.BIO_new_mem_buf(ptr(bytes), bytes.length - 1) as Pointer | null;
    if (bio === null) throw new Error(this.reason());
    try {
      return use(bio) as Pointer | null;
    } finally {
      this.crypto.BIO_free(bio);
      // The BIO reads from them until here; and what was a key is not left lying about.
      bytes.fill(0);
    }
  }
}

/** The system's OpenSSL 3 or later, opened at the first call; null where there is none. */
export function openSsl(): OpenSsl | null {
  opened ??= { library: open() };
  return opened.library;
}

function open(): OpenSsl | null {
  for (const [sslName, cryptoName] of OPENSSL_NAMES) {
    try {
      const library = new OpenSsl(sslName, cryptoName);
      if (library.version >= LEAST_VERSION) return library;
    } catch {
      // Not under this name, or without what is called: the next one.
    }
  }
  return null;
}

/** Text as C has it, in a buffer of its own. */
export function zeroTerminated(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const copy = new Uint8Array(new ArrayBuffer(bytes.length + 1));
  copy.set(bytes);
  return copy;
}

let opened: { readonly library: OpenSsl | null } | null = null;

/** Its names on a platform, in the order in which they are tried; glibc's distributions and musl's have the same. */
export function openSslNames(platform: string): readonly (readonly [ssl: string, crypto: string])[] {
  if (platform === "darwin") {
    const folders = ["/opt/homebrew/opt/openssl@3/lib", "/usr/local/opt/openssl@3/lib"];
    return folders.map((folder) => [`${folder}/libssl.3.dylib`, `${folder}/libcrypto.3.dylib`]);
  }
  return [
    ["libssl.so.3", "libcrypto.so.3"],
    ["libssl.so", "libcrypto.so"],
  ];
}

/** Under these names it is looked for here. */
export const OPENSSL_NAMES: readonly (readonly [ssl: string, crypto: string])[] = openSslNames(process.platform);

/** Of TLS 1.3, in the order of the event backend: the shorter key is a tenth cheaper, and OpenSSL would have it second. */
const CIPHER_SUITES = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
const LEAST_VERSION = 0x30000000;
const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
const SSL_CTRL_CHAIN_CERT = 89;
const SSL_CTRL_MODE = 33;
const SSL_MODE_ENABLE_PARTIAL_WRITE = 1;
const SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 2;
const SSL_VERIFY_NONE = 0;
const SSL_VERIFY_PEER = 1;
