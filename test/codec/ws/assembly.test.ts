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

test("what it may not keep serves the next large message, of whichever connection", () => {
  const size = 1_500_000;
  const first = new Assembly(8192);
  first.append(pattern(size), 0, size);
  const { bytes: spare } = first;
  first.clear();

  const second = new Assembly(8192);
  second.append(pattern(5000), 0, 5000);
  expect(second.bytes).not.toBe(spare);
  second.append(pattern(5000), 0, 5000);
  expect(second.bytes).toBe(spare);
  expect(second.words.buffer).toBe(spare.buffer);
  expect(hexOf(second.bytes.subarray(0, second.length))).toBe(hexOf(pattern(5000)).repeat(2));
  // It is one connection's at a time.
  first.append(pattern(10_000), 0, 10_000);
  expect(first.bytes).not.toBe(spare);
  expect(hexOf(first.bytes.subarray(0, first.length))).toBe(hexOf(pattern(10_000)));
  first.clear();
  second.clear();

  // After a large message the next one begins there, and after a small one it does not.
  for (const held of [true, false]) {
    second.append(pattern(3), 0, 3);
    expect(second.bytes === spare).toBe(held);
    expect(second.length).toBe(3);
    second.clear();
  }
});

test("what is over 4 MiB is left to the collector", () => {
  const assembly = new Assembly(8192);
  const size = (4 << 20) + 1;
  assembly.append(pattern(size), 0, size);
  const { bytes } = assembly;
  assembly.clear();
  assembly.append(pattern(10_000), 0, 10_000);
  expect(assembly.bytes).not.toBe(bytes);
  expect(assembly.bytes.length).toBeLessThanOrEqual(4 << 20);
});
