import { UsageError } from "../codec/errors.ts";
import { errorName, type PlatformConstants } from "../ffi/constants.ts";
import type { Libc } from "../ffi/libc.ts";
import { ipLiteral } from "./address.ts";
import { SocketOptionError } from "./errors.ts";

/**
 * What the kernel is told about a socket. Whatever is left out stays as the system has it, except `noDelay`.
 *
 * All of it is set before `connect(2)`, so that the SYN already obeys it, and can be read back with `socketInfo()`. An
 * option that the platform lacks, or that the kernel refuses, fails the connection with a `SocketOptionError` naming it.
 */
export interface SocketOptions {
  /**
   * TCP_NODELAY: small writes leave at once instead of waiting for the acknowledgement of those before (Nagle).
   * Default true. Costs more packets when many small writes are not corked.
   */
  readonly noDelay?: boolean;
  /**
   * SO_KEEPALIVE and its clock, in whole seconds: probe after `idle` without traffic, every `interval`, give up after
   * `count` unanswered. Default off. `true` takes the system's clock (two hours on Linux), far too slow to notice a dead
   * venue: `{ idle: 10, interval: 5, count: 3 }` notices in 25 s.
   */
  readonly keepAlive?: boolean | KeepAliveOptions;
  /**
   * SO_RCVBUF in bytes. Default: the kernel tunes it while the connection runs (up to `tcp_rmem[2]`). Setting it turns that
   * tuning off and fixes the window scale in the SYN; the kernel doubles it for its books and caps it at `rmem_max` without
   * a word. Set it, to megabytes, where bursts overrun the reader; a small value hurts.
   */
  readonly recvBufferSize?: number;
  /** SO_SNDBUF in bytes. Default: tuned by the kernel. Doubled and capped (`wmem_max`) like `recvBufferSize`. */
  readonly sendBufferSize?: number;
  /**
   * TCP_QUICKACK: acknowledge at once instead of waiting up to 40 ms for something to carry the acknowledgement. Default: the
   * kernel decides. Not sticky: the kernel leaves the mode again by itself. Linux only.
   */
  readonly quickAck?: boolean;
  /**
   * SO_BUSY_POLL in microseconds: how long a read spins on the network card before it sleeps. Default 0, off. Costs CPU;
   * needs a driver that can, and CAP_NET_ADMIN to raise it. Linux only.
   */
  readonly busyPoll?: number;
  /**
   * TCP_USER_TIMEOUT in milliseconds: how long sent bytes may stay unacknowledged before the connection is given up.
   * Default 0: the kernel's own, about 15 minutes. Linux only.
   */
  readonly userTimeout?: number;
  /**
   * TCP_NOTSENT_LOWAT in bytes: room to write is reported only while less than this waits unsent in the kernel, so that what
   * is queued last is not stale. Default: unlimited.
   */
  readonly notSentLowAt?: number;
  /**
   * SO_PRIORITY, 0 to 6 (above needs CAP_NET_ADMIN): the queue in the local traffic control. Default 0, or what `typeOfService`
   * maps to. Linux only.
   */
  readonly priority?: number;
  /** IP_TOS or IPV6_TCLASS, 0 to 255, the DSCP in its upper six bits (RFC 2474). Default 0. */
  readonly typeOfService?: number;
  /** SO_INCOMING_CPU: the CPU whose receive queue should serve this socket. Default: none named. Linux only. */
  readonly incomingCpu?: number;
  /** The source IP address, a literal that this machine has. Default: the route decides. */
  readonly localAddress?: string;
}

/** Clock of the keepalive probes, in whole seconds; what is left out stays as the system has it. */
export interface KeepAliveOptions {
  readonly idle?: number;
  readonly interval?: number;
  readonly count?: number;
}

/** {@link SocketOptions} after the edge: checked, null where the system's own value stays. */
export interface CheckedSocketOptions {
  readonly noDelay: boolean;
  readonly keepAlive: boolean | null;
  readonly keepAliveIdle: number | null;
  readonly keepAliveInterval: number | null;
  readonly keepAliveCount: number | null;
  readonly recvBufferSize: number | null;
  readonly sendBufferSize: number | null;
  readonly quickAck: boolean | null;
  readonly busyPoll: number | null;
  readonly userTimeout: number | null;
  readonly notSentLowAt: number | null;
  readonly priority: number | null;
  readonly typeOfService: number | null;
  readonly incomingCpu: number | null;
  readonly localAddress: string | null;
}

/** Checks every option once, at the edge. */
export function checkSocketOptions(options: SocketOptions = {}): CheckedSocketOptions {
  const { keepAlive, localAddress } = options;
  const clock: KeepAliveOptions = typeof keepAlive === "object" && keepAlive !== null ? keepAlive : {};
  if (keepAlive !== undefined && typeof keepAlive !== "boolean" && typeof keepAlive !== "object") {
    throw invalid("keepAlive", keepAlive, "a boolean or { idle, interval, count }");
  }
  if (localAddress !== undefined && (typeof localAddress !== "string" || ipLiteral(localAddress) === null)) {
    throw invalid("localAddress", localAddress, "an IP address");
  }
  return {
    noDelay: flag("noDelay", options.noDelay) ?? true,
    keepAlive: keepAlive === undefined ? null : keepAlive !== false,
    keepAliveIdle: integer("keepAlive.idle", clock.idle, 1, 32_767),
    keepAliveInterval: integer("keepAlive.interval", clock.interval, 1, 32_767),
    keepAliveCount: integer("keepAlive.count", clock.count, 1, 127),
    recvBufferSize: integer("recvBufferSize", options.recvBufferSize, 1, MAX_INT / 2),
    sendBufferSize: integer("sendBufferSize", options.sendBufferSize, 1, MAX_INT / 2),
    quickAck: flag("quickAck", options.quickAck),
    busyPoll: integer("busyPoll", options.busyPoll, 0, MAX_INT),
    userTimeout: integer("userTimeout", options.userTimeout, 0, MAX_INT),
    notSentLowAt: integer("notSentLowAt", options.notSentLowAt, 1, MAX_INT),
    priority: integer("priority", options.priority, 0, MAX_INT),
    typeOfService: integer("typeOfService", options.typeOfService, 0, 255),
    incomingCpu: integer("incomingCpu", options.incomingCpu, 0, MAX_INT),
    localAddress: localAddress === undefined ? null : (ipLiteral(localAddress)?.address ?? null),
  };
}

/** True where an option needs a descriptor of our own making: Bun's own sockets have Nagle off and nothing else. */
export function needsDescriptor(options: CheckedSocketOptions): boolean {
  return (
    !options.noDelay ||
    SETTINGS.some(({ name }) => name !== "noDelay" && options[name] !== null) ||
    options.localAddress !== null
  );
}

/** The option that cannot be had without libc, for the error that says so. */
export function firstOption(options: CheckedSocketOptions): string {
  if (options.localAddress !== null) return "localAddress";
  return (
    SETTINGS.find(({ name }) => (name === "noDelay" ? !options.noDelay : options[name] !== null))?.name ?? "noDelay"
  );
}

/**
 * Sets every option that was asked for on an unconnected socket of `family`.
 * @throws SocketOptionError for the first that cannot be set.
 */
export function applySocketOptions(library: Libc, fd: number, family: 4 | 6, options: CheckedSocketOptions): void {
  for (const setting of SETTINGS) {
    const value = options[setting.name];
    if (value === null) continue;
    const [level, option] = setting.place(library.constants, family);
    if (option === null) throw unsupported(setting.name);
    const result = library.setOption(fd, level, option, Number(value));
    if (result < 0) throw refused(setting.name, value, -result);
  }
}

export function unsupported(name: string): SocketOptionError {
  const message = `Cannot set socket option ${name}: ${process.platform} ${process.arch} has no way to set it`;
  return new SocketOptionError("SOCKET_OPTION_UNSUPPORTED", message, name, null, null);
}

export function refused(name: string, value: unknown, errno: number): SocketOptionError {
  const osCode = errorName(errno);
  const message = `Cannot set socket option ${name}: the kernel refused ${String(value)} (${osCode})`;
  return new SocketOptionError("SOCKET_OPTION_REFUSED", message, name, errno, osCode);
}

function flag(name: string, value: unknown): boolean | null {
  if (value === undefined) return null;
  if (typeof value !== "boolean") throw invalid(name, value, "a boolean");
  return value;
}

function integer(name: string, value: unknown, least: number, most: number): number | null {
  if (value === undefined) return null;
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw invalid(name, value, `an integer from ${least} to ${Math.floor(most)}`);
}

function invalid(name: string, value: unknown, expected: string): UsageError {
  const message = `Cannot use socket option ${name}: ${String(value)} where it must be ${expected}`;
  return new UsageError("SOCKET_OPTION_INVALID", message);
}

/** Where an option lives: its level, and its number or null where the platform has none. */
type Place = (constants: PlatformConstants, family: 4 | 6) => readonly [level: number, option: number | null];

type SettingName = Exclude<keyof CheckedSocketOptions, "localAddress">;

const MAX_INT = 0x7fffffff;

/** Every option that is one integer to the kernel, in the order they are set. */
export const SETTINGS: readonly { readonly name: SettingName; readonly place: Place }[] = [
  { name: "recvBufferSize", place: (c) => [c.SOL_SOCKET, c.SO_RCVBUF] },
  { name: "sendBufferSize", place: (c) => [c.SOL_SOCKET, c.SO_SNDBUF] },
  { name: "noDelay", place: (c) => [c.IPPROTO_TCP, c.TCP_NODELAY] },
  { name: "keepAlive", place: (c) => [c.SOL_SOCKET, c.SO_KEEPALIVE] },
  { name: "keepAliveIdle", place: (c) => [c.IPPROTO_TCP, c.TCP_KEEPIDLE] },
  { name: "keepAliveInterval", place: (c) => [c.IPPROTO_TCP, c.TCP_KEEPINTVL] },
  { name: "keepAliveCount", place: (c) => [c.IPPROTO_TCP, c.TCP_KEEPCNT] },
  { name: "quickAck", place: (c) => [c.IPPROTO_TCP, c.TCP_QUICKACK] },
  { name: "busyPoll", place: (c) => [c.SOL_SOCKET, c.SO_BUSY_POLL] },
  { name: "userTimeout", place: (c) => [c.IPPROTO_TCP, c.TCP_USER_TIMEOUT] },
  { name: "notSentLowAt", place: (c) => [c.IPPROTO_TCP, c.TCP_NOTSENT_LOWAT] },
  {
    name: "typeOfService",
    place: (c, family) => (family === 4 ? [c.IPPROTO_IP, c.IP_TOS] : [c.IPPROTO_IPV6, c.IPV6_TCLASS]),
  },
  // After IP_TOS, which sets the priority as well.
  { name: "priority", place: (c) => [c.SOL_SOCKET, c.SO_PRIORITY] },
  { name: "incomingCpu", place: (c) => [c.SOL_SOCKET, c.SO_INCOMING_CPU] },
];
