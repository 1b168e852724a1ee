import { dlopen, type Library, type Pointer, ptr } from "bun:ffi";
import { LIBRARY_NAMES } from "./libc.ts";

/**
 * Has the system close descriptors when the calling thread ends, however it ends: a thread-specific value is the descriptor, and its destructor
 * is `close(2)` itself, so that no JavaScript has to run any more.
 */
export class ThreadEnd {
  readonly #symbols: Library<typeof SYMBOLS>["symbols"];
  readonly #close: Pointer;

  constructor(name: string) {
    this.#symbols = dlopen(name, SYMBOLS).symbols;
    const close = this.#symbols.dlsym(anyLibrary(), ptr(CLOSE));
    if (close === null) throw new Error("Cannot find close(2)");
    this.#close = Number(close) as Pointer;
  }

  /** Returns what {@link forget} takes; −1 where the system has no more thread-specific values (some have 128 for a process). */
  close(fd: number): number {
    const key = new Uint32Array(new ArrayBuffer(8));
    if (this.#symbols.pthread_key_create(ptr(key), this.#close) !== 0) return -1;
    const kept = key[0] ?? 0;
    this.#symbols.pthread_setspecific(kept, fd as Pointer);
    return kept;
  }

  /** It is closed already, or another thread sees to it. */
  forget(key: number): void {
    if (key >= 0) this.#symbols.pthread_key_delete(key);
  }
}

/** That of this thread, opened at the first call; null where the system's library cannot be had. */
export function threadEnd(): ThreadEnd | null {
  opened ??= { end: open() };
  return opened.end;
}

function open(): ThreadEnd | null {
  for (const name of [...LIBRARY_NAMES, "libpthread.so.0"]) {
    try {
      return new ThreadEnd(name);
    } catch {
      // Not in the library of this name: the next one.
    }
  }
  return null;
}

/** `RTLD_DEFAULT`: a symbol is looked for in all that the process has loaded. */
function anyLibrary(): Pointer | null {
  return process.platform === "darwin" ? (-2 as Pointer) : null;
}

let opened: { readonly end: ThreadEnd | null } | null = null;

const CLOSE: Uint8Array = new TextEncoder().encode("close\0");
const SYMBOLS = {
  pthread_key_create: { args: ["ptr", "ptr"], returns: "i32" },
  pthread_setspecific: { args: ["usize", "ptr"], returns: "i32" },
  pthread_key_delete: { args: ["usize"], returns: "i32" },
  dlsym: { args: ["ptr", "ptr"], returns: "ptr" },
} as const;
