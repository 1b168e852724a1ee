import { expect, test } from "bun:test";
import { reclaim } from "../../src/socket/reclaim.ts";

test("a large chunk that is all of its memory is freed: no view of it has a length any more", () => {
  const chunk = new Uint8Array(16 << 10);
  const view = chunk.subarray(8, 16);
  reclaim(chunk);
  expect([chunk.length, view.length, chunk.buffer.byteLength]).toEqual([0, 0, 0]);
});

test("a small chunk, and one whose memory is not all its own, are left to the garbage collector", () => {
  const small = new Uint8Array((16 << 10) - 1);
  const whole = new Uint8Array(64 << 10);
  const part = whole.subarray(1);
  reclaim(small);
  reclaim(part);
  expect([small.length, part.length, whole.length]).toEqual([(16 << 10) - 1, (64 << 10) - 1, 64 << 10]);
});
