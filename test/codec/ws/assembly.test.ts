import { expect, test } from "bun:test";
import { Assembly } from "../../../src/codec/ws/assembly.ts";
import { hexOf, pattern } from "../../helpers/bytes.ts";

test("puts pieces together in order", () => {
  const assembly = new Assembly(1 << 16);
  const source = pattern(20_000);
  for (let pos = 0; pos < source.length; ) {
    const end = Math.min(source.length, pos + 1 + (pos % 977));
    assembly.append(source, pos, end);
    pos = end;
    expect(assembly.length).toBe(pos);
  }
  expect(hexOf(assembly.bytes.subarray(0, assembly.length))).toBe(hexOf(source));
});

test("an empty piece adds nothing", () => {
  const assembly = new Assembly(64);
  assembly.append(pattern(4), 2, 2);
  expect([assembly.length, assembly.bytes.length]).toEqual([0, 0]);
});

test("grows with what arrives: to less than twice as much", () => {
  const assembly = new Assembly(1 << 16);
  const piece = pattern(1000);
  for (let count = 0; count < 100; count++) {
    assembly.append(piece, 0, 1000);
    expect(assembly.bytes.length).toBeLessThanOrEqual(Math.max(2 * assembly.length + 8, 4096));
  }
});

test("after clear it begins anew in the memory it has, where that is not over what it may keep", () => {
  const assembly = new Assembly(8192);
  assembly.append(pattern(8192), 0, 8192);
  const { bytes } = assembly;
  assembly.clear();
  assembly.append(pattern(3), 0, 3);
  expect(assembly.bytes).toBe(bytes);
  expect(hexOf(assembly.bytes.subarray(0, assembly.length))).toBe(hexOf(pattern(3)));
});

test("after clear it gives back more than it may keep", () => {
  const assembly = new Assembly(8192);
  assembly.append(pattern(8200), 0, 8200);
  const lent = assembly.bytes.subarray(0, 8200);
  assembly.clear();
  expect([assembly.length, assembly.bytes.length]).toEqual([0, 0]);
  expect(hexOf(lent)).toBe(hexOf(pattern(8200)));
});

test("after one that it could not keep it begins the next with as much, and with half as much once that does", () => {
  const assembly = new Assembly(8192);
  const begin = (length: number): number => {
    assembly.clear();
    assembly.append(pattern(1), 0, 1);
    const { length: size } = assembly.bytes;
    assembly.append(pattern(length - 1), 0, length - 1);
    return size;
  };
  expect([20_000, 20_000, 15_000, 3000, 3000, 3000, 200_000, 3000].map(begin)).toEqual([
    4096, 20_000, 20_000, 20_000, 10_000, 5000, 5000, 65_536,
  ]);
});
