import { spinCalls } from "../ffi/spin-calls.ts";

/** Cuts, with RST, what a thread that has died left open; nothing for −1. */
export function cutDescriptor(fd: number): void {
  if (fd >= 0) spinCalls()?.reset(fd);
}
