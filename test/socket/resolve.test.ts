import { expect, test } from "bun:test";
import type { IpAddress } from "../../src/socket/address.ts";
import { ConnectError } from "../../src/socket/errors.ts";
import { addressesOf, interleave, resolveBySystem } from "../../src/socket/resolve.ts";
import { rejection } from "./support.ts";

const v4 = (address: string): IpAddress => ({ address, family: 4 });
const v6 = (address: string): IpAddress => ({ address, family: 6 });

test("families take turns, the resolver's first choice first", () => {
  expect(interleave([v6("::1"), v6("::2"), v6("::3"), v4("1.1.1.1"), v4("2.2.2.2")]).map((ip) => ip.address)).toEqual([
    "::1",
    "1.1.1.1",
    "::2",
    "2.2.2.2",
    "::3",
  ]);
  expect(interleave([v4("1.1.1.1"), v6("::1"), v4("2.2.2.2")]).map((ip) => ip.address)).toEqual([
    "1.1.1.1",
    "::1",
    "2.2.2.2",
  ]);
  expect(interleave([v4("1.1.1.1"), v4("1.1.1.1")])).toEqual([v4("1.1.1.1")]);
  expect(interleave([])).toEqual([]);
});

test("the system's resolver knows localhost", async () => {
  const addresses = await resolveBySystem("localhost");
  expect(addresses.every(({ address }) => address === "127.0.0.1" || address === "::1")).toBe(true);
  expect(addresses.length).toBeGreaterThan(0);
});

test("a name that does not exist is a ConnectError of phase dns", async () => {
  const error = await rejection(addressesOf("no-such-name.invalid", resolveBySystem), ConnectError);
  expect(error).toMatchObject({ code: "CONNECT_DNS_FAILED", phase: "dns", address: null });
  expect(error.message).toStartWith("Cannot resolve no-such-name.invalid: ");
  expect(error.osCode).toMatch(/^E/);
  expect(error.cause).toBeInstanceOf(Error);
});

test("so is a name without addresses, and a resolver that throws what is no error", async () => {
  const empty = await rejection(
    addressesOf("nothing.example", async () => []),
    ConnectError,
  );
  expect(empty.message).toBe("Cannot resolve nothing.example: it has no address");
  const odd = await rejection(
    addressesOf("odd.example", () => Promise.reject("no")),
    ConnectError,
  );
  expect(odd).toMatchObject({ code: "CONNECT_DNS_FAILED", message: "Cannot resolve odd.example: no", osCode: null });
});
