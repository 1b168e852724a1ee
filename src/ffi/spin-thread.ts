import { dlopen, ptr } from "bun:ffi";
import { LIBRARY_NAMES } from "./libc.ts";
import type { SpinCalls } from "./spin-calls.ts";

/** Lets the calling thread run on one CPU alone: 0, an error number negated, or null where the system has no such call. */
export function pinCallingThread(calls: SpinCalls, cpu: number): number | null {
  if (process.platform !== "linux") return null;
  const mask = new Uint32Array(new ArrayBuffer(MASK_SIZE));
  mask[cpu >> 5] = 1 << (cpu & 31);
  for (const name of LIBRARY_NAMES) {
    try {
      // Process 0 is the calling thread.
      const result = dlopen(name, SYMBOLS).symbols.sched_setaffinity(0, MASK_SIZE, ptr(mask));
      return result < 0 ? -calls.lastError() : 0;
    } catch {
      // Not under this name: the next one.
    }
  }
  return null;
}

/** Most CPUs that a mask has room for. */
export const MOST_CPUS = 1024;
const MASK_SIZE = MOST_CPUS / 8;
const SYMBOLS = { sched_setaffinity: { args: ["i32", "usize", "ptr"], returns: "i32" } } as const;
