import { UsageError } from "../codec/errors.ts";
import { type SpinCalls, spinCalls } from "../ffi/spin-calls.ts";
import { endpoint, type IpAddress, ipLiteral } from "./address.ts";
import { checkTarget } from "./dial.ts";
import type { UrlDialSettings, UrlTarget } from "./dial-url.ts";
import { AbortedError } from "./errors.ts";
import { checkSocketOptions } from "./options.ts";
import { type CheckedProxy, checkProxy, checkTunnelTarget } from "./proxy.ts";
import { tunnelName, unreachable } from "./proxy-talk.ts";
import { addressesOf, resolveBySystem } from "./resolve.ts";
import { timedOut } from "./spin-errors.ts";

/** Where to connect to, checked, and until when. */
export interface SpinTarget extends UrlTarget {
  /** Whom to ask for it; null for a direct connection. */
  readonly proxy: CheckedProxy | null;
  /** The proxy's where there is one: it alone resolves the target's name. Best first; at least one. */
  readonly addresses: readonly IpAddress[];
  /** How it stands in messages. */
  readonly where: string;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
}

/**
 * Resolves what a URL, or the proxy, names, which is all of connecting that needs the event loop.
 * @throws ConnectError (`CONNECT_DNS_FAILED`, `PROXY_UNREACHABLE`), TimeoutError (`CONNECT_TIMEOUT`), AbortedError, UsageError
 */
export async function spinTarget(target: UrlTarget, settings: UrlDialSettings): Promise<SpinTarget> {
  const { known, hostname } = begin(target, settings);
  if (known.addresses.length > 0) return known;
  const { where, proxy } = known;
  const phase = proxy === null ? "dns" : "proxy";
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const { connectTimeout, signal } = settings;
  const abort = (): void =>
    reject(new AbortedError(`Cannot connect to ${where}: aborted during ${phase}`, phase, signal?.reason));
  const timer = setTimeout(() => reject(timedOut(where, connectTimeout, phase)), connectTimeout);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    if (signal?.aborted) abort();
    return { ...known, addresses: await Promise.race([addressesOf(hostname, resolveBySystem), cut]) };
  } catch (error) {
    throw proxy === null ? error : unreachable(error, where);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** The same for an IP address, or any name by a proxy that has one, at once. @throws UsageError (`SPIN_NEEDS_ADDRESS`) for a name */
export function spinTargetNow(target: UrlTarget, settings: UrlDialSettings): SpinTarget {
  const { known, hostname } = begin(target, settings);
  if (known.addresses.length > 0) return known;
  throw new UsageError(
    "SPIN_NEEDS_ADDRESS",
    `Cannot connect to ${hostname} without an event loop: only an IP address needs no resolving; use connect()`,
  );
}

/** The C library's calls. @throws UsageError (`SPIN_UNSUPPORTED`) */
export function checkedCalls(): SpinCalls {
  const calls = spinCalls();
  if (calls !== null) return calls;
  const platform = `${process.platform} ${process.arch}`;
  throw new UsageError(
    "SPIN_UNSUPPORTED",
    `Cannot connect by spinning: ${platform} has no C library that is known here`,
  );
}

/** What cannot be done is said before anything is resolved. `hostname` is what remains to be, where there is no address yet. */
function begin(target: UrlTarget, settings: UrlDialSettings): { known: SpinTarget; hostname: string } {
  const deadline = performance.now() + settings.connectTimeout;
  const { port } = target;
  checkTarget(target);
  checkSocketOptions(settings.socket);
  checkedCalls();
  const proxy = settings.proxy === null ? null : checkedProxy(target, settings.proxy);
  const { hostname } = proxy ?? target;
  const literal = ipLiteral(hostname);
  const where = proxy === null ? endpoint(literal?.address ?? hostname, port) : tunnelName(target, proxy);
  return { known: { ...target, proxy, addresses: literal === null ? [] : [literal], where, deadline }, hostname };
}

function checkedProxy(target: UrlTarget, option: NonNullable<UrlDialSettings["proxy"]>): CheckedProxy {
  const proxy = checkProxy(option);
  checkTunnelTarget(target.hostname);
  if (proxy.tls === null || !target.secure) return proxy;
  const message = `Cannot connect to ${tunnelName(target, proxy)}: TLS within the TLS of an https: proxy is not spoken`;
  throw new UsageError("PROXY_TLS_IN_TLS", message);
}
