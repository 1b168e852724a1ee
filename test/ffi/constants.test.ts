import { describe, expect, test } from "bun:test";
import { constants } from "node:os";
import { DARWIN, errorName, LINUX, platformConstants } from "../../src/ffi/constants.ts";
import { DARWIN_SPIN, LINUX_SPIN } from "../../src/ffi/spin-constants.ts";
import { CONSTANTS, ERRORS, SPIN_CONSTANTS } from "./platform-table.ts";

/** Not numbers of a header. */
const NO_NUMBERS = ["ADDRESS_HAS_LENGTH", "errors"];

describe.each([
  ["constants", CONSTANTS, { linux: LINUX, darwin: DARWIN }],
  ["constants of a thread that spins", SPIN_CONSTANTS, { linux: LINUX_SPIN, darwin: DARWIN_SPIN }],
] as const)("%s", (_, rows, { linux, darwin }) => {
  test.each(rows)("%s is what the headers say", (name, onLinux, onDarwin) => {
    expect(Object.entries(linux)).toContainEqual([name, onLinux]);
    expect(Object.entries(darwin)).toContainEqual([name, onDarwin]);
  });

  test("each has a line with its headers", () => {
    const named = rows.map(([name]) => name).sort();
    for (const numbers of [linux, darwin]) {
      const names = Object.keys(numbers).filter((name) => !NO_NUMBERS.includes(name));
      expect(names.sort()).toEqual(named);
    }
    for (const [name, , onDarwin, linuxHeader, darwinHeader] of rows) {
      expect([name, linuxHeader]).toEqual([name, expect.stringMatching(/\w\.h\b/)]);
      expect([name, darwinHeader === null]).toEqual([name, onDarwin === null]);
    }
  });
});

test("the flags of socket() are those of open(), which arm64 does not change", () => {
  expect(LINUX.SOCK_NONBLOCK).toBe(LINUX.O_NONBLOCK);
  expect(LINUX.SOCK_CLOEXEC).toBe(0o2000000);
});

test("only Darwin's addresses begin with their length", () => {
  expect([LINUX.ADDRESS_HAS_LENGTH, DARWIN.ADDRESS_HAS_LENGTH]).toEqual([false, true]);
});

test("every error number has the name of its header", () => {
  const linux = ERRORS.map(([name, number]) => [number, name] as const);
  const darwin = ERRORS.map(([name, , number]) => [number, name] as const);
  expect(LINUX.errors).toEqual(Object.fromEntries(linux));
  expect(DARWIN.errors).toEqual(Object.fromEntries(darwin));
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
  for (const arch of ["x64", "arm64"]) {
    expect(platformConstants("linux", arch)).toBe(LINUX);
    expect(platformConstants("darwin", arch)).toBe(DARWIN);
  }
  expect(platformConstants("win32", "x64")).toBeNull();
  for (const arch of ["ia32", "arm", "s390x", "ppc64", "riscv64"]) expect(platformConstants("linux", arch)).toBeNull();
});
