import { expect, test } from "bun:test";
import { constants } from "node:os";
import { DARWIN, errorName, LINUX, type PlatformConstants, platformConstants } from "../../src/ffi/constants.ts";

// As the headers have them: linux/asm-generic (socket.h, tcp.h, mman.h), and xnu's (sys/socket.h, netinet/tcp.h, sys/mman.h).
const TABLE: readonly (readonly [name: keyof PlatformConstants, linux: unknown, darwin: unknown])[] = [
  ["AF_INET", 2, 2],
  ["AF_INET6", 10, 30],
  ["SOCK_STREAM", 1, 1],
  ["SOCK_NONBLOCK", 2048, null],
  ["SOCK_CLOEXEC", 524288, null],
  ["O_NONBLOCK", 2048, 4],
  ["SOL_SOCKET", 1, 65535],
  ["IPPROTO_TCP", 6, 6],
  ["IPPROTO_IPV6", 41, 41],
  ["SO_ERROR", 4, 4103],
  ["SO_KEEPALIVE", 9, 8],
  ["SO_SNDBUF", 7, 4097],
  ["SO_RCVBUF", 8, 4098],
  ["SO_PRIORITY", 12, null],
  ["SO_BUSY_POLL", 46, null],
  ["SO_INCOMING_CPU", 49, null],
  ["IP_TOS", 1, 3],
  ["IPV6_TCLASS", 67, 36],
  ["TCP_NODELAY", 1, 1],
  ["TCP_KEEPIDLE", 4, 16],
  ["TCP_KEEPINTVL", 5, 257],
  ["TCP_KEEPCNT", 6, 258],
  ["TCP_QUICKACK", 12, null],
  ["TCP_USER_TIMEOUT", 18, null],
  ["TCP_NOTSENT_LOWAT", 25, 513],
  ["TCP_INFO", 11, 262],
  ["SC_PAGESIZE", 30, 29],
  ["MAP_FIXED", 16, 16],
  ["MAP_ANONYMOUS", 32, 4096],
  ["MAP_NORESERVE", 16384, 64],
  ["MFD_CLOEXEC", 1, null],
  ["EINPROGRESS", 115, 36],
];

test.each(TABLE)("%s is what the headers say", (name, linux, darwin) => {
  expect(LINUX[name]).toEqual(linux as never);
  expect(DARWIN[name]).toEqual(darwin as never);
});

test("the names of error numbers agree with the system's own list", () => {
  const known = platformConstants();
  expect(known).not.toBeNull();
  const system = new Map(Object.entries(constants.errno).map(([name, number]) => [name, number]));
  for (const [number, name] of Object.entries(known?.errors ?? {}))
    expect([name, system.get(name)]).toEqual([name, Number(number)]);
});

test("an error number without a name is still told apart", () => {
  expect(errorName(111, LINUX)).toBe("ECONNREFUSED");
  expect(errorName(61, DARWIN)).toBe("ECONNREFUSED");
  expect(errorName(4711)).toBe("E4711");
});

test("platforms whose numbers are not known have none", () => {
  expect(platformConstants("linux", "arm64")).toBe(LINUX);
  expect(platformConstants("darwin", "arm64")).toBe(DARWIN);
  expect(platformConstants("win32", "x64")).toBeNull();
  expect(platformConstants("linux", "ia32")).toBeNull();
});
