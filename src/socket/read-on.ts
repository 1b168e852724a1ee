import { readingMemory } from "../codec/ws/run-memory.ts";
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
    const memory = memoryToRead();
    const count = library.receive(socket.fd, memory.bytes);
    if (count <= 0) {
      return count === 0 || WAITING.includes(errorName(-count))
        ? null
        : transportErrorFrom(new SystemError("recv", -count));
    }
    const chunk = memory.bytes.subarray(0, count);
    memory.lent = chunk;
    receiver.onBytes(chunk);
    if (memory.lent !== null) return null;
  }
  return null;
}

/** True where `chunk` is what {@link readOn} has lent out: it is its own again. */
export function takeBack(chunk: Uint8Array): boolean {
  return isBack(masked, chunk) || isBack(own, chunk);
}

interface ReadMemory {
  readonly bytes: Uint8Array;
  /** The chunk of it that a receiver has; to ask others for their buffer would make the engine set one up for each. */
  lent: Uint8Array | null;
}

function memoryToRead(): ReadMemory {
  if (masked === null) {
    const bytes = readingMemory();
    if (bytes !== null) masked = { bytes, lent: null };
  }
  if (masked !== null && masked.lent === null) return masked;
  if (own === null || own.lent !== null) own = { bytes: new Uint8Array(new ArrayBuffer(SIZE)), lent: null };
  return own;
}

function isBack(memory: ReadMemory | null, chunk: Uint8Array): boolean {
  if (memory === null || memory.lent !== chunk) return false;
  memory.lent = null;
  return true;
}

/** Of this thread, and the better one once runs of masked frames come: they need not be copied out of it. */
let masked: ReadMemory | null = null;
let own: ReadMemory | null = null;

/** Small enough to stay in the processor's cache while it is read. */
const SIZE = 256 << 10;
/** 4 MiB: about as much as Bun reads before others have their turn. */
const MOST_READS = 16;
const WAITING: readonly string[] = ["EAGAIN", "EINTR"];

/** Bytes of a chunk from which more is likely to wait. */
export const LEAST_FLOOD: number = 128 << 10;
