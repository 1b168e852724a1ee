import { UsageError } from "../codec/errors.ts";
import type { Transport } from "../socket/transport.ts";
import type { HttpTarget } from "./target.ts";

/** No secret goes over a plain transport because a URL said `https:`. */
export function checkSecure(target: HttpTarget, transport: Transport): void {
  if (!target.secure || transport.secure) return;
  throw new UsageError("TRANSPORT_NOT_SECURE", `Cannot use ${target.origin}: the transport is not secured by TLS`);
}
