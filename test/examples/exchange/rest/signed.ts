import { createHmac } from "node:crypto";

/** A path with a query that is signed with an HMAC key, at `timestamp`. */
export function signedTarget(
  path: string,
  query: string,
  key: { secret: string },
  timestamp: number = Date.now(),
): string {
  const payload = `${query}&timestamp=${timestamp}`;
  return `${path}?${payload}&signature=${createHmac("sha256", key.secret).update(payload).digest("hex")}`;
}
