import { NexusError, UsageError } from "../codec/errors.ts";
import { libc } from "../ffi/libc.ts";
import { endpoint, type IpAddress, ipLiteral } from "./address.ts";
import { ConnectTask, MAX_TIMEOUT, type TaskOptions } from "./connect-task.ts";
import { ConnectError, type ConnectErrorCode } from "./errors.ts";
import {
  type CheckedSocketOptions,
  checkSocketOptions,
  firstOption,
  needsDescriptor,
  type SocketOptions,
  unsupported,
} from "./options.ts";
import { type CheckedProxy, checkProxy, checkTunnelTarget, type ProxyOptions } from "./proxy.ts";
import { tunnelName } from "./proxy-talk.ts";
import { ATTEMPT_DELAY, type Attempt, race } from "./race.ts";
import { addressesOf, type Resolver, resolveBySystem } from "./resolve.ts";
import { type TcpConnectOptions, tcpConnector } from "./tcp-connect.ts";
import type { TcpSocket } from "./tcp-socket.ts";
import type { TlsConfig } from "./tls-config.ts";
import { connectThrough } from "./tunnel.ts";

/** Where to connect to. */
export interface DialTarget {
  /** A name or an IP literal; an IPv6 one with or without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** Null for plain TCP. */
  readonly tls: TlsConfig | null;
  /** The name to verify and to send, before `tls.serverName` and `hostname`. */
  readonly serverName?: string;
}

/** How to connect. */
export interface DialOptions extends TaskOptions {
  /** Of the TCP socket, which leads to the proxy where there is one. */
  readonly socket?: SocketOptions;
  /**
   * The proxy to connect through: its URL, or {@link ProxyOptions}, where it is said what URLs there are. It resolves the target's
   * name; whatever goes wrong there is an error. Default: a direct connection; environment variables are not read. An empty
   * string is refused.
   */
  readonly proxy?: string | ProxyOptions;
}

/**
 * Connects. The addresses of a name take turns, 250 ms apart or at once after a failure, and the first that answers wins
 * (RFC 8305). With TLS the promise resolves after the certificate was verified; no byte of the caller's leaves before. Through a
 * proxy the same holds: the certificate is the target's, verified against the target's name.
 *
 * @throws ConnectError, TimeoutError (`CONNECT_TIMEOUT`), AbortedError, SocketOptionError, UsageError. Nothing stays open.
 */
export function dial(target: DialTarget, options: DialOptions = {}): Promise<TcpSocket> {
  return dialWith(target, options, SYSTEM);
}

/** The means that tests replace. */
export interface DialMeans {
  readonly resolver: Resolver;
  readonly connector: (options: TcpConnectOptions) => Attempt<TcpSocket>;
}

/** {@link dial} by other means than the system's. */
export async function dialWith(target: DialTarget, options: DialOptions, means: DialMeans): Promise<TcpSocket> {
  const { hostname, port } = target;
  checkTarget(target);
  const socket = checkSocketOptions(options.socket);
  if (needsDescriptor(socket) && libc() === null) throw unsupported(firstOption(socket));
  if (options.proxy !== undefined) return dialThrough(checkProxy(options.proxy), target, options, means);
  const literal = ipLiteral(hostname);
  const task = new ConnectTask(endpoint(literal?.address ?? hostname, port), "dns", options);
  task.enter("dns", ignore);
  if (literal !== null) connect(task, [literal], target, socket, means);
  else if (!task.settled) {
    addressesOf(hostname, means.resolver).then(
      (addresses) => connect(task, addresses, target, socket, means),
      (error) => task.fail(error),
    );
  }
  return task.promise;
}

function dialThrough(
  proxy: CheckedProxy,
  target: DialTarget,
  options: DialOptions,
  means: DialMeans,
): Promise<TcpSocket> {
  checkTunnelTarget(target.hostname);
  if (proxy.tls !== null && target.tls !== null) {
    const message = `Cannot connect to ${tunnelName(target, proxy)}: Bun cannot start TLS within the TLS of an https: proxy`;
    throw new UsageError("PROXY_TLS_IN_TLS", message);
  }
  const task = new ConnectTask(tunnelName(target, proxy), "proxy", options);
  const { socket = {} } = options;
  connectThrough(task, proxy, target, (signal) => dialWith(proxy, { socket, signal, timeout: MAX_TIMEOUT }, means));
  return task.promise;
}

function connect(
  task: ConnectTask,
  addresses: readonly IpAddress[],
  { hostname, port, tls, serverName }: DialTarget,
  socket: CheckedSocketOptions,
  means: DialMeans,
): void {
  if (task.settled) return;
  task.enter("tcp", ignore);
  if (task.settled) return;
  const connector = means.connector({ port, secure: tls !== null, socket });
  const stop = race(reachable(addresses, socket), connector, ATTEMPT_DELAY, (errors, winner) => {
    if (winner === null) task.fail(combine(errors, endpoint(hostname, port)));
    else task.connected(winner, tls, hostname, serverName);
  });
  task.abandonBy(stop);
}

/** A source address reaches only its own family; without one of that family the kernel says why. */
export function reachable(
  addresses: readonly IpAddress[],
  { localAddress }: CheckedSocketOptions,
): readonly IpAddress[] {
  if (localAddress === null) return addresses;
  const family = ipLiteral(localAddress)?.family;
  const matching = addresses.filter((address) => address.family === family);
  return matching.length > 0 ? matching : addresses;
}

/** One error is itself; several become one that lists them, with the code they share or the general one. */
export function combine(errors: readonly Error[], where: string): Error {
  const last = errors[errors.length - 1];
  if (last === undefined || errors.length === 1 || !(last instanceof ConnectError)) return last ?? new Error(where);
  const codes = new Set(errors.map((error) => (error instanceof NexusError ? error.code : "")));
  const code: ConnectErrorCode = codes.size === 1 ? last.code : "CONNECT_FAILED";
  const list = errors.map((error) =>
    error instanceof ConnectError ? `${error.address} ${error.osCode}` : error.message,
  );
  const message = `Cannot connect to ${where}: all ${errors.length} addresses failed: ${list.join(", ")}`;
  const { osCode, errno } = last;
  const cause = new AggregateError(errors, message);
  return new ConnectError(code, message, { phase: "tcp", osCode, errno, errors, cause });
}

/** @throws UsageError `CONNECT_BAD_TARGET` */
export function checkTarget({ hostname, port }: Pick<DialTarget, "hostname" | "port">): void {
  if (typeof hostname !== "string" || hostname === "") {
    throw new UsageError("CONNECT_BAD_TARGET", `Cannot connect: hostname is ${JSON.stringify(hostname)}`);
  }
  if (Number.isInteger(port) && port > 0 && port < 65_536) return;
  throw new UsageError("CONNECT_BAD_TARGET", `Cannot connect to ${hostname}: port ${port} is not from 1 to 65535`);
}

function ignore(): void {}

const SYSTEM: DialMeans = { resolver: resolveBySystem, connector: tcpConnector };
