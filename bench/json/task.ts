/** What a contender of the JSON rows is told to do, as JSON in its first argument. */
export interface JsonTask {
  /** `ws://127.0.0.1:port` of the bench server. */
  readonly url: string;
  /** Bytes of each message, one of the `JSON_SIZES`. */
  readonly size: number;
  /** Messages that are timed, and the sum of `u` over them in 32 bits. */
  readonly count: number;
  readonly sum: number;
  /** The same, untimed, before. */
  readonly warmup: number;
  readonly warmupSum: number;
  /** How often the mixed block is read before. */
  readonly mixes: number;
}

/** What a contender saw up to the end frame. */
export interface JsonReceipt {
  messages: number;
  /** The sum of `u` in 32 bits. */
  sum: number;
  end: string;
  wall: number;
  cpu: number;
}
