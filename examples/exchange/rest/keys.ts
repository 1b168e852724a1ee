import { createPublicKey, type KeyObject, timingSafeEqual, verify } from "node:crypto";

/** What the exchange knows of an API key: the shared secret of an HMAC-SHA256 key, or the PEM of an Ed25519 public key. */
export type ApiKey =
  | { readonly apiKey: string; readonly secret: string }
  | { readonly apiKey: string; readonly publicKey: string };

/** For tests only: everyone can read it. */
export const TEST_HMAC_KEY: { readonly apiKey: string; readonly secret: string } = {
  apiKey: "exchange-test-hmac",
  secret: "exchange-test-secret",
};

/** For tests only: the first key pair of RFC 8032 section 7.1. */
export const TEST_ED25519_KEY: { readonly apiKey: string; readonly privateKey: string; readonly publicKey: string } = {
  apiKey: "exchange-test-ed25519",
  privateKey: pem("PRIVATE KEY", "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"),
  publicKey: pem("PUBLIC KEY", "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
};

/** Checks signatures by the key that a request names. */
export class KeyRing {
  readonly #verifiers = new Map<string, Verifier>();

  constructor(keys: readonly ApiKey[]) {
    for (const key of keys) {
      const verifier = "secret" in key ? hmacVerifier(key.secret) : ed25519Verifier(createPublicKey(key.publicKey));
      this.#verifiers.set(key.apiKey, verifier);
    }
  }

  knows(apiKey: string): boolean {
    return this.#verifiers.has(apiKey);
  }

  /** True where `signature` is the key's own over `payload`. */
  verifies(apiKey: string, payload: Uint8Array, signature: string): boolean {
    return this.#verifiers.get(apiKey)?.(payload, signature) ?? false;
  }
}

type Verifier = (payload: Uint8Array, signature: string) => boolean;

/** In hexadecimal, of either case. */
function hmacVerifier(secret: string): Verifier {
  const keyed = new Bun.CryptoHasher("sha256", secret);
  return (payload, signature) => {
    const expected = keyed.copy().update(payload).digest();
    const given = Buffer.from(/^[\da-f]{64}$/i.test(signature) ? signature : "", "hex");
    return given.length === expected.length && timingSafeEqual(given, expected);
  };
}

/** In base64. */
function ed25519Verifier(key: KeyObject): Verifier {
  return (payload, signature) => {
    const given = Buffer.from(signature, "base64");
    return given.length === 64 && verify(null, payload, key, given);
  };
}

function pem(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}
