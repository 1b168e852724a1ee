import { type SpinCalls, spinCalls } from "../ffi/spin-calls.ts";
import { threadEnd } from "../ffi/thread-end.ts";

/** Cuts, with RST, what a thread that has died left open; nothing for −1. */
export function cutDescriptor(fd: number): void {
  if (fd >= 0) spinCalls()?.reset(fd);
}

/**
 * Notes a descriptor that this thread has open. The end of a process closes all of them, that of a Worker none: so its own are cut where it can
 * still run something, after an error or `process.exit()`, and closed with its thread where it cannot, after `terminate()`. That uses up one
 * of the process's thread-specific values for each.
 */
export function keepDescriptor(fd: number): void {
  if (Bun.isMainThread || kept.has(fd)) return;
  if (!watching) process.on("exit", cutAll);
  watching = true;
  kept.set(fd, threadEnd()?.close(fd) ?? -1);
}

/** Closes one that may have been kept. */
export function closeDescriptor(calls: SpinCalls, fd: number): void {
  forgetDescriptor(fd);
  calls.library.close(fd);
}

/** It is about to be closed, or another thread sees to it. */
export function forgetDescriptor(fd: number): void {
  const key = kept.get(fd);
  if (key === undefined) return;
  kept.delete(fd);
  threadEnd()?.forget(key);
}

/** Of this thread, with what has each closed. */
const kept: Map<number, number> = new Map();
let watching = false;

function cutAll(): void {
  for (const fd of [...kept.keys()]) {
    forgetDescriptor(fd);
    cutDescriptor(fd);
  }
}
