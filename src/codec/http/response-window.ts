import { wordsOf } from "../ascii.ts";
import { memoryOver } from "../byte-ring.ts";
import { UsageError } from "../errors.ts";
import { type HeadLimits, HeadReader } from "./head.ts";
import { KEPT_ALIVE, ReaderResponse, type Response, UPGRADED } from "./response.ts";
import { ResponseHead } from "./response-head.ts";

/** How many numbers `response.locate` writes. */
export const RESPONSE_PLACES = 7;

/**
 * Shows responses that another reader, in another thread perhaps, has read into memory that both share. Where they lie is told by
 * the numbers that `response.locate` wrote there.
 *
 * ```ts
 * const reader = new ResponseReader({ memory: memoryOver(new Uint8Array(shared)) });     // here
 * if (response.locate(places)) hand(places);
 * const shown = new ResponseWindow(new Uint8Array(shared)).open(places);                 // there
 * ```
 *
 * Who may read and who write is for the threads to settle between them, by `Atomics`: neither side waits or checks.
 */
export class ResponseWindow {
  private readonly bytes: Uint8Array;
  private readonly words: Int32Array;
  private readonly head: ResponseHead;
  private readonly trailers: HeadReader;
  private readonly response: ReaderResponse;

  /** `bytes` are the reader's memory, as {@link memoryOver} takes them; `maxHeaders` is the reader's. */
  constructor(bytes: Uint8Array, options: { readonly maxHeaders?: number } = {}) {
    const memory = memoryOver(bytes);
    const limits: HeadLimits = { maxHeaders: options.maxHeaders ?? DEFAULT_HEADERS, maxHeadSize: memory.capacity };
    this.bytes = memory.bytes;
    this.words = wordsOf(memory.bytes);
    this.head = new ResponseHead(limits);
    this.trailers = new HeadReader(limits);
    this.response = new ReaderResponse(bytes, this.head.fields, this.trailers);
  }

  /**
   * The response that lies where `places` says from `at` on: the window's one object, valid until it opens another, or its memory is written.
   * Throws UsageError (`RESPONSE_EXPIRED`) where no response lies there.
   */
  open(places: Int32Array, at = 0): Response {
    const [headStart = 0, headEnd = 0, start = 0, end = 0, trailerStart = 0, trailerEnd = 0, flags = 0] =
      places.subarray(at, at + RESPONSE_PLACES);
    const { bytes, words, head, trailers, response } = this;
    const ordered = 0 <= headStart && headStart < headEnd && headEnd <= start && start <= end && end <= bytes.length;
    if (!ordered || trailerEnd > bytes.length) throw expired();
    // What the request was is not known here but for this: 101 and success to CONNECT are answers, and their end is another protocol's.
    head.begin((flags & UPGRADED) === 0 ? "GET" : "CONNECT", true);
    if (!head.read(bytes, words, headStart, headEnd)) throw expired();
    trailers.clearForTrailers();
    if (trailerEnd > trailerStart && !trailers.read(bytes, trailerStart, trailerEnd)) throw expired();
    response.fill(head.status, head.isInterim ? null : head.framing);
    response.keepAlive = (flags & KEPT_ALIVE) !== 0;
    response.place(bytes, headStart, start, end, trailerStart);
    return response;
  }
}

function expired(): UsageError {
  return new UsageError("RESPONSE_EXPIRED", "Cannot open response: none lies where its places say");
}

const DEFAULT_HEADERS = 128;
