import { dlopen, type Library, type Pointer, ptr } from "bun:ffi";
import { LIBRARY_NAMES } from "./libc.ts";
import type { SpinCalls } from "./spin-calls.ts";

/**
 * `recvmsg(2)` on a socket that stamps what it receives (SO_TIMESTAMPNS): bytes as `recv` gives them, and when the kernel had the last of
 * them. One for each descriptor.
 */
export class StampedReceive {
  readonly #calls: SpinCalls;
  readonly #receive: Library<typeof SYMBOLS>["symbols"]["recvmsg"];
  /** `struct iovec`: where to, and how much, 64 bits each. */
  readonly #vector: Uint32Array = new Uint32Array(new ArrayBuffer(16));
  /** `struct cmsghdr` (length, level, type), then `struct timespec`. */
  readonly #control: Uint32Array = new Uint32Array(new ArrayBuffer(CONTROL_SIZE));
  /** `struct msghdr` of 64-bit Linux: name, its length, vectors, their number, control, its length, flags. */
  readonly #header: Uint32Array = new Uint32Array(new ArrayBuffer(56));
  readonly #headerAddress: Pointer = ptr(this.#header);

  /** Null where the system cannot stamp, or does not let us. */
  static open(calls: SpinCalls, fd: number): StampedReceive | null {
    const { SO_TIMESTAMPNS } = calls.constants;
    const { library } = calls;
    if (SO_TIMESTAMPNS === null) return null;
    if (library.setOption(fd, library.constants.SOL_SOCKET, SO_TIMESTAMPNS, 1) < 0) return null;
    for (const name of LIBRARY_NAMES) {
      try {
        return new StampedReceive(calls, dlopen(name, SYMBOLS).symbols.recvmsg);
      } catch {
        // Not under this name: the next one.
      }
    }
    return null;
  }

  private constructor(calls: SpinCalls, receive: Library<typeof SYMBOLS>["symbols"]["recvmsg"]) {
    this.#calls = calls;
    this.#receive = receive;
    place(this.#header, 4, Number(ptr(this.#vector)));
    this.#header[6] = 1;
    place(this.#header, 8, Number(ptr(this.#control)));
  }

  /** As {@link SpinCalls.receive}. */
  receive(fd: number, address: number, length: number): number {
    place(this.#vector, 0, address);
    place(this.#vector, 2, length);
    this.#header[10] = CONTROL_SIZE;
    const count = this.#receive(fd, this.#headerAddress, 0);
    return count < 0 ? -this.#calls.lastError() : count;
  }

  /** When the last bytes came, in nanoseconds since 1970 by the system's clock; null where none did, or without a stamp. */
  get stamp(): bigint | null {
    const [, , , , seconds = 0, , nanoseconds = 0] = this.#control;
    return this.#header[10] === 0 || seconds === 0 ? null : BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
  }
}

/** A number of up to 53 bits as the machine, which is little-endian, wants one of 64. */
function place(words: Uint32Array, at: number, value: number): void {
  words[at] = value;
  words[at + 1] = value / 0x100000000;
}

const CONTROL_SIZE = 64;
const SYMBOLS = { recvmsg: { args: ["i32", "ptr", "i32"], returns: "i32" } } as const;
