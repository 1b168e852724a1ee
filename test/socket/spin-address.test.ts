import { expect, test } from "bun:test";
import { libc } from "../../src/ffi/libc.ts";
import { readAddress } from "../../src/socket/spin-address.ts";
import { addressBytesOf } from "./spin-support.ts";

const library = libc();
if (library === null) throw new Error("this platform has no libc that is known here");

test("addresses come out as they went in, IPv6 ones in their short form", () => {
  const cases: [given: string, family: 4 | 6, shown?: string][] = [
    ["127.0.0.1", 4],
    ["203.0.113.255", 4],
    ["::1", 6],
    ["::", 6],
    ["2001:db8::7", 6],
    ["2001:db8:0:1:1:1:1:1", 6],
    ["2001:0:0:1:0:0:0:1", 6, "2001:0:0:1::1"],
    ["fe80:1:2:3:4:5:6:7", 6],
    ["1::", 6],
  ];
  for (const [given, family, shown = given] of cases) {
    const bytes = addressBytesOf(given, family, 4711);
    expect(readAddress(library, bytes, bytes.length)).toEqual({ address: shown, port: 4711 });
  }
});

test("what is no address of TCP is empty", () => {
  expect(readAddress(library, new Uint8Array(28), 28)).toEqual({ address: "", port: 0 });
  expect(readAddress(library, new Uint8Array(28), -107)).toEqual({ address: "", port: 0 });
});
