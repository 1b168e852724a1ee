import { expect, test } from "bun:test";
import { ByteRing } from "../../src/codec/byte-ring.ts";
import { libc } from "../../src/ffi/libc.ts";
import { ringMemory } from "../../src/socket/ring-memory.ts";

test("memory is mirrored where the platform can, and fits the codec's ring", () => {
  const memory = ringMemory(10_000);
  expect(memory.mirrored).toBe(libc()?.hasMemoryFiles ?? false);
  expect(memory.capacity).toBeGreaterThanOrEqual(10_000);
  expect(memory.bytes.length).toBe(memory.mirrored ? 2 * memory.capacity : memory.capacity);
  expect(new ByteRing(memory).free).toBe(memory.capacity);
  memory.release();
});

test("what cannot be mirrored falls to plain memory", () => {
  // No page holds no bytes, so this is never mapped.
  expect(ringMemory(0)).toMatchObject({ mirrored: false, capacity: 8 });
});

test.each([-1, 2 ** 30 + 1, 2 ** 31, 2 ** 40, Number.NaN])(
  "%d bytes are refused before anything is mapped",
  (capacity) => {
    expect(() => ringMemory(capacity)).toThrow(expect.objectContaining({ code: "OPTION_OUT_OF_RANGE" }));
  },
);
