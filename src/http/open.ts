import { UsageError } from "../codec/errors.ts";
import { defaultTls } from "../socket/default-tls.ts";
import { type DialOptions, dial } from "../socket/dial.ts";
import type { Transport } from "../socket/transport.ts";
import type { HttpSettings } from "./options.ts";
import type { HttpTarget } from "./target.ts";

/** Connects to the target's origin. */
export function openTransport(target: HttpTarget, settings: HttpSettings): Promise<Transport> {
  const { hostname, port, secure } = target;
  const { socket, proxy, connectTimeout, tlsTimeout, signal } = settings;
  const options: DialOptions = {
    socket,
    timeout: connectTimeout,
    tlsTimeout,
    ...(proxy === null ? {} : { proxy }),
    ...(signal === null ? {} : { signal }),
  };
  return dial({ hostname, port, tls: secure ? (settings.tls ?? defaultTls()) : null }, options);
}

/** No secret goes over a plain transport because a URL said `https:`. */
export function checkSecure(target: HttpTarget, transport: Transport): void {
  if (!target.secure || transport.secure) return;
  throw new UsageError("TRANSPORT_NOT_SECURE", `Cannot use ${target.origin}: the transport is not secured by TLS`);
}
