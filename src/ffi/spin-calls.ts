import { dlopen, type Library, type Pointer, ptr, read } from "bun:ffi";
import { LIBRARY_NAMES, type Libc, libc } from "./libc.ts";
import { DARWIN_SPIN, LINUX_SPIN, type SpinConstants } from "./spin-constants.ts";

/**
 * The calls that move bytes, for a thread that waits by itself. One that fails returns its error number negated, and none of them
 * allocates: addresses are numbers, as {@link addressOf} gives them.
 *
 * It belongs to the thread that made it, whose `errno` it reads where it lies.
 */
export class SpinCalls {
  readonly library: Libc;
  readonly constants: SpinConstants;
  readonly #symbols: Library<typeof SPIN_SYMBOLS>["symbols"];
  readonly #errno: number;
  readonly #receive: (fd: number, address: Pointer, length: number, flags: number) => number;
  readonly #send: (fd: number, address: Pointer, length: number, flags: number) => number;
  readonly #poll: (address: Pointer, count: number, timeout: number) => number;
  /** `struct pollfd`: the descriptor, then the events that are wanted and those that came, 16 bits each. */
  readonly #poller: Int32Array = new Int32Array(new ArrayBuffer(8));
  readonly #pollerAddress: Pointer = ptr(this.#poller);

  constructor(name: string, library: Libc) {
    const darwin = process.platform === "darwin";
    this.library = library;
    this.constants = darwin ? DARWIN_SPIN : LINUX_SPIN;
    this.#symbols = dlopen(name, SPIN_SYMBOLS).symbols;
    this.#receive = this.#symbols.recv;
    this.#send = this.#symbols.send;
    this.#poll = this.#symbols.poll;
    const location = darwin
      ? dlopen(name, ERRNO_DARWIN).symbols.__error()
      : dlopen(name, ERRNO_LINUX).symbols.__errno_location();
    this.#errno = Number(location);
  }

  /** `recv(2)`: how many bytes came, 0 for the peer's FIN. */
  receive(fd: number, address: number, length: number): number {
    const count = this.#receive(fd, address as Pointer, length, 0);
    return count < 0 ? -this.lastError() : count;
  }

  /** `send(2)`: how many bytes the kernel took. A peer that is gone is an error number, not a signal. */
  send(fd: number, address: number, length: number): number {
    const count = this.#send(fd, address as Pointer, length, this.library.constants.MSG_NOSIGNAL);
    return count < 0 ? -this.lastError() : count;
  }

  /** Sends FIN. */
  shutdown(fd: number): number {
    return this.#symbols.shutdown(fd, this.constants.SHUT_WR) < 0 ? -this.lastError() : 0;
  }

  /** Waits up to `timeout` milliseconds, whole ones, until the descriptor has bytes or, where `write` is set, room; what came as poll's bits, 0 for nothing. */
  wait(fd: number, write: boolean, timeout: number): number {
    const { POLLIN, POLLOUT } = this.constants;
    const poller = this.#poller;
    poller[0] = fd;
    poller[1] = write ? POLLIN | POLLOUT : POLLIN;
    const ready = this.#poll(this.#pollerAddress, 1, timeout);
    if (ready < 0) return -this.lastError();
    return ready === 0 ? 0 : (poller[1] ?? 0) >>> 16;
  }

  /** The same for `count` descriptors that connect, as `struct pollfd`s in `pollers`. */
  waitForAny(pollers: Int32Array, count: number, timeout: number): number {
    const ready = this.#poll(ptr(pollers), count, timeout);
    return ready < 0 ? -this.lastError() : ready;
  }

  /** Closes with RST. */
  reset(fd: number): void {
    const linger = new Int32Array(new ArrayBuffer(8));
    linger[0] = 1;
    this.#symbols.setsockopt(fd, this.library.constants.SOL_SOCKET, this.constants.SO_LINGER, ptr(linger), 8);
    this.library.close(fd);
  }

  /** Of the last call that failed; never 0, so that a failure stays one. */
  lastError(): number {
    return read.i32(this.#errno as Pointer, 0) || 1;
  }
}

/** Those of this thread, opened at the first call; null where libc cannot be had. */
export function spinCalls(): SpinCalls | null {
  opened ??= { calls: open() };
  return opened.calls;
}

/** Where `bytes` lies, and stays as long as it is referenced: a small array moves once, when its buffer is first asked for, as it is here. */
export function addressOf(bytes: Uint8Array): number {
  return bytes.buffer.byteLength === 0 ? 0 : Number(ptr(bytes));
}

function open(): SpinCalls | null {
  const library = libc();
  if (library === null) return null;
  for (const name of LIBRARY_NAMES) {
    try {
      return new SpinCalls(name, library);
    } catch {
      // Not under this name: the next one.
    }
  }
  return null;
}

let opened: { readonly calls: SpinCalls | null } | null = null;

const SPIN_SYMBOLS = {
  recv: { args: ["i32", "ptr", "usize", "i32"], returns: "i32" },
  send: { args: ["i32", "ptr", "usize", "i32"], returns: "i32" },
  poll: { args: ["ptr", "usize", "i32"], returns: "i32" },
  shutdown: { args: ["i32", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
} as const;

const ERRNO_LINUX = { __errno_location: { args: [], returns: "ptr" } } as const;
const ERRNO_DARWIN = { __error: { args: [], returns: "ptr" } } as const;
