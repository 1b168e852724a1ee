import { expect, test } from "bun:test";
import { NexusError } from "../../src/codec/errors.ts";
import {
  AbortedError,
  ConnectError,
  errnoOf,
  osCodeOf,
  SocketOptionError,
  TlsConfigError,
  TransportError,
  transportErrorFrom,
} from "../../src/socket/errors.ts";

test.each([
  ["ECONNRESET", "CONNECTION_RESET"],
  ["EPIPE", "CONNECTION_RESET"],
  ["ECONNABORTED", "CONNECTION_RESET"],
  ["ETIMEDOUT", "CONNECTION_TIMED_OUT"],
  ["EHOSTUNREACH", "CONNECTION_TIMED_OUT"],
  ["EIO", "CONNECTION_LOST"],
])("%s on an open connection is %s", (osCode, code) => {
  const cause = Object.assign(new Error("read"), { code: osCode, errno: -104 });
  const error = transportErrorFrom(cause);
  expect(error).toMatchObject({ code, osCode, errno: 104, cause, name: "TransportError" });
  expect(error.message).toStartWith("Cannot go on: ");
  expect(error.message).toEndWith(`(${osCode})`);
});

test("an error without a code is still told, one of ours stays as it is", () => {
  expect(transportErrorFrom(new Error("odd"))).toMatchObject({ code: "CONNECTION_LOST", osCode: null, errno: null });
  const ours = new TransportError("CONNECTION_TLS_FAULT", "Cannot go on: a fault");
  expect(transportErrorFrom(ours)).toBe(ours);
});

test("what is not known about a failure is null", () => {
  const error = new ConnectError("CONNECT_FAILED", "Cannot connect", { phase: "tcp" });
  expect(error).toMatchObject({ address: null, errno: null, osCode: null, reason: null, errors: [] });
  expect("cause" in error).toBe(false);
});

test("all are NexusErrors, by name and code", () => {
  const reason = new Error("stop");
  const errors = [
    new ConnectError("CONNECT_REFUSED", "", { phase: "tcp" }),
    new AbortedError("", "tls", reason),
    new TransportError("CONNECTION_LOST", ""),
    new SocketOptionError("SOCKET_OPTION_REFUSED", "", "priority", 1, "EPERM"),
    new TlsConfigError("TLS_BAD_KEY", "key", ""),
  ];
  expect(errors.every((error) => error instanceof NexusError)).toBe(true);
  expect(errors.map(({ name, code }) => `${name} ${code}`)).toEqual([
    "ConnectError CONNECT_REFUSED",
    "AbortedError ABORTED",
    "TransportError CONNECTION_LOST",
    "SocketOptionError SOCKET_OPTION_REFUSED",
    "TlsConfigError TLS_BAD_KEY",
  ]);
  expect(errors[1]?.cause).toBe(reason);
});

test("a system error's code and number, where it has them", () => {
  expect([osCodeOf({ code: "EPERM" }), osCodeOf({ code: 7 }), osCodeOf("EPERM"), osCodeOf(null)]).toEqual([
    "EPERM",
    null,
    null,
    null,
  ]);
  expect([errnoOf({ errno: -111 }), errnoOf({ errno: 0 }), errnoOf({}), errnoOf(undefined)]).toEqual([
    111,
    null,
    null,
    null,
  ]);
});
