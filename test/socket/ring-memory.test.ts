import { expect, test } from "bun:test";
import { ByteRing } from "../../src/codec/byte-ring.ts";
import { libc } from "../../src/ffi/libc.ts";
import { plainMemory, ringMemory } from "../../src/socket/ring-memory.ts";

test("memory is mirrored where the platform can, and fits the codec's ring", () => {
  const memory = ringMemory(10_000);
  expect(memory.mirrored).toBe(libc()?.hasMemoryFiles ?? false);
  expect(memory.capacity).toBeGreaterThanOrEqual(10_000);
  expect(memory.bytes.length).toBe(memory.mirrored ? 2 * memory.capacity : memory.capacity);
  expect(new ByteRing(memory).free).toBe(memory.capacity);
  memory.release();
});

test("where mirrored memory is not to be had, plain memory does", () => {
  const memory = plainMemory(1001);
  expect([memory.bytes.length, memory.capacity, memory.mirrored]).toEqual([1008, 1008, false]);
  memory.bytes.fill(1);
  memory.release();
  memory.release();
  expect(memory.bytes[0]).toBe(1);
  expect(new ByteRing(memory).free).toBe(1008);
});
