import type { RingMemory } from "../byte-ring.ts";
import { debugByEnvironment } from "../debug.ts";
import { UsageError } from "../errors.ts";
import type { ContentDecoders } from "./content-coding.ts";
import type { Response } from "./response.ts";

/** What a {@link ResponseReader} is made of. */
export interface ResponseReaderOptions {
  /** Bytes of the ring, 256 to 2^30. Default 32 KiB. A larger body is put together beside it. */
  readonly capacity?: number;
  /** The ring's memory, where it is to be other than the heap's; then `capacity` is not looked at. */
  readonly memory?: RingMemory | null;
  /** Largest body in bytes, decoded too. Default 16 MiB, at most 2^30. Refused from the head or the chunk's size; streamed bodies have no limit. */
  readonly maxBodySize?: number;
  /** Field lines of a head, and of a trailer section. Default 128. */
  readonly maxHeaders?: number;
  /** Bytes of a head, of a trailer section, and of all chunk extensions. Default 16 KiB, or the capacity where that is less. */
  readonly maxHeadSize?: number;
  /** How to undo content codings, by name in lower case: `{ gzip }`. Default: bodies come as they were sent. */
  readonly decoders?: ContentDecoders | null;
  /** Told of each 1xx before the final response; what it is given is borrowed until it returns. Default: they are skipped. */
  readonly informational?: ((response: Response) => void) | null;
  /** Reading an expired response throws, at the price of an object per response. Default: whether `NEXUS_DEBUG` is `1`. */
  readonly debug?: boolean;
}

/** What the answer to a request may be, beside an ordinary response. */
export interface Expectation {
  /** The body is to come in pieces, by the reader's `nextPiece()`; it then has no size limit, and is not decoded. */
  readonly stream?: boolean;
  /** The request asks for another protocol, so that 101 is an answer. */
  readonly upgrade?: boolean;
}

/** The {@link Expectation} of most requests. */
export const ORDINARY: Expectation = { stream: false, upgrade: false };

/** {@link ResponseReaderOptions}, checked and complete, but for the memory. */
export interface ResponseReaderSettings {
  readonly maxBodySize: number;
  readonly maxHeaders: number;
  readonly maxHeadSize: number;
  readonly decoders: ContentDecoders | null;
  readonly informational: ((response: Response) => void) | null;
  readonly debug: boolean;
}

/** The capacity to take plain memory of. */
export function readerCapacity(options: ResponseReaderOptions): number {
  return checked("capacity", options.capacity ?? DEFAULT_CAPACITY, SMALLEST_CAPACITY, LARGEST);
}

/** `capacity` is that of the ring's memory. */
export function responseReaderSettings(options: ResponseReaderOptions, capacity: number): ResponseReaderSettings {
  const maxHeadSize = options.maxHeadSize ?? Math.min(DEFAULT_HEAD_SIZE, capacity);
  return {
    maxBodySize: checked("maxBodySize", options.maxBodySize ?? DEFAULT_BODY_SIZE, 0, LARGEST),
    maxHeaders: checked("maxHeaders", options.maxHeaders ?? DEFAULT_HEADERS, 0, MOST_HEADERS),
    maxHeadSize: checked("maxHeadSize", maxHeadSize, SMALLEST_HEAD_SIZE, capacity),
    decoders: options.decoders ?? null,
    informational: options.informational ?? null,
    debug: options.debug ?? debugByEnvironment(),
  };
}

function checked(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(
    "OPTION_OUT_OF_RANGE",
    `Cannot create reader: ${name} is ${value}, not an integer from ${least} to ${most}`,
  );
}

const DEFAULT_CAPACITY = 32 << 10;
const DEFAULT_BODY_SIZE = 16 << 20;
const DEFAULT_HEAD_SIZE = 16 << 10;
const DEFAULT_HEADERS = 128;
const SMALLEST_CAPACITY = 256;
/** A status line and a blank line. */
const SMALLEST_HEAD_SIZE = 16;
const MOST_HEADERS = 1 << 16;
/** Keeps every index a 32-bit integer. */
const LARGEST = 1 << 30;
