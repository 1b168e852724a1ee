import { dlopen, type Library, type Pointer, ptr } from "bun:ffi";
import { LIBRARY_NAMES } from "./libc.ts";
import type { SpinCalls } from "./spin-calls.ts";

/** `epoll(7)`: which of several descriptors have bytes, in one call. Linux only. */
export class Epoll {
  readonly #calls: SpinCalls;
  readonly #symbols: Library<typeof SYMBOLS>["symbols"];
  readonly #events: Uint32Array;
  readonly #eventsAddress: Pointer;
  readonly #most: number;
  /** Its own descriptor, to be closed by {@link close}; −1 then. */
  fd: number;

  /** For at most `most` descriptors; null where there is no epoll, or no descriptor for it. */
  static open(calls: SpinCalls, most: number): Epoll | null {
    if (process.platform !== "linux") return null;
    for (const name of LIBRARY_NAMES) {
      try {
        const { symbols } = dlopen(name, SYMBOLS);
        const fd = symbols.epoll_create1(calls.library.constants.SOCK_CLOEXEC ?? 0);
        return fd < 0 ? null : new Epoll(calls, symbols, fd, most);
      } catch {
        // Not under this name: the next one.
      }
    }
    return null;
  }

  private constructor(calls: SpinCalls, symbols: Library<typeof SYMBOLS>["symbols"], fd: number, most: number) {
    this.#calls = calls;
    this.#symbols = symbols;
    this.fd = fd;
    this.#most = most;
    this.#events = new Uint32Array(new ArrayBuffer(most * WORDS * 4));
    this.#eventsAddress = ptr(this.#events);
  }

  /** Watches a descriptor for bytes, by a number of the caller's. A descriptor that is closed is not watched any more. */
  add(fd: number, tag: number): number {
    const event = new Uint32Array(new ArrayBuffer(16));
    event[0] = EPOLLIN;
    event[TAG] = tag;
    return this.#symbols.epoll_ctl(this.fd, EPOLL_CTL_ADD, fd, ptr(event)) < 0 ? -this.#calls.lastError() : 0;
  }

  /** Waits at most `timeout` whole milliseconds; how many descriptors have bytes, or have ended. */
  wait(timeout: number): number {
    const count = this.#symbols.epoll_wait(this.fd, this.#eventsAddress, this.#most, timeout);
    return count < 0 ? -this.#calls.lastError() : count;
  }

  /** The number of the descriptor that the event is about, of those that {@link wait} counted. */
  tag(event: number): number {
    return this.#events[event * WORDS + TAG] ?? 0;
  }

  close(): void {
    if (this.fd >= 0) this.#calls.library.close(this.fd);
    this.fd = -1;
  }
}

export const EPOLLIN = 1;
export const EPOLL_CTL_ADD = 1;

/**
 * `struct epoll_event`, 32 bits of events and 64 of data, in words of 32 bits: how long it is, and where the data begins. It is packed on
 * x64; elsewhere the data is aligned.
 */
export function epollEventLayout(arch: string): { readonly words: number; readonly data: number } {
  return arch === "x64" ? { words: 3, data: 1 } : { words: 4, data: 2 };
}

const { words: WORDS, data: TAG } = epollEventLayout(process.arch);

const SYMBOLS = {
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
} as const;
