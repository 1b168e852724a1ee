/** Structures and file names of platforms that this machine is not, against `platform-table.ts`. */
import { expect, test } from "bun:test";
import { endianness } from "node:os";
import { DARWIN, LINUX } from "../../src/ffi/constants.ts";
import { LIBRARY_NAMES, type Libc, libraryNames } from "../../src/ffi/libc.ts";
import { OPENSSL_NAMES, openSslNames } from "../../src/ffi/openssl.ts";
import { addressOf } from "../../src/ffi/spin-calls.ts";
import { EPOLL_CTL_ADD, EPOLLIN, epollEventLayout } from "../../src/ffi/spin-epoll.ts";
import { MESSAGE, STAMP, VECTOR } from "../../src/ffi/spin-stamps.ts";
import { socketAddress } from "../../src/socket/address.ts";
import { parseTcpInfo } from "../../src/socket/socket-info.ts";
import {
  CMSGHDR_AND_TIMESPEC,
  EPOLL_EVENT,
  IOVEC,
  LIBRARIES,
  MSGHDR,
  OPENSSL_LIBRARIES,
  POLLFD,
  SOCKADDR_IN,
  SOCKADDR_IN6,
  TCP_CONNECTION_INFO,
  TCP_INFO,
} from "./platform-table.ts";

test.each(LIBRARIES)("the C library of %s on %s", (platform, arch, names) => {
  expect(libraryNames(platform, arch)).toEqual(names);
});

test.each(Object.entries(OPENSSL_LIBRARIES))("OpenSSL of %s", (platform, names) => {
  expect(openSslNames(platform)).toEqual(names);
});

test("here the names are those of this machine", () => {
  expect(LIBRARY_NAMES).toEqual(libraryNames(process.platform, process.arch));
  expect(OPENSSL_NAMES).toEqual(openSslNames(process.platform));
});

test.each(Object.entries(EPOLL_EVENT))("struct epoll_event on %s", (arch, { size, fields }) => {
  const { words, data } = epollEventLayout(arch);
  expect({ size: words * 4, data: data * 4 }).toEqual({ size, data: fields["data"] ?? Number.NaN });
});

test("the numbers of epoll: sys/epoll.h", () => {
  expect([EPOLLIN, EPOLL_CTL_ADD]).toEqual([1, 1]);
});

test("struct iovec, struct msghdr, and struct timespec behind a struct cmsghdr", () => {
  expect(VECTOR).toEqual({ size: IOVEC.size, ...pick(IOVEC.fields, ["base", "length"]) } as typeof VECTOR);
  expect(MESSAGE).toEqual({
    size: MSGHDR.size,
    ...pick(MSGHDR.fields, ["vectors", "vectorCount", "control", "controlLength"]),
  } as typeof MESSAGE);
  expect(STAMP).toEqual(pick(CMSGHDR_AND_TIMESPEC.fields, ["seconds", "nanoseconds"]) as typeof STAMP);
});

test("struct pollfd as two words: the descriptor, then what is wanted below what came", () => {
  const view = new DataView(new ArrayBuffer(POLLFD.size));
  view.setInt32(POLLFD.fields["fd"] ?? -1, 17, true);
  view.setInt16(POLLFD.fields["events"] ?? -1, 5, true);
  view.setInt16(POLLFD.fields["revents"] ?? -1, 0x10, true);
  expect([...new Int32Array(view.buffer)]).toEqual([17, 5 | (0x10 << 16)]);
});

test("the machine is little-endian, as all that Bun runs on are, and lays what is handed to C at multiples of eight", () => {
  expect(endianness()).toBe("LE");
  for (const size of [4, 8, 16, 28, 56, 64, 128, 4096]) {
    expect([size, addressOf(new Uint8Array(new ArrayBuffer(size))) % 8]).toEqual([size, 0]);
  }
});

for (const [platform, constants, first] of [
  ["Linux", LINUX, (family: number, _size: number) => [family, 0]],
  ["macOS", DARWIN, (family: number, size: number) => [size, family]],
] as const) {
  const library = { constants, interfaceIndex: () => 9 } as unknown as Libc;

  test(`struct sockaddr_in on ${platform}`, () => {
    const bytes = socketAddress(library, { address: "203.0.113.7", family: 4 }, 0x1234);
    const { size, fields } = SOCKADDR_IN;
    const expected = new Uint8Array(size);
    expected.set(first(2, size), fields["family"]);
    expected.set([0x12, 0x34], fields["port"]);
    expected.set([203, 0, 113, 7], fields["address"]);
    expect(bytes).toEqual(expected);
  });

  test(`struct sockaddr_in6 on ${platform}`, () => {
    const bytes = socketAddress(library, { address: "fe80::1:2%eth0", family: 6 }, 0x1234);
    const { size, fields } = SOCKADDR_IN6;
    const expected = new Uint8Array(size);
    expected.set(first(platform === "Linux" ? 10 : 30, size), fields["family"]);
    expected.set([0x12, 0x34], fields["port"]);
    expected.set([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2], fields["address"]);
    expected.set([9, 0, 0, 0], fields["scope"]);
    expect(bytes).toEqual(expected);
  });
}

test("struct tcp_info: each property is read where its field lies", () => {
  const bytes = new Uint8Array(232);
  const view = new DataView(bytes.buffer);
  const expected: Record<string, number> = {};
  for (const [index, [property, , at, width]] of TCP_INFO.entries()) {
    expected[property] = 100 + index;
    if (width === 1) view.setUint8(at, 100 + index);
    else if (width === 4) view.setUint32(at, 100 + index, true);
    else view.setBigUint64(at, BigInt(100 + index), true);
  }
  view.setUint8(0, 1);
  expect(parseTcpInfo(bytes, "linux")).toEqual({ state: "established", ...expected } as never);
});

test("struct tcp_connection_info of macOS: each property is read where its field lies, in our unit", () => {
  const bytes = new Uint8Array(112);
  const view = new DataView(bytes.buffer);
  const expected: Record<string, number> = {};
  for (const [index, [property, , at, width, factor]] of TCP_CONNECTION_INFO.entries()) {
    expected[property] = (100 + index) * factor;
    if (width === 4) view.setUint32(at, 100 + index, true);
    else view.setBigUint64(at, BigInt(100 + index), true);
  }
  view.setUint8(0, 4);
  // The congestion window, tcpi_snd_cwnd at 24, is in bytes there: three segments.
  view.setUint32(24, 3 * (expected["sendMss"] ?? 0), true);
  // tcpi_snd_sbbytes at 32 counts what is in flight as well, which is not what has not left.
  view.setUint32(32, 77, true);
  expect(parseTcpInfo(bytes, "darwin")).toEqual({
    state: "established",
    congestionWindow: 3,
    retransmits: null,
    recvMss: null,
    unackedSegments: null,
    lostSegments: null,
    lastDataReceived: null,
    pathMtu: null,
    bytesAcked: null,
    minRtt: null,
    notSentBytes: null,
    ...expected,
  } as never);
});

function pick(fields: Readonly<Record<string, number>>, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, fields[name] ?? Number.NaN]));
}
