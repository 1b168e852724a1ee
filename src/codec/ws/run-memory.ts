import { wordsOf } from "../ascii.ts";
import { keyAt, maskBytes } from "./mask.ts";
import { unmaskModule } from "./unmask-module.ts";

/**
 * Memory into which runs of masked frames of one length are unmasked at once, to be handed out of there. So what came is not changed, and
 * whatever of a run is not handed over is simply left.
 */
export interface RunMemory {
  /** Where a run is unmasked to, and handed out of: {@link RUN_MEMORY} bytes. */
  readonly bytes: Uint8Array;
  /** Where a run that lies in other memory is copied before: as many. */
  readonly desk: Uint8Array;
  /** Memory beside them to receive into, as runs there need not be copied; null where that saves nothing. */
  readonly reading: Uint8Array | null;
  /**
   * Unmasks the run of frames of `step` bytes, one behind the other, that begins at index `source` of the ArrayBuffer, to the start of
   * {@link bytes}, and returns its length: at most `size`, a multiple of `step`; it ends before the first frame of whose first four bytes those
   * in `bits` are not the first frame's. The first `header` bytes of each are not payload, and the last four of those its masking key; what lies
   * in their place is arbitrary.
   */
  unmask(source: number, size: number, header: number, step: number, bits: number): number;
}

/** Bytes: a processor's nearest cache holds them while they are read. */
export const RUN_MEMORY: number = 32 << 10;

/** The one of this thread, to be given back with {@link giveRunMemory}; null while somebody has it. */
export function takeRunMemory(): RunMemory | null {
  if (made === null) {
    made = fastRunMemory() ?? plainRunMemory();
    free = made;
  }
  const memory = free;
  free = null;
  return memory;
}

export function giveRunMemory(memory: RunMemory): void {
  free = memory;
}

/** Where masked frames are best received: the same memory at each call, 256 KiB; null unless this thread has unmasked runs. */
export function readingMemory(): Uint8Array | null {
  return made === null ? null : made.reading;
}

/** Unmasks in WebAssembly; null where there is none, or none with vectors. */
export function fastRunMemory(): RunMemory | null {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(unmaskModule()));
    const { memory, unmask } = exports as unknown as UnmaskExports;
    const part = ([start, length]: readonly [number, number]) => new Uint8Array(memory.buffer, start, length);
    return { bytes: part(RUNS), desk: part(DESK), reading: part(READING), unmask };
  } catch {
    return null;
  }
}

/** The same anywhere. */
export function plainRunMemory(): RunMemory {
  const all = new Uint8Array(2 * RUN_MEMORY);
  const bytes = all.subarray(0, RUN_MEMORY);
  const words = wordsOf(bytes);
  const view = new DataView(all.buffer);
  return {
    bytes,
    desk: all.subarray(RUN_MEMORY),
    reading: null,
    unmask(source, size, header, step, bits) {
      const first = view.getInt32(source, true) & bits;
      all.copyWithin(0, source, source + size);
      let at = 0;
      do {
        const end = at + step;
        maskBytes(bytes, words, at + header, end, keyAt(bytes, at + header - 4), 0);
        at = end;
      } while (at < size && (view.getInt32(at, true) & bits) === first);
      return at;
    },
  };
}

interface UnmaskExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly unmask: RunMemory["unmask"];
}

/** Of the six pages: start and length. Behind each lie 32 bytes or more that nobody uses, as it is read and written beyond a frame's end. */
const RUNS = [0, RUN_MEMORY] as const;
const READING = [64 << 10, 256 << 10] as const;
const DESK = [5 * (64 << 10), RUN_MEMORY] as const;

/** Not before it is asked for. */
let made: RunMemory | null = null;
let free: RunMemory | null = null;
