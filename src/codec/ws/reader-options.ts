import type { RingMemory } from "../byte-ring.ts";
import { debugByEnvironment } from "../debug.ts";
import { UsageError } from "../errors.ts";
import type { DeflateWay } from "./deflate-engine.ts";
import type { HeaderRules } from "./frame-header.ts";
import { MASK_BIT, type Role } from "./opcode.ts";

/** What a {@link FrameReader} is made of. */
export interface FrameReaderOptions {
  /** Which end reads: a `"client"` refuses masked frames, a `"server"` unmasked ones. */
  readonly role: Role;
  /** Bytes of the ring, 256 to 2^30. Default 256 KiB. Larger messages are put together beside it. */
  readonly bufferCapacity?: number;
  /** The ring's memory, where it is to be other than the heap's: 256 bytes to 2^30. Then `bufferCapacity` is not looked at. */
  readonly memory?: RingMemory | null;
  /** Largest payload of one frame in bytes. Default: `maxMessageSize`. Refused from the header. */
  readonly maxFrameSize?: number;
  /**
   * Largest message in bytes, all fragments together. Default 16 MiB, at most 2^30. Refused from the header; where it is compressed,
   * while it inflates.
   */
  readonly maxMessageSize?: number;
  /** How compressed messages are inflated, where that was agreed on (RFC 7692). Default: there must be none. */
  readonly inflate?: DeflateWay | null;
  /** Reading an expired message throws, at the price of an object per message. Default: whether `NEXUS_DEBUG` is `1`. */
  readonly debug?: boolean;
}

/** {@link FrameReaderOptions}, checked and complete. */
export interface ReaderSettings {
  readonly bufferCapacity: number;
  readonly rules: HeaderRules;
  readonly debug: boolean;
}

export function readerSettings(options: FrameReaderOptions): ReaderSettings {
  const maxMessageSize = options.maxMessageSize ?? DEFAULT_MESSAGE_SIZE;
  const memory = options.memory ?? null;
  return {
    bufferCapacity:
      memory === null
        ? checked("bufferCapacity", options.bufferCapacity ?? DEFAULT_CAPACITY, SMALLEST_CAPACITY)
        : checked("memory.capacity", memory.capacity, SMALLEST_CAPACITY),
    rules: {
      maskBit: options.role === "server" ? MASK_BIT : 0,
      maxMessageSize: checked("maxMessageSize", maxMessageSize, 0),
      maxFrameSize: checked("maxFrameSize", options.maxFrameSize ?? maxMessageSize, 0),
      deflate: (options.inflate ?? null) !== null,
    },
    debug: options.debug ?? debugByEnvironment(),
  };
}

function checked(name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least && value <= LARGEST) return value;
  throw new UsageError(
    "OPTION_OUT_OF_RANGE",
    `Cannot create reader: ${name} is ${value}, not an integer from ${least} to ${LARGEST}`,
  );
}

const DEFAULT_CAPACITY = 256 << 10;
const DEFAULT_MESSAGE_SIZE = 16 << 20;
/** A control frame and a header must fit, with room to spare. */
const SMALLEST_CAPACITY = 256;
/** Keeps every index a 32-bit integer. */
const LARGEST = 1 << 30;
