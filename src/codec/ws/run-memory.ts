import { wordsOf } from "../ascii.ts";
import { keyAt, maskBytes } from "./mask.ts";
import { unmaskModule } from "./unmask-module.ts";

/**
 * Memory into which runs of masked frames of one length are copied, to be unmasked at once and handed out of there. So what came is not
 * changed, and whatever of a run is not handed over is simply left.
 */
export interface RunMemory {
  /** {@link RUN_MEMORY} of them. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /**
   * Unmasks the frames of `step` bytes that lie one behind the other in `[0, end)`. The first `header` bytes of each are not payload, and the
   * last four of those its masking key.
   */
  unmask(end: number, header: number, step: number): void;
}

/** Bytes: a processor's nearest cache holds them while they are read. */
export const RUN_MEMORY: number = 32 << 10;

/** The one of this thread, to be given back with {@link giveRunMemory}; null while somebody has it. */
export function takeRunMemory(): RunMemory | null {
  if (free === undefined) free = fastRunMemory() ?? plainRunMemory();
  const memory = free;
  free = null;
  return memory;
}

export function giveRunMemory(memory: RunMemory): void {
  free = memory;
}

/** Unmasks in WebAssembly; null where there is none, or none with vectors. */
export function fastRunMemory(): RunMemory | null {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(unmaskModule()));
    const { memory, unmask } = exports as unknown as UnmaskExports;
    return { ...runBytes(memory.buffer), unmask };
  } catch {
    return null;
  }
}

/** The same anywhere. */
export function plainRunMemory(): RunMemory {
  const { bytes, view } = runBytes(new ArrayBuffer(RUN_MEMORY));
  const words = wordsOf(bytes);
  return {
    bytes,
    view,
    unmask(end, header, step) {
      for (let next = step; next <= end; next += step) {
        const payload = next - step + header;
        maskBytes(bytes, words, payload, next, keyAt(bytes, payload - 4), 0);
      }
    },
  };
}

interface UnmaskExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly unmask: RunMemory["unmask"];
}

/** Not made before it is asked for; null while somebody has it. */
let free: RunMemory | null | undefined;

function runBytes(buffer: ArrayBuffer): Pick<RunMemory, "bytes" | "view"> {
  return { bytes: new Uint8Array(buffer, 0, RUN_MEMORY), view: new DataView(buffer, 0, RUN_MEMORY) };
}
