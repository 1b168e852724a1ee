/**
 * How venues want requests signed: over the bytes of query and body as they are sent.
 *
 *     const sign = hmacSha256(secret);
 *     const request = writer.post("/order").query("symbol", "BTCUSDT").query("timestamp", Date.now()).finish();
 *     request.stampQuery("signature", sign(request.queryBytes()));
 */
import { createPrivateKey, sign } from "node:crypto";

/** Returns the signature of a payload as text, still to be percent-encoded where it goes into a query. */
export type Signer = (payload: Uint8Array) => string;

/** HMAC-SHA256 in hexadecimal. The key is hashed in once; each signature goes on from a copy of that state. */
export function hmacSha256(secret: string): Signer {
  const keyed = new Bun.CryptoHasher("sha256", secret);
  return (payload) => keyed.copy().update(payload).digest("hex");
}

/** Ed25519 (RFC 8032) in base64. `privateKey` is PEM, PKCS #8. */
export function ed25519(privateKey: string): Signer {
  const key = createPrivateKey(privateKey);
  return (payload) => sign(null, payload, key).toString("base64");
}
