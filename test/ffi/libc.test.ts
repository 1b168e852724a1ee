import { expect, test } from "bun:test";
import { closeSync, fstatSync } from "node:fs";
import { type Libc, libc } from "../../src/ffi/libc.ts";

function library(): Libc {
  const opened = libc();
  if (opened === null) throw new Error("libc does not open on this platform");
  return opened;
}

function loopback(port: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint16(0, library().constants.AF_INET, true);
  view.setUint16(2, port);
  view.setUint32(4, 0x7f000001);
  return new Uint8Array(view.buffer);
}

test("libc is opened once", () => {
  expect(libc()).toBe(library());
});

test("a failed call returns its error number negated", () => {
  const { EINPROGRESS } = library().constants;
  expect(library().close(-1)).toBe(-9);
  expect(library().option(-1, 1, 4)).toBe(-9);
  expect(library().openSocket(4711)).toBe(-97);
  const fd = library().openSocket(library().constants.AF_INET);
  expect(library().peerAddress(fd, new Uint8Array(28))).toBe(-107);
  expect([-EINPROGRESS, -111]).toContain(library().connect(fd, loopback(1)));
  expect(library().close(fd)).toBe(0);
  expect(library().close(fd)).toBe(-9);
});

test("a socket is non-blocking, bound where it is told, and its options are read back", () => {
  const { AF_INET, IPPROTO_TCP, TCP_NODELAY, SOL_SOCKET, SO_RCVBUF } = library().constants;
  const fd = library().openSocket(AF_INET);
  try {
    expect(library().bind(fd, loopback(0))).toBe(0);
    const address = new Uint8Array(28);
    expect(library().localAddress(fd, address)).toBe(16);
    expect([...address.subarray(4, 8)]).toEqual([127, 0, 0, 1]);
    expect(library().option(fd, IPPROTO_TCP, TCP_NODELAY)).toBe(0);
    expect(library().setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1)).toBe(0);
    expect(library().option(fd, IPPROTO_TCP, TCP_NODELAY)).toBe(1);
    expect(library().setOption(fd, SOL_SOCKET, SO_RCVBUF, 50_000)).toBe(0);
    expect(library().option(fd, SOL_SOCKET, SO_RCVBUF)).toBe(100_000);
  } finally {
    library().close(fd);
  }
});

test("an option's structure is written into the bytes given", () => {
  const { AF_INET, IPPROTO_TCP, TCP_INFO } = library().constants;
  const fd = library().openSocket(AF_INET);
  const bytes = new Uint8Array(new ArrayBuffer(256));
  expect(library().optionBytes(fd, IPPROTO_TCP, TCP_INFO ?? 0, bytes)).toBeGreaterThanOrEqual(104);
  expect(bytes[0]).toBe(7);
  library().close(fd);
});

test("interfaces have an index by name", () => {
  expect(library().interfaceIndex("lo")).toBe(1);
  expect(library().interfaceIndex("no-such-interface")).toBe(0);
});

test("a memory file has the length asked for", () => {
  const fd = library().createMemoryFile("test", 8192);
  expect(fstatSync(fd).size).toBe(8192);
  closeSync(fd);
});

test("a mapping that cannot be is an error number, not an address", () => {
  const { PROT_READ, MAP_PRIVATE } = library().constants;
  expect(library().map(0, 4096, PROT_READ, MAP_PRIVATE, -1)).toBe(-9);
  expect(library().unmap(1, 4096)).toBe(-22);
});
