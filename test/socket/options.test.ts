import { expect, test } from "bun:test";
import { UsageError } from "../../src/codec/errors.ts";
import { DARWIN, LINUX } from "../../src/ffi/constants.ts";
import { type Libc, libc } from "../../src/ffi/libc.ts";
import { SocketOptionError } from "../../src/socket/errors.ts";
import {
  applySocketOptions,
  checkSocketOptions,
  firstOption,
  needsDescriptor,
  SETTINGS,
  type SocketOptions,
} from "../../src/socket/options.ts";

test("without options Nagle is off and nothing else is touched", () => {
  const { noDelay, ...others } = checkSocketOptions();
  expect(noDelay).toBe(true);
  expect(Object.values(others).every((value) => value === null)).toBe(true);
  expect(needsDescriptor(checkSocketOptions())).toBe(false);
  expect(needsDescriptor(checkSocketOptions({ noDelay: true }))).toBe(false);
});

test("keepAlive is a switch, or a switch with a clock", () => {
  expect(checkSocketOptions({ keepAlive: true })).toMatchObject({ keepAlive: true, keepAliveIdle: null });
  expect(checkSocketOptions({ keepAlive: false })).toMatchObject({ keepAlive: false, keepAliveIdle: null });
  expect(checkSocketOptions({ keepAlive: { idle: 10, interval: 5, count: 3 } })).toMatchObject({
    keepAlive: true,
    keepAliveIdle: 10,
    keepAliveInterval: 5,
    keepAliveCount: 3,
  });
});

const BAD: readonly [name: string, options: unknown, expected: string][] = [
  ["noDelay", { noDelay: 1 }, "1 where it must be a boolean"],
  ["keepAlive", { keepAlive: 10 }, "10 where it must be a boolean or { idle, interval, count }"],
  ["keepAlive.idle", { keepAlive: { idle: 0 } }, "0 where it must be an integer from 1 to 32767"],
  ["keepAlive.interval", { keepAlive: { interval: 1.5 } }, "1.5 where it must be an integer from 1 to 32767"],
  ["keepAlive.count", { keepAlive: { count: 128 } }, "128 where it must be an integer from 1 to 127"],
  ["recvBufferSize", { recvBufferSize: 0 }, "0 where it must be an integer from 1 to 1073741823"],
  ["sendBufferSize", { sendBufferSize: 2 ** 31 }, "2147483648 where it must be an integer from 1 to 1073741823"],
  ["quickAck", { quickAck: "yes" }, "yes where it must be a boolean"],
  ["busyPoll", { busyPoll: -1 }, "-1 where it must be an integer from 0 to 2147483647"],
  ["userTimeout", { userTimeout: Number.NaN }, "NaN where it must be an integer from 0 to 2147483647"],
  ["notSentLowAt", { notSentLowAt: 0 }, "0 where it must be an integer from 1 to 2147483647"],
  ["priority", { priority: null }, "null where it must be an integer from 0 to 2147483647"],
  ["typeOfService", { typeOfService: 256 }, "256 where it must be an integer from 0 to 255"],
  ["incomingCpu", { incomingCpu: "0" }, "0 where it must be an integer from 0 to 2147483647"],
  ["localAddress", { localAddress: "localhost" }, "localhost where it must be an IP address"],
];

test.each(BAD)("%s out of its range is a UsageError", (name, options, expected) => {
  let thrown: unknown;
  try {
    checkSocketOptions(options as SocketOptions);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(UsageError);
  expect(thrown).toMatchObject({
    code: "SOCKET_OPTION_INVALID",
    message: `Cannot use socket option ${name}: ${expected}`,
  });
});

function library(): Libc {
  const opened = libc();
  if (opened === null) throw new Error("libc does not open on this platform");
  return opened;
}

function withSocket(family: 4 | 6, use: (fd: number) => void): void {
  const { AF_INET, AF_INET6 } = library().constants;
  const fd = library().openSocket(family === 4 ? AF_INET : AF_INET6);
  try {
    use(fd);
  } finally {
    library().close(fd);
  }
}

test("what is applied is what the kernel then reports", () => {
  const options: SocketOptions = {
    noDelay: true,
    keepAlive: { idle: 10, interval: 5, count: 3 },
    sendBufferSize: 50_000,
    userTimeout: 7000,
    notSentLowAt: 16_384,
    priority: 4,
    incomingCpu: 0,
  };
  withSocket(4, (fd) => {
    applySocketOptions(library(), fd, 4, checkSocketOptions({ ...options, typeOfService: 0x10 }));
    const read = (level: number, option: number | null): number => library().option(fd, level, option ?? -1);
    const { SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, ...names } = library().constants;
    expect(read(IPPROTO_TCP, names.TCP_NODELAY)).toBe(1);
    expect(read(SOL_SOCKET, names.SO_KEEPALIVE)).toBe(1);
    expect(read(IPPROTO_TCP, names.TCP_KEEPIDLE)).toBe(10);
    expect(read(IPPROTO_TCP, names.TCP_KEEPINTVL)).toBe(5);
    expect(read(IPPROTO_TCP, names.TCP_KEEPCNT)).toBe(3);
    expect(read(SOL_SOCKET, names.SO_SNDBUF)).toBe(100_000);
    expect(read(IPPROTO_TCP, names.TCP_USER_TIMEOUT)).toBe(7000);
    expect(read(IPPROTO_TCP, names.TCP_NOTSENT_LOWAT)).toBe(16_384);
    expect(read(SOL_SOCKET, names.SO_PRIORITY)).toBe(4);
    expect(read(SOL_SOCKET, names.SO_INCOMING_CPU)).toBe(0);
    expect(read(IPPROTO_IP, names.IP_TOS)).toBe(0x10);
  });
});

test("IPv6 has a traffic class where IPv4 has a type of service", () => {
  withSocket(6, (fd) => {
    applySocketOptions(library(), fd, 6, checkSocketOptions({ typeOfService: 0xb8 }));
    expect(library().option(fd, LINUX.IPPROTO_IPV6, LINUX.IPV6_TCLASS)).toBe(0xb8);
  });
});

test("an option that the kernel refuses is named, with the kernel's reason", () => {
  expect(() => applySocketOptions(library(), -1, 4, checkSocketOptions({ priority: 4 }))).toThrow(
    new SocketOptionError(
      "SOCKET_OPTION_REFUSED",
      "Cannot set socket option noDelay: the kernel refused true (EBADF)",
      "noDelay",
      9,
      "EBADF",
    ),
  );
});

test("an option that the platform lacks is named", () => {
  const elsewhere = { constants: DARWIN, setOption: () => 0 } as unknown as Libc;
  expect(() => applySocketOptions(elsewhere, 5, 4, checkSocketOptions({ quickAck: true }))).toThrow(
    expect.objectContaining({ code: "SOCKET_OPTION_UNSUPPORTED", option: "quickAck", errno: null }),
  );
});

test("every option asks for a descriptor of our own, and is the one to be named where there is none", () => {
  for (const { name } of SETTINGS) {
    const options = { ...checkSocketOptions(), [name]: name === "noDelay" ? false : 1 };
    expect([name, needsDescriptor(options), firstOption(options)]).toEqual([name, true, name]);
  }
  const bound = checkSocketOptions({ localAddress: "127.0.0.1" });
  expect([needsDescriptor(bound), firstOption(bound)]).toEqual([true, "localAddress"]);
});
