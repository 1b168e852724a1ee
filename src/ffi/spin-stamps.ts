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
  /** `struct iovec`. */
  readonly #vector: Uint32Array = new Uint32Array(new ArrayBuffer(VECTOR.size));
  /** `struct cmsghdr`, then `struct timespec`. */
  readonly #control: Uint32Array = new Uint32Array(new ArrayBuffer(CONTROL_SIZE));
  /** `struct msghdr`. */
  readonly #header: Uint32Array = new Uint32Array(new ArrayBuffer(MESSAGE.size));
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
    place(this.#header, MESSAGE.vectors, Number(ptr(this.#vector)));
    place(this.#header, MESSAGE.vectorCount, 1);
    place(this.#header, MESSAGE.control, Number(ptr(this.#control)));
  }

  /** As {@link SpinCalls.receive}. */
  receive(fd: number, address: number, length: number): number {
    place(this.#vector, VECTOR.base, address);
    place(this.#vector, VECTOR.length, length);
    this.#header[CONTROL_LENGTH] = CONTROL_SIZE;
    const count = this.#receive(fd, this.#headerAddress, 0);
    return count < 0 ? -this.#calls.lastError() : count;
  }

  /** When the last bytes came, in nanoseconds since 1970 by the system's clock; null where none did, or without a stamp. */
  get stamp(): bigint | null {
    const seconds = this.#control[SECONDS] ?? 0;
    const nanoseconds = this.#control[NANOSECONDS] ?? 0;
    return this.#header[CONTROL_LENGTH] === 0 || seconds === 0
      ? null
      : BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
  }
}

/** A number of up to 53 bits, at a byte, as the machine, which is little-endian, wants one of 64. */
function place(words: Uint32Array, at: number, value: number): void {
  words[at >> 2] = value;
  words[(at >> 2) + 1] = value / 0x100000000;
}

/**
 * Where the fields lie, in bytes: of `struct iovec`, `struct msghdr`, and `struct timespec` behind a `struct cmsghdr`. 64-bit Linux has one
 * layout, on x64 and arm64. musl's lengths have 32 bits and padding behind them where glibc's have 64: on a little-endian machine the same.
 */
export const VECTOR = { size: 16, base: 0, length: 8 } as const;
export const MESSAGE = { size: 56, vectors: 16, vectorCount: 24, control: 32, controlLength: 40 } as const;
export const STAMP = { seconds: 16, nanoseconds: 24 } as const;

const CONTROL_LENGTH = MESSAGE.controlLength >> 2;
const SECONDS = STAMP.seconds >> 2;
const NANOSECONDS = STAMP.nanoseconds >> 2;

const CONTROL_SIZE = 64;
const SYMBOLS = { recvmsg: { args: ["i32", "ptr", "i32"], returns: "i32" } } as const;
