import { expect, test } from "bun:test";
import { libc } from "../../src/ffi/libc.ts";
import { endpoint, type IpAddress, ipLiteral, socketAddress } from "../../src/socket/address.ts";

function layOut(address: string, family: 4 | 6, port: number): number[] {
  const library = libc();
  if (library === null) throw new Error("libc does not open on this platform");
  const ip: IpAddress = { address, family };
  return [...socketAddress(library, ip, port)];
}

test.each([
  ["127.0.0.1", { address: "127.0.0.1", family: 4 }],
  ["::1", { address: "::1", family: 6 }],
  ["[::1]", { address: "::1", family: 6 }],
  ["[2001:db8::1]", { address: "2001:db8::1", family: 6 }],
  ["localhost", null],
  ["256.0.0.1", null],
  ["1.2.3", null],
  ["[127.0.0.1", null],
  ["", null],
] as const)("%p as an IP literal", (text, expected) => {
  expect(ipLiteral(text)).toEqual(expected);
});

test("an endpoint puts IPv6 in brackets", () => {
  expect(endpoint("192.0.2.1", 443)).toBe("192.0.2.1:443");
  expect(endpoint("2001:db8::1", 443)).toBe("[2001:db8::1]:443");
  expect(endpoint("exchange.example", 443)).toBe("exchange.example:443");
});

test("an IPv4 address as the kernel wants it", () => {
  expect(layOut("203.0.113.7", 4, 0x1234)).toEqual([2, 0, 0x12, 0x34, 203, 0, 113, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test.each([
  ["::", [0, 0, 0, 0, 0, 0, 0, 0]],
  ["::1", [0, 0, 0, 0, 0, 0, 0, 1]],
  ["2001:db8::", [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0]],
  ["2001:db8::8:800:200c:417a", [0x2001, 0xdb8, 0, 0, 8, 0x800, 0x200c, 0x417a]],
  ["1:2:3:4:5:6:7:8", [1, 2, 3, 4, 5, 6, 7, 8]],
  ["::ffff:192.0.2.128", [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x280]],
] as const)("%s as the kernel wants it", (address, groups) => {
  const bytes = layOut(address, 6, 443);
  expect(bytes.slice(0, 8)).toEqual([10, 0, 1, 187, 0, 0, 0, 0]);
  expect(bytes.slice(8, 24)).toEqual(groups.flatMap((group) => [group >> 8, group & 255]));
  expect(bytes.slice(24)).toEqual([0, 0, 0, 0]);
});

test("the zone of a link-local address is an interface, by number or by name", () => {
  expect(layOut("fe80::1%3", 6, 1).slice(24)).toEqual([3, 0, 0, 0]);
  expect(layOut("fe80::1%lo", 6, 1).slice(24)).toEqual([1, 0, 0, 0]);
});
