import { dlopen, type Library, type Pointer, ptr, read } from "bun:ffi";
import { type PlatformConstants, platformConstants } from "./constants.ts";

/**
 * The few calls of the C library that Bun does not offer. A call that fails returns its error number negated
 * (`-111`), as a system call does, and never throws.
 *
 * `errno` is read by a call of its own, directly after the one that failed and on the same thread.
 */
export class Libc {
  readonly constants: PlatformConstants;
  readonly #symbols: Library<typeof SOCKET_SYMBOLS>["symbols"];
  readonly #memory: Library<typeof MEMORY_SYMBOLS>["symbols"] | null;
  readonly #errno: () => Pointer | bigint | null;
  // Scratch words over buffers of their own: a small array without one moves when its buffer is first asked for.
  readonly #value: Int32Array = new Int32Array(new ArrayBuffer(4));
  readonly #length: Uint32Array = new Uint32Array(new ArrayBuffer(4));

  constructor(name: string, constants: PlatformConstants) {
    this.constants = constants;
    this.#symbols = dlopen(name, SOCKET_SYMBOLS).symbols;
    if (process.platform === "darwin") {
      this.#errno = dlopen(name, ERROR_SYMBOLS_DARWIN).symbols.__error;
      this.#memory = null;
    } else {
      this.#errno = dlopen(name, ERROR_SYMBOLS_LINUX).symbols.__errno_location;
      this.#memory = openMemory(name);
    }
  }

  /** True where {@link Libc.createMemoryFile} and its kin can be called. */
  get hasMemoryFiles(): boolean {
    return this.#memory !== null && this.constants.MFD_CLOEXEC !== null;
  }

  /** A non-blocking TCP socket that is closed on exec; its descriptor. */
  openSocket(family: number): number {
    const { SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC } = this.constants;
    const fd = this.#result(this.#symbols.socket(family, SOCK_STREAM | (SOCK_NONBLOCK ?? 0) | (SOCK_CLOEXEC ?? 0), 0));
    if (fd < 0 || SOCK_NONBLOCK !== null) return fd;
    const made = this.#makeNonBlocking(fd);
    if (made < 0) this.close(fd);
    return made < 0 ? made : fd;
  }

  /** `address` is a `sockaddr`, as {@link socketAddress} lays it out. */
  connect(fd: number, address: Uint8Array): number {
    return this.#result(this.#symbols.connect(fd, ptr(address), address.length));
  }

  bind(fd: number, address: Uint8Array): number {
    return this.#result(this.#symbols.bind(fd, ptr(address), address.length));
  }

  /** Writes the `sockaddr` of this end into `address` and returns its length. */
  localAddress(fd: number, address: Uint8Array): number {
    this.#length[0] = address.length;
    const result = this.#result(this.#symbols.getsockname(fd, ptr(address), ptr(this.#length)));
    return result < 0 ? result : (this.#length[0] ?? 0);
  }

  /** Writes the `sockaddr` of the other end into `address` and returns its length; fails while not connected. */
  peerAddress(fd: number, address: Uint8Array): number {
    this.#length[0] = address.length;
    const result = this.#result(this.#symbols.getpeername(fd, ptr(address), ptr(this.#length)));
    return result < 0 ? result : (this.#length[0] ?? 0);
  }

  close(fd: number): number {
    return this.#result(this.#symbols.close(fd));
  }

  /** `recv(2)` into `bytes`: how many came, 0 for the peer's FIN. */
  receive(fd: number, bytes: Uint8Array): number {
    return this.#result(this.#symbols.recv(fd, ptr(bytes), bytes.length, 0));
  }

  /** `send(2)` of `bytes[offset, offset + length)`: how many the kernel took. A peer that is gone is an error number, not a signal. */
  send(fd: number, bytes: Uint8Array, offset: number, length: number): number {
    // A pointer with an offset costs more than the array itself.
    const start = offset === 0 ? bytes : ptr(bytes, offset);
    return this.#result(this.#symbols.send(fd, start, length, this.constants.MSG_NOSIGNAL));
  }

  /** The index of a network interface, 0 where there is none of that name. */
  interfaceIndex(name: string): number {
    return this.#symbols.if_nametoindex(ptr(zeroTerminated(name)));
  }

  setOption(fd: number, level: number, option: number, value: number): number {
    this.#value[0] = value;
    return this.#result(this.#symbols.setsockopt(fd, level, option, ptr(this.#value), 4));
  }

  /** The value of an option whose values are never negative. */
  option(fd: number, level: number, option: number): number {
    this.#length[0] = 4;
    const result = this.#result(this.#symbols.getsockopt(fd, level, option, ptr(this.#value), ptr(this.#length)));
    return result < 0 ? result : (this.#value[0] ?? 0);
  }

  /** Writes an option's structure into `bytes` and returns how many of them the kernel filled. */
  optionBytes(fd: number, level: number, option: number, bytes: Uint8Array): number {
    this.#length[0] = bytes.length;
    const result = this.#result(this.#symbols.getsockopt(fd, level, option, ptr(bytes), ptr(this.#length)));
    return result < 0 ? result : (this.#length[0] ?? 0);
  }

  pageSize(): number {
    return this.#symbols.sysconf(this.constants.SC_PAGESIZE);
  }

  /** An unnamed file of `length` bytes that lives in memory; its descriptor. */
  createMemoryFile(name: string, length: number): number {
    if (this.#memory === null || this.constants.MFD_CLOEXEC === null) return -1;
    const fd = this.#result(this.#memory.memfd_create(ptr(zeroTerminated(name)), this.constants.MFD_CLOEXEC));
    if (fd < 0) return fd;
    const sized = this.#result(this.#memory.ftruncate(fd, length));
    if (sized < 0) this.close(fd);
    return sized < 0 ? sized : fd;
  }

  /** `mmap(2)`: the address, or the error number negated. No mapping lies at a negative address. */
  map(address: number, length: number, protection: number, flags: number, fd: number): number {
    if (this.#memory === null) return -1;
    const mapped = Number(this.#memory.mmap(address as Pointer, length, protection, flags, fd, 0));
    return mapped <= 0 || mapped > MAX_ADDRESS ? -this.#lastError() : mapped;
  }

  unmap(address: number, length: number): number {
    return this.#memory === null ? -1 : this.#result(this.#memory.munmap(address as Pointer, length));
  }

  /** The address of `munmap` itself, for a buffer that is to unmap itself when it is collected. */
  unmapPointer(): Pointer | null {
    const pointer = (this.#memory?.munmap as { ptr?: Pointer | bigint } | undefined)?.ptr ?? null;
    return pointer === null ? null : (Number(pointer) as Pointer);
  }

  #result(value: number): number {
    return value < 0 ? -this.#lastError() : value;
  }

  /** Never 0, so that a failure stays one. */
  #lastError(): number {
    const location = this.#errno();
    return (location === null ? 0 : read.i32(Number(location), 0)) || 1;
  }

  /**
   * `fcntl` is variadic, and Apple's arm64 passes variadic arguments on the stack: behind eight that fill the registers.
   */
  #makeNonBlocking(fd: number): number {
    const { F_SETFD, FD_CLOEXEC, F_GETFL, F_SETFL, O_NONBLOCK } = this.constants;
    const call = this.#symbols.fcntl;
    const control = (command: number, value: number): number =>
      this.#result(
        process.arch === "arm64"
          ? call(fd, command, 0, 0, 0, 0, 0, 0, value)
          : call(fd, command, value, 0, 0, 0, 0, 0, 0),
      );
    const closing = control(F_SETFD, FD_CLOEXEC);
    const flags = control(F_GETFL, 0);
    if (closing < 0 || flags < 0) return Math.min(closing, flags);
    return control(F_SETFL, flags | O_NONBLOCK);
  }
}

/** The C library, opened on the first call; null where there is none under a known name, or the platform is unknown. */
export function libc(): Libc | null {
  opened ??= { library: openLibc() };
  return opened.library;
}

function openLibc(): Libc | null {
  const constants = platformConstants();
  if (constants === null) return null;
  for (const name of LIBRARY_NAMES) {
    try {
      return new Libc(name, constants);
    } catch {
      // Not under this name: the next one.
    }
  }
  return null;
}

function openMemory(name: string): Library<typeof MEMORY_SYMBOLS>["symbols"] | null {
  try {
    return dlopen(name, MEMORY_SYMBOLS).symbols;
  } catch {
    return null;
  }
}

function zeroTerminated(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}

let opened: { readonly library: Libc | null } | null = null;

/** User space ends at 2^47 on x64 and 2^48 on arm64; `MAP_FAILED` is −1, which reads as 2^64 − 1. */
const MAX_ADDRESS = 2 ** 52;

/** The C library's names on a platform, in the order in which they are tried: glibc's, then what musl calls itself. */
export function libraryNames(platform: string, arch: string): readonly string[] {
  if (platform === "darwin") return ["libSystem.B.dylib", "/usr/lib/libSystem.B.dylib"];
  return ["libc.so.6", `libc.musl-${arch === "arm64" ? "aarch64" : "x86_64"}.so.1`, "libc.so"];
}

/** Under these names it is looked for here. */
export const LIBRARY_NAMES: readonly string[] = libraryNames(process.platform, process.arch);

const SOCKET_SYMBOLS = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  recv: { args: ["i32", "ptr", "usize", "i32"], returns: "i32" },
  send: { args: ["i32", "ptr", "usize", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i64", "i64", "i64", "i64", "i64", "i64", "i64"], returns: "i32" },
  if_nametoindex: { args: ["ptr"], returns: "u32" },
  // A long; page sizes need half of it, and that half is a number.
  sysconf: { args: ["i32"], returns: "i32" },
} as const;

const MEMORY_SYMBOLS = {
  memfd_create: { args: ["ptr", "u32"], returns: "i32" },
  ftruncate: { args: ["i32", "i64"], returns: "i32" },
  mmap: { args: ["ptr", "usize", "i32", "i32", "i32", "i64"], returns: "ptr" },
  munmap: { args: ["ptr", "usize"], returns: "i32" },
} as const;

const ERROR_SYMBOLS_LINUX = { __errno_location: { args: [], returns: "ptr" } } as const;
const ERROR_SYMBOLS_DARWIN = { __error: { args: [], returns: "ptr" } } as const;
