import { describe, expect, test } from "bun:test";
import {
  fastRunMemory,
  giveRunMemory,
  plainRunMemory,
  RUN_MEMORY,
  type RunMemory,
  readingMemory,
  takeRunMemory,
} from "../../../src/codec/ws/run-memory.ts";
import { hexOf } from "../../helpers/bytes.ts";
import { below, seededRandom } from "../../helpers/random.ts";

function randomBytes(length: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length }, () => below(random, 256));
}

/** A run of frames with random keys and payloads, of which the headers are `first`, at the start of `length` random bytes. */
function frames(first: readonly number[], step: number, count: number, length: number, seed: number): Uint8Array {
  const bytes = randomBytes(length, seed);
  for (let at = 0; at < count * step; at += step) bytes.set(first, at);
  return bytes;
}

/** The oracle: RFC 6455 section 5.3, byte by byte. */
function payloads(bytes: Uint8Array, end: number, header: number, step: number): string {
  const unmasked = bytes.map((byte, at) => {
    const inPayload = (at % step) - header;
    return byte ^ (bytes[at - inPayload - 4 + (inPayload & 3)] ?? 0);
  });
  return payloadsAsTheyAre(unmasked, end, header, step);
}

function payloadsAsTheyAre(bytes: Uint8Array, end: number, header: number, step: number): string {
  return hexOf(bytes.subarray(0, end).filter((_, at) => at % step >= header));
}

describe.each([
  ["WebAssembly", fastRunMemory],
  ["JavaScript", plainRunMemory],
] as const)("a run of masked frames, by %s", (_, make) => {
  const memory = make() as RunMemory;
  const { bytes, desk } = memory;

  test.each([
    [6, [0x82, 0xff], 0xffff],
    [8, [0x82, 0xfe, 0x01, 0x02], -1],
  ] as const)("is unmasked whatever the length of its payloads, after headers of %d bytes", (header, first, bits) => {
    for (let length = 0; length <= 200; length++) {
      const step = header + length;
      const masked = frames(first, step, 3, 3 * step + 40, length);
      desk.set(masked);
      expect(memory.unmask(desk.byteOffset, 3 * step, header, step, bits)).toBe(3 * step);
      expect(payloadsAsTheyAre(bytes, 3 * step, header, step)).toBe(payloads(masked, 3 * step, header, step));
      expect(Buffer.compare(desk.subarray(0, masked.length), masked)).toBe(0);
    }
  });

  test("may be all of the memory, as one frame and as many", () => {
    for (const step of [RUN_MEMORY, RUN_MEMORY / 2, 1024, 64, 16, 8]) {
      const masked = frames([0x82, 0x80], step, RUN_MEMORY / step, RUN_MEMORY, step);
      desk.set(masked);
      expect(memory.unmask(desk.byteOffset, RUN_MEMORY, 6, step, 0xffff)).toBe(RUN_MEMORY);
      expect(payloadsAsTheyAre(bytes, RUN_MEMORY, 6, step)).toBe(payloads(masked, RUN_MEMORY, 6, step));
    }
  });

  test("ends where a header differs, in the bits that are asked for alone", () => {
    const step = 46;
    for (const [at, value, length] of [
      [0, 0x81, 3],
      [1, 0x81, 3],
      [2, 0x55, 5],
    ] as const) {
      const masked = frames([0x82, 0xa8], step, 5, 5 * step, at);
      masked[3 * step + at] = value;
      desk.set(masked);
      expect(memory.unmask(desk.byteOffset, 5 * step, 6, step, 0xffff)).toBe(length * step);
      expect(payloadsAsTheyAre(bytes, length * step, 6, step)).toBe(payloads(masked, length * step, 6, step));
    }
  });

  test("may begin anywhere in the memory", () => {
    for (let start = 0; start < 40; start++) {
      const masked = frames([0x82, 0xa1], 39, 20, 20 * 39, start);
      desk.set(masked, start);
      expect(memory.unmask(desk.byteOffset + start, 20 * 39, 6, 39, 0xffff)).toBe(20 * 39);
      expect(payloadsAsTheyAre(bytes, 20 * 39, 6, 39)).toBe(payloads(masked, 20 * 39, 6, 39));
    }
  });

  test("is handed out of one part, and copied to another", () => {
    expect([bytes.length, desk.length, desk.buffer === bytes.buffer]).toEqual([RUN_MEMORY, RUN_MEMORY, true]);
    expect(desk.byteOffset - bytes.byteOffset).toBeGreaterThanOrEqual(RUN_MEMORY);
  });
});

test("what is received into memory beside it is unmasked to its last byte, with nothing copied or changed", () => {
  const memory = fastRunMemory() as RunMemory;
  const reading = memory.reading as Uint8Array;
  expect([reading.length, reading.buffer === memory.bytes.buffer]).toEqual([256 << 10, true]);
  const step = 1 << 12;
  const masked = frames([0x82, 0xfe], step, reading.length / step, reading.length, 1);
  reading.set(masked);
  memory.desk.fill(0xaa);
  for (let start = 0; start < reading.length; start += RUN_MEMORY) {
    const run = masked.subarray(start, start + RUN_MEMORY);
    expect(memory.unmask(reading.byteOffset + start, RUN_MEMORY, 6, step, 0xffff)).toBe(RUN_MEMORY);
    expect(payloadsAsTheyAre(memory.bytes, RUN_MEMORY, 6, step)).toBe(payloads(run, RUN_MEMORY, 6, step));
  }
  expect(Buffer.compare(reading, masked)).toBe(0);
  expect(memory.desk.every((byte) => byte === 0xaa)).toBe(true);
});

test("the thread's memory is one reader's at a time", () => {
  const memory = takeRunMemory() as RunMemory;
  expect(takeRunMemory()).toBeNull();
  expect(readingMemory()).toBe(memory.reading);
  giveRunMemory(memory);
  expect(takeRunMemory()).toBe(memory);
  giveRunMemory(memory);
});
