import { describe, expect, test } from "bun:test";
import {
  fastRunMemory,
  giveRunMemory,
  plainRunMemory,
  RUN_MEMORY,
  type RunMemory,
  takeRunMemory,
} from "../../../src/codec/ws/run-memory.ts";
import { hexOf } from "../../helpers/bytes.ts";
import { below, seededRandom } from "../../helpers/random.ts";

/** Random bytes; what is no payload is as good as any header. */
function randomBytes(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => below(random, 256));
}

/** The oracle: RFC 6455 section 5.3, byte by byte. */
function unmasked(bytes: Uint8Array, end: number, header: number, step: number): Uint8Array {
  return bytes.map((byte, at) => {
    const frame = at - (at % step);
    const payload = frame + header;
    if (at < payload || at >= end) return byte;
    return byte ^ (bytes[payload - 4 + ((at - payload) & 3)] ?? 0);
  });
}

describe.each([
  ["WebAssembly", fastRunMemory],
  ["JavaScript", plainRunMemory],
] as const)("a run of masked frames, by %s", (_, make) => {
  const memory = make() as RunMemory;

  test("is unmasked whatever the length of its payloads, and nothing beside it", () => {
    for (const header of [6, 8]) {
      for (let length = 0; length <= 200; length++) {
        const step = header + length;
        const end = 3 * step;
        const bytes = randomBytes(end + 40, length);
        memory.bytes.set(bytes);
        memory.unmask(end, header, step);
        expect(hexOf(memory.bytes.subarray(0, end + 40))).toBe(hexOf(unmasked(bytes, end, header, step)));
      }
    }
  });

  test("may be all of the memory, as one frame and as many", () => {
    for (const step of [RUN_MEMORY, RUN_MEMORY / 2, 1024, 64, 16, 8]) {
      const bytes = randomBytes(RUN_MEMORY, step);
      memory.bytes.set(bytes);
      memory.unmask(RUN_MEMORY, 6, step);
      expect(Buffer.compare(memory.bytes, unmasked(bytes, RUN_MEMORY, 6, step))).toBe(0);
    }
  });

  test("is read by a view of the same memory", () => {
    memory.bytes.set([1, 2, 3, 4]);
    expect(memory.view.getInt32(0, true)).toBe(0x04030201);
    expect([memory.bytes.length, memory.view.byteLength]).toEqual([RUN_MEMORY, RUN_MEMORY]);
  });
});

test("the thread's memory is one reader's at a time", () => {
  const memory = takeRunMemory() as RunMemory;
  expect(takeRunMemory()).toBeNull();
  giveRunMemory(memory);
  expect(takeRunMemory()).toBe(memory);
  giveRunMemory(memory);
});
