import { type Pointer, toArrayBuffer } from "bun:ffi";
import { type Libc, libc } from "./libc.ts";

/** Memory whose second half is its first half again: `bytes[i]` and `bytes[i + capacity]` are one byte. */
export interface MirroredMemory {
  /** `2 * capacity` long. */
  readonly bytes: Uint8Array;
  readonly capacity: number;
  readonly mirrored: true;
  /**
   * Gives the memory back now; views that are still held read zeros from then on, and writes to them go nowhere.
   * Further calls do nothing. Without it the memory goes when the last view of it is collected.
   */
  release(): void;
}

/**
 * Maps `capacity` bytes, rounded up to whole pages, twice back to back, so that a ring's content is contiguous for a reader
 * even where it wraps. Null where the platform has no memory files (macOS, Windows), libc cannot be opened, or the kernel
 * refuses; plain memory does the same work with a copy at the wrap.
 *
 * Costs no descriptor and two entries of the process's memory map while it lives.
 */
export function mirroredMemory(capacity: number): MirroredMemory | null {
  const library = libc();
  const unmap = library?.unmapPointer() ?? null;
  if (library === null || unmap === null || !library.hasMemoryFiles || !(capacity > 0)) return null;
  const pageSize = library.pageSize();
  const rounded = Math.ceil(capacity / pageSize) * pageSize;
  const address = mapTwice(library, rounded);
  if (address < 0) return null;
  // When the buffer is collected the engine calls `munmap(address, length)`: the deallocator is given the address and
  // a context of our choice, which is the length.
  const buffer = (toArrayBuffer as ToOwnedArrayBuffer)(address as Pointer, 0, 2 * rounded, 2 * rounded, unmap);
  return new Mirror(library, address, rounded, new Uint8Array(buffer));
}

class Mirror implements MirroredMemory {
  readonly bytes: Uint8Array;
  readonly capacity: number;
  readonly mirrored = true as const;
  readonly #library: Libc;
  readonly #address: number;
  #released = false;

  constructor(library: Libc, address: number, capacity: number, bytes: Uint8Array) {
    this.#library = library;
    this.#address = address;
    this.capacity = capacity;
    this.bytes = bytes;
  }

  // The address range stays reserved until the buffer is collected, so that no stale view can reach another's memory.
  // Should the kernel refuse, the mapping stays as it was and goes with the buffer.
  release(): void {
    if (this.#released) return;
    this.#released = true;
    const { PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE, MAP_FIXED } = this.#library.constants;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    this.#library.map(this.#address, 2 * this.capacity, PROT_READ | PROT_WRITE, flags, -1);
  }
}

/** Reserves `2 * capacity` of address space and lays one memory file over both halves; the address or a negative errno. */
function mapTwice(library: Libc, capacity: number): number {
  const { PROT_NONE, PROT_READ, PROT_WRITE, MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE, MAP_FIXED, MAP_SHARED } =
    library.constants;
  const fd = library.createMemoryFile("nexus-ring", capacity);
  if (fd < 0) return fd;
  const address = library.map(0, 2 * capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
  if (address >= 0) {
    for (const half of [address, address + capacity]) {
      const mapped = library.map(half, capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd);
      if (mapped === half) continue;
      library.unmap(address, 2 * capacity);
      library.close(fd);
      return mapped < 0 ? mapped : -1;
    }
  }
  library.close(fd);
  return address;
}

/** What `toArrayBuffer` takes beyond its declaration: a context and a native deallocator, called as `(bytes, context)`. */
type ToOwnedArrayBuffer = (
  address: Pointer,
  offset: number,
  length: number,
  context: number,
  deallocator: Pointer,
) => ArrayBuffer;
