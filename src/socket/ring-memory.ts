import { plainMemory, type RingMemory, ringCapacity } from "../codec/byte-ring.ts";
import { mirroredMemory } from "../ffi/mirrored-memory.ts";

/**
 * Memory for a ring of at least `capacity` bytes: mirrored where the platform has it (whole pages), plain otherwise.
 *
 * It goes when its last view is collected, or its content at once with `release()`: whoever still holds a view then reads
 * zeros or old bytes, never another connection's. Throws UsageError (`OPTION_OUT_OF_RANGE`) for anything but 0 to 2^30.
 */
export function ringMemory(capacity: number): RingMemory {
  const rounded = ringCapacity(capacity);
  return mirroredMemory(capacity) ?? plainMemory(rounded);
}
