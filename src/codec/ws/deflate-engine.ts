/**
 * One raw DEFLATE stream (RFC 1951) that runs synchronously, in either direction. After each {@link run} the two fields say how far it
 * came.
 */
export interface DeflateStream {
  /** Index into the input of the first byte that was not taken. */
  readonly taken: number;
  /** Index into the output after the last byte that was written. */
  readonly written: number;
  /**
   * Runs `input[start, end)` through the stream into `output[at, limit)`, where `at < limit`, until either is used up: where that was the
   * output, call it again with the rest of the input, which may be empty, and more room. False where the input is not DEFLATE; then only
   * {@link reset} makes it usable.
   *
   * - Inflating gives all output that the input determines. It leaves input while there is room only where a final block has ended.
   * - Deflating flushes: what comes out is complete where it leaves room, and ends with an empty stored block, `00 00 ff ff`.
   */
  run(input: Uint8Array, start: number, end: number, output: Uint8Array, at: number, limit: number): boolean;
  /** Begins anew, with an empty window. */
  reset(): void;
  /** Gives the memory back; the stream must not be used again. May be called twice. */
  close(): void;
}

/** How one direction of a connection is compressed (RFC 7692 section 7.1). */
export interface DeflateWindow {
  /** The window is `2 ** windowBits` bytes: 8 to 15. */
  readonly windowBits: number;
  /** The window is kept from one message to the next. */
  readonly contextTakeover: boolean;
}

/** One direction with what runs it. `open` is called for the first message that is compressed. */
export interface DeflateWay extends DeflateWindow {
  open(windowBits: number): DeflateStream;
}
