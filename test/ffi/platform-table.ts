/**
 * What the headers of Linux, the C libraries and macOS say, each line with the header it was read from. Nothing here is taken from `src`:
 * the tests compare the two. Linux has one list for x64 and arm64: neither has socket, tcp, in or errno headers of its own, and what arm64's
 * fcntl.h and mman.h change is not used here.
 */

/** A constant, its number on Linux and on macOS (null: there is none), and the headers. Darwin's are xnu's, under `bsd/`. */
export type ConstantRow = readonly [
  name: string,
  linux: number | null,
  darwin: number | null,
  linuxHeader: string,
  darwinHeader: string | null,
];

export const CONSTANTS: readonly ConstantRow[] = [
  ["AF_INET", 2, 2, "linux/socket.h", "sys/socket.h"],
  ["AF_INET6", 10, 30, "linux/socket.h", "sys/socket.h"],
  ["SOCK_STREAM", 1, 1, "linux/net.h", "sys/socket.h"],
  ["SOCK_NONBLOCK", 2048, null, "linux/net.h, asm-generic/fcntl.h", null],
  ["SOCK_CLOEXEC", 524288, null, "linux/net.h, asm-generic/fcntl.h", null],
  ["F_SETFD", 2, 2, "asm-generic/fcntl.h", "sys/fcntl.h"],
  ["F_GETFL", 3, 3, "asm-generic/fcntl.h", "sys/fcntl.h"],
  ["F_SETFL", 4, 4, "asm-generic/fcntl.h", "sys/fcntl.h"],
  ["FD_CLOEXEC", 1, 1, "asm-generic/fcntl.h", "sys/fcntl.h"],
  ["O_NONBLOCK", 2048, 4, "asm-generic/fcntl.h", "sys/fcntl.h"],
  ["SOL_SOCKET", 1, 65535, "asm-generic/socket.h", "sys/socket.h"],
  ["IPPROTO_IP", 0, 0, "linux/in.h", "netinet/in.h"],
  ["IPPROTO_TCP", 6, 6, "linux/in.h", "netinet/in.h"],
  ["IPPROTO_IPV6", 41, 41, "linux/in.h", "netinet/in.h"],
  ["SO_ERROR", 4, 4103, "asm-generic/socket.h", "sys/socket.h"],
  ["SO_KEEPALIVE", 9, 8, "asm-generic/socket.h", "sys/socket.h"],
  ["SO_SNDBUF", 7, 4097, "asm-generic/socket.h", "sys/socket.h"],
  ["SO_RCVBUF", 8, 4098, "asm-generic/socket.h", "sys/socket.h"],
  ["SO_PRIORITY", 12, null, "asm-generic/socket.h", null],
  ["SO_BUSY_POLL", 46, null, "asm-generic/socket.h", null],
  ["SO_INCOMING_CPU", 49, null, "asm-generic/socket.h", null],
  ["IP_TOS", 1, 3, "linux/in.h", "netinet/in.h"],
  ["IPV6_TCLASS", 67, 36, "linux/in6.h", "netinet6/in6.h"],
  ["TCP_NODELAY", 1, 1, "linux/tcp.h", "netinet/tcp.h"],
  ["TCP_MAXSEG", 2, 2, "linux/tcp.h", "netinet/tcp.h"],
  ["TCP_KEEPIDLE", 4, 16, "linux/tcp.h", "netinet/tcp.h: TCP_KEEPALIVE"],
  ["TCP_KEEPINTVL", 5, 257, "linux/tcp.h", "netinet/tcp.h"],
  ["TCP_KEEPCNT", 6, 258, "linux/tcp.h", "netinet/tcp.h"],
  ["TCP_QUICKACK", 12, null, "linux/tcp.h", null],
  ["TCP_USER_TIMEOUT", 18, null, "linux/tcp.h", null],
  ["TCP_NOTSENT_LOWAT", 25, 513, "linux/tcp.h", "netinet/tcp.h"],
  ["TCP_INFO", 11, 262, "linux/tcp.h", "netinet/tcp.h: TCP_CONNECTION_INFO"],
  // Darwin got it lately; 0 asks for nothing wherever it is not known.
  ["MSG_NOSIGNAL", 0x4000, 0, "linux/socket.h", "sys/socket.h"],
  ["SC_PAGESIZE", 30, 29, "bits/confname.h; musl's unistd.h", "unistd.h"],
  ["PROT_NONE", 0, 0, "asm-generic/mman-common.h", "sys/mman.h"],
  ["PROT_READ", 1, 1, "asm-generic/mman-common.h", "sys/mman.h"],
  ["PROT_WRITE", 2, 2, "asm-generic/mman-common.h", "sys/mman.h"],
  ["MAP_SHARED", 1, 1, "linux/mman.h", "sys/mman.h"],
  ["MAP_PRIVATE", 2, 2, "linux/mman.h", "sys/mman.h"],
  ["MAP_FIXED", 16, 16, "asm-generic/mman-common.h", "sys/mman.h"],
  ["MAP_ANONYMOUS", 32, 4096, "asm-generic/mman-common.h", "sys/mman.h"],
  ["MAP_NORESERVE", 16384, 64, "asm-generic/mman.h", "sys/mman.h"],
  ["MFD_CLOEXEC", 1, null, "linux/memfd.h", null],
  ["EINTR", 4, 4, "asm-generic/errno-base.h", "sys/errno.h"],
  ["EINPROGRESS", 115, 36, "asm-generic/errno.h", "sys/errno.h"],
];

/** Those of a thread that spins. */
export const SPIN_CONSTANTS: readonly ConstantRow[] = [
  ["EAGAIN", 11, 35, "asm-generic/errno-base.h", "sys/errno.h"],
  ["SHUT_WR", 1, 1, "linux/net.h", "sys/socket.h"],
  ["POLLIN", 1, 1, "asm-generic/poll.h", "sys/poll.h"],
  ["POLLOUT", 4, 4, "asm-generic/poll.h", "sys/poll.h"],
  ["SO_LINGER", 13, 128, "asm-generic/socket.h", "sys/socket.h"],
  // SO_TIMESTAMPNS_OLD, which is SO_TIMESTAMPNS where a long has 64 bits.
  ["SO_TIMESTAMPNS", 35, null, "asm-generic/socket.h", null],
];

/** `ECONNREFUSED`, by the number that it has: asm-generic/errno-base.h and errno.h; sys/errno.h of xnu. */
export const ERRORS: readonly (readonly [name: string, linux: number, darwin: number])[] = [
  ["EPERM", 1, 1],
  ["ENOENT", 2, 2],
  ["EINTR", 4, 4],
  ["EBADF", 9, 9],
  ["EAGAIN", 11, 35],
  ["ENOMEM", 12, 12],
  ["EACCES", 13, 13],
  ["ENODEV", 19, 19],
  ["EINVAL", 22, 22],
  ["ENFILE", 23, 23],
  ["EMFILE", 24, 24],
  ["EPIPE", 32, 32],
  ["EDOM", 33, 33],
  ["ENOTSOCK", 88, 38],
  ["ENOPROTOOPT", 92, 42],
  ["EPROTONOSUPPORT", 93, 43],
  ["EOPNOTSUPP", 95, 102],
  ["EAFNOSUPPORT", 97, 47],
  ["EADDRINUSE", 98, 48],
  ["EADDRNOTAVAIL", 99, 49],
  ["ENETDOWN", 100, 50],
  ["ENETUNREACH", 101, 51],
  ["ECONNABORTED", 103, 53],
  ["ECONNRESET", 104, 54],
  ["ENOBUFS", 105, 55],
  ["EISCONN", 106, 56],
  ["ENOTCONN", 107, 57],
  ["ETIMEDOUT", 110, 60],
  ["ECONNREFUSED", 111, 61],
  ["EHOSTUNREACH", 113, 65],
  ["EALREADY", 114, 37],
  ["EINPROGRESS", 115, 36],
];

/** Files of the C library: glibc's soname, musl's in Alpine (its ldso, by the name of the architecture), macOS's umbrella library. */
export const LIBRARIES: readonly (readonly [platform: string, arch: string, names: readonly string[]])[] = [
  ["linux", "x64", ["libc.so.6", "libc.musl-x86_64.so.1", "libc.so"]],
  ["linux", "arm64", ["libc.so.6", "libc.musl-aarch64.so.1", "libc.so"]],
  ["darwin", "x64", ["libSystem.B.dylib", "/usr/lib/libSystem.B.dylib"]],
  ["darwin", "arm64", ["libSystem.B.dylib", "/usr/lib/libSystem.B.dylib"]],
];

/** Files of OpenSSL 3: its soname, which Debian, Fedora and Alpine share, and Homebrew's folders on either kind of Mac. */
export const OPENSSL_LIBRARIES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  linux: [
    ["libssl.so.3", "libcrypto.so.3"],
    ["libssl.so", "libcrypto.so"],
  ],
  darwin: [
    ["/opt/homebrew/opt/openssl@3/lib/libssl.3.dylib", "/opt/homebrew/opt/openssl@3/lib/libcrypto.3.dylib"],
    ["/usr/local/opt/openssl@3/lib/libssl.3.dylib", "/usr/local/opt/openssl@3/lib/libcrypto.3.dylib"],
  ],
};

/** Size of a structure and the byte at which each field begins. */
export interface Layout {
  readonly size: number;
  readonly fields: Readonly<Record<string, number>>;
}

/** linux/eventpoll.h: EPOLL_PACKED is defined for `__x86_64__` alone; musl's sys/epoll.h says the same. */
export const EPOLL_EVENT: Readonly<Record<string, Layout>> = {
  x64: { size: 12, fields: { events: 0, data: 4 } },
  arm64: { size: 16, fields: { events: 0, data: 8 } },
};

/** asm-generic/poll.h; sys/poll.h of xnu. */
export const POLLFD: Layout = { size: 8, fields: { fd: 0, events: 4, revents: 6 } };

/** linux/uio.h: a pointer and a `__kernel_size_t`. */
export const IOVEC: Layout = { size: 16, fields: { base: 0, length: 8 } };

/** bits/socket.h of glibc (`size_t` lengths) and arch/x86_64, aarch64/bits/socket.h of musl (`int` and padding). */
export const MSGHDR: Layout = {
  size: 56,
  fields: { name: 0, nameLength: 8, vectors: 16, vectorCount: 24, control: 32, controlLength: 40, flags: 48 },
};

/** bits/socket.h of either, then struct __kernel_timespec of linux/time_types.h: two numbers of 64 bits. */
export const CMSGHDR_AND_TIMESPEC: Layout = {
  size: 32,
  fields: { length: 0, level: 8, type: 12, seconds: 16, nanoseconds: 24 },
};

/** linux/in.h and linux/in6.h; netinet/in.h of xnu, where the first byte is the length and the second the family. */
export const SOCKADDR_IN: Layout = { size: 16, fields: { family: 0, port: 2, address: 4, zeros: 8 } };
export const SOCKADDR_IN6: Layout = { size: 28, fields: { family: 0, port: 2, flow: 4, address: 8, scope: 24 } };

/** struct tcp_info of linux/tcp.h: of each field that is read its byte and its bytes. */
export const TCP_INFO: readonly (readonly [property: string, field: string, at: number, bytes: 1 | 4 | 8])[] = [
  ["retransmits", "tcpi_retransmits", 2, 1],
  ["retransmitTimeout", "tcpi_rto", 8, 4],
  ["sendMss", "tcpi_snd_mss", 16, 4],
  ["recvMss", "tcpi_rcv_mss", 20, 4],
  ["unackedSegments", "tcpi_unacked", 24, 4],
  ["lostSegments", "tcpi_lost", 32, 4],
  ["lastDataReceived", "tcpi_last_data_recv", 52, 4],
  ["pathMtu", "tcpi_pmtu", 60, 4],
  ["rtt", "tcpi_rtt", 68, 4],
  ["rttVar", "tcpi_rttvar", 72, 4],
  ["congestionWindow", "tcpi_snd_cwnd", 80, 4],
  ["totalRetransmits", "tcpi_total_retrans", 100, 4],
  ["bytesAcked", "tcpi_bytes_acked", 120, 8],
  ["bytesReceived", "tcpi_bytes_received", 128, 8],
  ["notSentBytes", "tcpi_notsent_bytes", 144, 4],
  ["minRtt", "tcpi_min_rtt", 148, 4],
];

/** struct tcp_connection_info of netinet/tcp.h of xnu, likewise; the factor is from its unit to ours. */
export const TCP_CONNECTION_INFO: readonly (readonly [
  property: string,
  field: string,
  at: number,
  bytes: 4 | 8,
  factor: number,
])[] = [
  ["retransmitTimeout", "tcpi_rto, ms", 12, 4, 1000],
  ["sendMss", "tcpi_maxseg", 16, 4, 1],
  ["rtt", "tcpi_srtt, ms", 44, 4, 1000],
  ["rttVar", "tcpi_rttvar, ms", 48, 4, 1000],
  ["bytesReceived", "tcpi_rxbytes", 88, 8, 1],
  ["totalRetransmits", "tcpi_txretransmitpackets", 104, 8, 1],
];
