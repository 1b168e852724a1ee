import type { RingMemory } from "../codec/byte-ring.ts";
import { mirroredMemory } from "../ffi/mirrored-memory.ts";

/**
 * Memory for a ring of at least `capacity` bytes: mirrored where the platform has it (whole pages), plain otherwise.
 *
 * It goes when its last view is collected, or its content at once with `release()`: whoever still holds a view then reads
 * zeros or old bytes, never another connection's.
 */
export function ringMemory(capacity: number): RingMemory {
  return mirroredMemory(capacity) ?? plainMemory(capacity);
}

/** Memory on the heap, where there is no other: in whole words, as the codec wants it. */
export function plainMemory(capacity: number): RingMemory {
  const rounded = Math.ceil(capacity / 8) * 8;
  return { bytes: new Uint8Array(rounded), capacity: rounded, mirrored: false, release: doNothing };
}

function doNothing(): void {}
