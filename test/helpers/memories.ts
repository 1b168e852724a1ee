import { memoryOver, plainMemory, type RingMemory } from "../../src/codec/byte-ring.ts";
import { mirroredMemory } from "../../src/ffi/mirrored-memory.ts";

/** The kinds of ring memory that this platform has, for `describe.each`; a mirrored one rounds its capacity up to a page. */
export const MEMORIES: readonly { readonly kind: string; readonly make: (capacity: number) => RingMemory }[] =
  mirroredMemory(1) === null
    ? [{ kind: "plain", make: plainMemory }]
    : [
        { kind: "plain", make: plainMemory },
        { kind: "mirrored", make: mirrored },
      ];

/** Of a `SharedArrayBuffer`, not at its start. */
export function shared(capacity: number): RingMemory {
  return memoryOver(new Uint8Array(new SharedArrayBuffer(capacity + 16), 8, (capacity + 7) & ~7));
}

function mirrored(capacity: number): RingMemory {
  const memory = mirroredMemory(capacity);
  if (memory === null) throw new Error("Cannot map memory twice, which worked before");
  return memory;
}
