import { spinCalls } from "../ffi/spin-calls.ts";

/** Cuts, with RST, what a thread that has died left open; nothing for −1. */
export function cutDescriptor(fd: number): void {
  if (fd >= 0) spinCalls()?.reset(fd);
}

/**
 * Notes a descriptor that this thread has open. The end of a process closes all of them, that of a Worker none: one that ends by an error or
 * by `process.exit()` cuts its own. One that is ended by `terminate()` runs nothing any more.
 */
export function keepDescriptor(fd: number): void {
  if (Bun.isMainThread) return;
  if (!watching) {
    watching = true;
    process.on("exit", () => {
      for (const fd of kept) cutDescriptor(fd);
    });
  }
  kept.add(fd);
}

/** It is closed, or another thread sees to it. */
export function forgetDescriptor(fd: number): void {
  kept.delete(fd);
}

/** Of this thread. */
const kept: Set<number> = new Set();
let watching = false;
