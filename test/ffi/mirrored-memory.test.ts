import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { type MirroredMemory, mirroredMemory } from "../../src/ffi/mirrored-memory.ts";

function mirror(capacity: number): MirroredMemory {
  const memory = mirroredMemory(capacity);
  if (memory === null) throw new Error("this platform has no mirrored memory");
  return memory;
}

/** Mappings of this process: all of them, and those of rings. */
function mappings(): { all: number; rings: number } {
  const lines = readFileSync("/proc/self/maps", "utf8").split("\n");
  return { all: lines.length, rings: lines.filter((line) => line.includes("nexus-ring")).length };
}

function residentKilobytes(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
}

async function collect(): Promise<void> {
  for (let i = 0; i < 3; i += 1) {
    Bun.gc(true);
    await Bun.sleep(1);
  }
}

test("the second half is the first half again", () => {
  const { bytes, capacity, mirrored, release } = mirror(65_536);
  expect([bytes.length, capacity, mirrored]).toEqual([131_072, 65_536, true]);
  bytes.set([1, 2, 3, 4], capacity - 2);
  expect([...bytes.subarray(capacity, capacity + 2)]).toEqual([3, 4]);
  expect([...bytes.subarray(0, 2)]).toEqual([3, 4]);
  expect([bytes[2 * capacity - 2], bytes[2 * capacity - 1]]).toEqual([1, 2]);
  expect(typeof release).toBe("function");
});

test("capacity is rounded up to whole pages", () => {
  expect(mirror(1).capacity).toBe(mirror(4096).capacity);
  expect(mirror(1).capacity % 4096).toBe(0);
  expect(mirror(1_000_000).capacity).toBeGreaterThanOrEqual(1_000_000);
  expect(mirror(1_000_000).bytes.byteOffset).toBe(0);
});

test("there is no memory of no size", () => {
  expect(mirroredMemory(0)).toBeNull();
  expect(mirroredMemory(-1)).toBeNull();
  expect(mirroredMemory(Number.NaN)).toBeNull();
});

test("more than the address space holds is refused, not fatal", () => {
  expect(mirroredMemory(2 ** 50)).toBeNull();
});

test("after release, views read zeros, writes go nowhere, and another ring's bytes do not show", () => {
  const first = mirror(4096);
  const view = first.bytes.subarray(10, 20);
  view.fill(7);
  first.release();
  expect([...view]).toEqual(new Array(10).fill(0));
  first.release();
  const second = mirror(4096);
  second.bytes.fill(9);
  view[0] = 1;
  first.release();
  expect([view[0], view[1], second.bytes[10]]).toEqual([1, 0, 9]);
});

test("a view alone keeps the memory", async () => {
  const view = mirror(4096).bytes.subarray(100, 104);
  view.fill(5);
  await collect();
  for (let i = 0; i < 100; i += 1) mirror(4096).bytes.fill(1);
  await collect();
  expect([...view]).toEqual([5, 5, 5, 5]);
});

test("10,000 rings that were released leave no descriptor, no mapping and no memory behind", async () => {
  await collect();
  const descriptors = readdirSync("/proc/self/fd").length;
  const { all } = mappings();
  const resident = residentKilobytes();
  for (let i = 0; i < 10_000; i += 1) {
    const memory = mirror(65_536);
    memory.bytes.fill(i & 255, 0, 8192);
    memory.release();
    if (i % 1000 === 999) await collect();
  }
  await collect();
  expect(readdirSync("/proc/self/fd").length).toBe(descriptors);
  expect(mappings().all).toBeLessThan(all + 200);
  expect(residentKilobytes()).toBeLessThan(resident + 40_000);
}, 30_000);

test("rings that are only dropped go with the collector", async () => {
  await collect();
  const before = mappings().rings;
  for (let i = 0; i < 2000; i += 1) mirror(65_536).bytes.fill(1, 0, 4096);
  await collect();
  expect(mappings().rings).toBeLessThanOrEqual(before + 20);
});
