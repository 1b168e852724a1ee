/**
 * Numbers of the system's headers, per platform. Linux on x64 and arm64 share them (asm-generic); so do both darwins.
 * `null` says that the kernel has no such thing.
 */
export interface PlatformConstants {
  readonly AF_INET: number;
  readonly AF_INET6: number;
  readonly SOCK_STREAM: number;
  /** Flags of `socket(2)`; null where descriptors are told afterwards, by fcntl. */
  readonly SOCK_NONBLOCK: number | null;
  readonly SOCK_CLOEXEC: number | null;
  readonly F_SETFD: number;
  readonly F_GETFL: number;
  readonly F_SETFL: number;
  readonly FD_CLOEXEC: number;
  readonly O_NONBLOCK: number;
  /** True where a socket address begins with its length (BSD), false where the family takes both bytes. */
  readonly ADDRESS_HAS_LENGTH: boolean;

  readonly SOL_SOCKET: number;
  readonly IPPROTO_IP: number;
  readonly IPPROTO_TCP: number;
  readonly IPPROTO_IPV6: number;

  readonly SO_ERROR: number;
  readonly SO_KEEPALIVE: number;
  readonly SO_SNDBUF: number;
  readonly SO_RCVBUF: number;
  readonly SO_PRIORITY: number | null;
  readonly SO_BUSY_POLL: number | null;
  readonly SO_INCOMING_CPU: number | null;
  readonly IP_TOS: number;
  readonly IPV6_TCLASS: number;
  readonly TCP_NODELAY: number;
  readonly TCP_MAXSEG: number;
  readonly TCP_KEEPIDLE: number;
  readonly TCP_KEEPINTVL: number;
  readonly TCP_KEEPCNT: number;
  readonly TCP_QUICKACK: number | null;
  readonly TCP_USER_TIMEOUT: number | null;
  readonly TCP_NOTSENT_LOWAT: number;
  readonly TCP_INFO: number | null;

  /** 0 where the system has no such flag; there nothing but the process's own disposition keeps SIGPIPE away. */
  readonly MSG_NOSIGNAL: number;

  readonly SC_PAGESIZE: number;
  readonly PROT_NONE: number;
  readonly PROT_READ: number;
  readonly PROT_WRITE: number;
  readonly MAP_SHARED: number;
  readonly MAP_PRIVATE: number;
  readonly MAP_FIXED: number;
  readonly MAP_ANONYMOUS: number;
  readonly MAP_NORESERVE: number;
  /** Flag of `memfd_create(2)`; null where there is none. */
  readonly MFD_CLOEXEC: number | null;

  readonly EINTR: number;
  readonly EINPROGRESS: number;
  /** The names of error numbers that sockets meet. */
  readonly errors: Readonly<Record<number, string>>;
}

/** Linux, x64 and arm64. */
export const LINUX: PlatformConstants = {
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_STREAM: 1,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  F_SETFD: 2,
  F_GETFL: 3,
  F_SETFL: 4,
  FD_CLOEXEC: 1,
  O_NONBLOCK: 0o4000,
  ADDRESS_HAS_LENGTH: false,

  SOL_SOCKET: 1,
  IPPROTO_IP: 0,
  IPPROTO_TCP: 6,
  IPPROTO_IPV6: 41,

  SO_ERROR: 4,
  SO_KEEPALIVE: 9,
  SO_SNDBUF: 7,
  SO_RCVBUF: 8,
  SO_PRIORITY: 12,
  SO_BUSY_POLL: 46,
  SO_INCOMING_CPU: 49,
  IP_TOS: 1,
  IPV6_TCLASS: 67,
  TCP_NODELAY: 1,
  TCP_MAXSEG: 2,
  TCP_KEEPIDLE: 4,
  TCP_KEEPINTVL: 5,
  TCP_KEEPCNT: 6,
  TCP_QUICKACK: 12,
  TCP_USER_TIMEOUT: 18,
  TCP_NOTSENT_LOWAT: 25,
  TCP_INFO: 11,

  MSG_NOSIGNAL: 0x4000,

  SC_PAGESIZE: 30,
  PROT_NONE: 0,
  PROT_READ: 1,
  PROT_WRITE: 2,
  MAP_SHARED: 1,
  MAP_PRIVATE: 2,
  MAP_FIXED: 0x10,
  MAP_ANONYMOUS: 0x20,
  MAP_NORESERVE: 0x4000,
  MFD_CLOEXEC: 1,

  EINTR: 4,
  EINPROGRESS: 115,
  errors: {
    1: "EPERM",
    2: "ENOENT",
    4: "EINTR",
    9: "EBADF",
    11: "EAGAIN",
    12: "ENOMEM",
    13: "EACCES",
    19: "ENODEV",
    22: "EINVAL",
    23: "ENFILE",
    24: "EMFILE",
    32: "EPIPE",
    33: "EDOM",
    88: "ENOTSOCK",
    92: "ENOPROTOOPT",
    93: "EPROTONOSUPPORT",
    95: "EOPNOTSUPP",
    97: "EAFNOSUPPORT",
    98: "EADDRINUSE",
    99: "EADDRNOTAVAIL",
    100: "ENETDOWN",
    101: "ENETUNREACH",
    103: "ECONNABORTED",
    104: "ECONNRESET",
    105: "ENOBUFS",
    106: "EISCONN",
    107: "ENOTCONN",
    110: "ETIMEDOUT",
    111: "ECONNREFUSED",
    113: "EHOSTUNREACH",
    114: "EALREADY",
    115: "EINPROGRESS",
  },
};

/** macOS, x64 and arm64. */
export const DARWIN: PlatformConstants = {
  AF_INET: 2,
  AF_INET6: 30,
  SOCK_STREAM: 1,
  SOCK_NONBLOCK: null,
  SOCK_CLOEXEC: null,
  F_SETFD: 2,
  F_GETFL: 3,
  F_SETFL: 4,
  FD_CLOEXEC: 1,
  O_NONBLOCK: 4,
  ADDRESS_HAS_LENGTH: true,

  SOL_SOCKET: 0xffff,
  IPPROTO_IP: 0,
  IPPROTO_TCP: 6,
  IPPROTO_IPV6: 41,

  SO_ERROR: 0x1007,
  SO_KEEPALIVE: 0x0008,
  SO_SNDBUF: 0x1001,
  SO_RCVBUF: 0x1002,
  SO_PRIORITY: null,
  SO_BUSY_POLL: null,
  SO_INCOMING_CPU: null,
  IP_TOS: 3,
  IPV6_TCLASS: 36,
  TCP_NODELAY: 1,
  TCP_MAXSEG: 2,
  TCP_KEEPIDLE: 0x10,
  TCP_KEEPINTVL: 0x101,
  TCP_KEEPCNT: 0x102,
  TCP_QUICKACK: null,
  TCP_USER_TIMEOUT: null,
  TCP_NOTSENT_LOWAT: 0x201,
  TCP_INFO: 0x106,

  MSG_NOSIGNAL: 0,

  SC_PAGESIZE: 29,
  PROT_NONE: 0,
  PROT_READ: 1,
  PROT_WRITE: 2,
  MAP_SHARED: 1,
  MAP_PRIVATE: 2,
  MAP_FIXED: 0x10,
  MAP_ANONYMOUS: 0x1000,
  MAP_NORESERVE: 0x40,
  MFD_CLOEXEC: null,

  EINTR: 4,
  EINPROGRESS: 36,
  errors: {
    1: "EPERM",
    2: "ENOENT",
    4: "EINTR",
    9: "EBADF",
    12: "ENOMEM",
    13: "EACCES",
    19: "ENODEV",
    22: "EINVAL",
    23: "ENFILE",
    24: "EMFILE",
    32: "EPIPE",
    33: "EDOM",
    35: "EAGAIN",
    36: "EINPROGRESS",
    37: "EALREADY",
    38: "ENOTSOCK",
    42: "ENOPROTOOPT",
    43: "EPROTONOSUPPORT",
    47: "EAFNOSUPPORT",
    48: "EADDRINUSE",
    49: "EADDRNOTAVAIL",
    50: "ENETDOWN",
    51: "ENETUNREACH",
    53: "ECONNABORTED",
    54: "ECONNRESET",
    55: "ENOBUFS",
    56: "EISCONN",
    57: "ENOTCONN",
    60: "ETIMEDOUT",
    61: "ECONNREFUSED",
    65: "EHOSTUNREACH",
    102: "EOPNOTSUPP",
  },
};

/** The numbers of the platform this runs on; null where they are not known, and libc is then left alone. */
export function platformConstants(
  platform: string = process.platform,
  arch: string = process.arch,
): PlatformConstants | null {
  if (arch !== "x64" && arch !== "arm64") return null;
  if (platform === "linux") return LINUX;
  return platform === "darwin" ? DARWIN : null;
}

/** `ECONNREFUSED` for 111 on Linux; `E` and the number where the table has no name. */
export function errorName(errno: number, constants: PlatformConstants | null = platformConstants()): string {
  return constants?.errors[errno] ?? `E${errno}`;
}
