import { plainMemory, type RingMemory } from "../codec/byte-ring.ts";
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
