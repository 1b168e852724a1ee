import { errorName } from "../ffi/constants.ts";
import { libc } from "../ffi/libc.ts";
import { type TransportError, transportErrorFrom } from "./errors.ts";
import { SystemError } from "./system-error.ts";
import type { TransportHandler } from "./transport.ts";

/** A plain socket whose descriptor may be read beside Bun. */
export interface ReadingSocket {
  readonly fd: number;
  /** Bytes still go to this receiver, and now. */
  delivers(receiver: TransportHandler): boolean;
}

/**
 * Hands over a chunk that Bun read, of {@link LEAST_FLOOD} bytes or more, and reads on: into one piece of memory, with no chunk made for each
 * read, until the kernel has no more, the receiver wants no more, or others are to have their turn. What broke the connection, else null; its
 * end is left for Bun to find.
 *
 * Bet: the receiver gives each chunk back before it returns. One that it keeps stays its own.
 */
export function readOn(socket: ReadingSocket, receiver: TransportHandler, first: Uint8Array): TransportError | null {
  receiver.onBytes(first);
  const library = libc();
  if (library === null) return null;
  for (let read = 0; read < MOST_READS && socket.delivers(receiver); read++) {
    const memory = spare ?? new Uint8Array(new ArrayBuffer(SIZE));
    const count = library.receive(socket.fd, memory);
    if (count <= 0) {
      spare = memory;
      return count === 0 || WAITING.includes(errorName(-count))
        ? null
        : transportErrorFrom(new SystemError("recv", -count));
    }
    spare = null;
    lent = memory;
    receiver.onBytes(memory.subarray(0, count));
    if (spare === null) return null;
  }
  return null;
}

/** True where `chunk` is what {@link readOn} has lent out: it is its own again. */
export function takeBack(chunk: Uint8Array): boolean {
  if (lent === null || chunk.buffer !== lent.buffer) return false;
  spare = lent;
  lent = null;
  return true;
}

/** Of this thread: where the next read goes; null while it is lent out, or was kept. */
let spare: Uint8Array | null = null;
let lent: Uint8Array | null = null;

/** Small enough to stay in the processor's cache while it is read. */
const SIZE = 256 << 10;
/** 4 MiB: about as much as Bun reads before others have their turn. */
const MOST_READS = 16;
const WAITING: readonly string[] = ["EAGAIN", "EINTR"];

/** Bytes of a chunk from which more is likely to wait. */
export const LEAST_FLOOD: number = 128 << 10;
