import type { PlatformConstants } from "../ffi/constants.ts";
import { libc } from "../ffi/libc.ts";
import { SETTINGS } from "./options.ts";

/** A connection as the kernel sees it now. Reading it costs some twenty system calls: not for a hot path. */
export interface SocketInfo {
  readonly fd: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly options: SocketOptionsInForce;
  /** From TCP_INFO; null where the kernel does not tell. */
  readonly tcp: TcpInfo | null;
}

/** The options as the kernel reports them; null where the platform has no such option. Units as in `SocketOptions`. */
export interface SocketOptionsInForce {
  readonly noDelay: boolean | null;
  readonly keepAlive: boolean | null;
  readonly keepAliveIdle: number | null;
  readonly keepAliveInterval: number | null;
  readonly keepAliveCount: number | null;
  /** What the kernel counts with: twice what was asked for, up to twice `rmem_max`. */
  readonly recvBufferSize: number | null;
  /** Likewise, up to twice `wmem_max`. */
  readonly sendBufferSize: number | null;
  readonly quickAck: boolean | null;
  readonly busyPoll: number | null;
  readonly userTimeout: number | null;
  readonly notSentLowAt: number | null;
  readonly priority: number | null;
  readonly typeOfService: number | null;
  readonly incomingCpu: number | null;
}

/** The kernel's view of a TCP connection. Fields that it does not report are null. */
export interface TcpInfo {
  /** `established`, `close-wait`…: the states of RFC 9293 section 3.3.2. */
  readonly state: string;
  /** Smoothed round-trip time in µs. */
  readonly rtt: number;
  /** Its mean deviation in µs. */
  readonly rttVar: number;
  /** The smallest round trip seen lately, in µs. */
  readonly minRtt: number | null;
  /** Retransmission timeout in µs. */
  readonly retransmitTimeout: number;
  /** Unanswered retransmissions in a row, now. */
  readonly retransmits: number | null;
  /** Segments sent again over the connection's life. */
  readonly totalRetransmits: number;
  /** In segments. */
  readonly congestionWindow: number;
  /** Largest segment sent, in bytes. */
  readonly sendMss: number;
  /** Largest segment received, in bytes. */
  readonly recvMss: number | null;
  readonly unackedSegments: number | null;
  readonly lostSegments: number | null;
  /** Path MTU in bytes. */
  readonly pathMtu: number | null;
  /** Milliseconds since the last data segment came. */
  readonly lastDataReceived: number | null;
  readonly bytesAcked: number | null;
  readonly bytesReceived: number | null;
  /** Bytes written that have not left yet. */
  readonly notSentBytes: number | null;
}

/** Endpoints as remembered by the socket. */
export interface Endpoints {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** Both ends of a socket that is connected; empty without one. */
export function endpointsOf(socket: Endpoints | null): Endpoints {
  const { localAddress = "", localPort = 0, remoteAddress = "", remotePort = 0 } = socket ?? {};
  return { localAddress, localPort, remoteAddress, remotePort };
}

/** Reads it all; without libc the options are null. */
export function readSocketInfo(fd: number, endpoints: Endpoints): SocketInfo {
  const { localAddress, localPort, remoteAddress, remotePort } = endpoints;
  return {
    fd,
    localAddress,
    localPort,
    remoteAddress,
    remotePort,
    options: readOptions(fd, remoteAddress.includes(":") ? 6 : 4),
    tcp: readTcpInfo(fd),
  };
}

/** The options in force on a descriptor of the address family given. */
function readOptions(fd: number, family: 4 | 6): SocketOptionsInForce {
  const library = libc();
  const values = {} as Record<string, number | boolean | null>;
  for (const { name, place } of SETTINGS) {
    const [level, option] = library === null ? [0, null] : place(library.constants, family);
    const value = library === null || option === null ? -1 : library.option(fd, level, option);
    values[name] = value < 0 ? null : FLAGS.has(name) ? value !== 0 : value;
  }
  return values as unknown as SocketOptionsInForce;
}

/** Parses what `getsockopt(TCP_INFO)` filled in; null where `bytes` is too short to be one. */
export function parseTcpInfo(bytes: Uint8Array, platform: "linux" | "darwin"): TcpInfo | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (platform === "linux") return bytes.length < LINUX_LEAST ? null : parseLinux(view);
  return bytes.length < DARWIN_LEAST ? null : parseDarwin(view);
}

function readTcpInfo(fd: number): TcpInfo | null {
  const library = libc();
  const option: PlatformConstants["TCP_INFO"] = library?.constants.TCP_INFO ?? null;
  if (library === null || option === null) return null;
  const bytes = new Uint8Array(new ArrayBuffer(512));
  const length = library.optionBytes(fd, library.constants.IPPROTO_TCP, option, bytes);
  if (length < 0) return null;
  return parseTcpInfo(bytes.subarray(0, length), process.platform === "darwin" ? "darwin" : "linux");
}

/** `struct tcp_info` of linux/tcp.h; kernels only ever append to it. */
function parseLinux(view: DataView): TcpInfo {
  const u32 = (offset: number): number => view.getUint32(offset, true);
  const later32 = (offset: number): number | null => (view.byteLength >= offset + 4 ? u32(offset) : null);
  const later64 = (offset: number): number | null =>
    view.byteLength >= offset + 8 ? Number(view.getBigUint64(offset, true)) : null;
  return {
    state: LINUX_STATES[view.getUint8(0)] ?? "unknown",
    retransmits: view.getUint8(2),
    retransmitTimeout: u32(8),
    sendMss: u32(16),
    recvMss: u32(20),
    unackedSegments: u32(24),
    lostSegments: u32(32),
    lastDataReceived: u32(52),
    pathMtu: u32(60),
    rtt: u32(68),
    rttVar: u32(72),
    congestionWindow: u32(80),
    totalRetransmits: u32(100),
    bytesAcked: later64(120),
    bytesReceived: later64(128),
    notSentBytes: later32(144),
    minRtt: later32(148),
  };
}

/**
 * `struct tcp_connection_info` of netinet/tcp.h; its times are milliseconds, its window is in bytes. What it counts of the send buffer
 * includes what is in flight: it does not tell what has not been sent.
 */
function parseDarwin(view: DataView): TcpInfo {
  const u32 = (offset: number): number => view.getUint32(offset, true);
  const sendMss = u32(16);
  return {
    state: DARWIN_STATES[view.getUint8(0)] ?? "unknown",
    retransmits: null,
    retransmitTimeout: u32(12) * 1000,
    sendMss,
    recvMss: null,
    unackedSegments: null,
    lostSegments: null,
    lastDataReceived: null,
    pathMtu: null,
    rtt: u32(44) * 1000,
    rttVar: u32(48) * 1000,
    congestionWindow: sendMss === 0 ? 0 : Math.floor(u32(24) / sendMss),
    totalRetransmits: Number(view.getBigUint64(104, true)),
    bytesAcked: null,
    bytesReceived: Number(view.getBigUint64(88, true)),
    notSentBytes: null,
    minRtt: null,
  };
}

const FLAGS: ReadonlySet<string> = new Set(["noDelay", "keepAlive", "quickAck"]);

/** Up to `tcpi_total_retrans`, which every kernel since 2.6 fills. */
const LINUX_LEAST = 104;
const DARWIN_LEAST = 112;

const LINUX_STATES: readonly string[] = [
  "unknown",
  "established",
  "syn-sent",
  "syn-received",
  "fin-wait-1",
  "fin-wait-2",
  "time-wait",
  "closed",
  "close-wait",
  "last-ack",
  "listen",
  "closing",
];

const DARWIN_STATES: readonly string[] = [
  "closed",
  "listen",
  "syn-sent",
  "syn-received",
  "established",
  "close-wait",
  "fin-wait-1",
  "closing",
  "last-ack",
  "fin-wait-2",
  "time-wait",
];
