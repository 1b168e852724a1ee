/** What a contender of the series is told to do, as JSON in its first argument. */
export interface SeriesTask {
  /** `ws://127.0.0.1:port` of the bench server. */
  readonly url: string;
  readonly connections: number;
  /** Bytes of each message. */
  readonly size: number;
  /** Messages of each connection that are timed, and of one connection that are not, before. */
  readonly each: number;
  readonly warmup: number;
  /** All bytes that follow the upgrade response on each connection, and in the warm-up, end frame included. */
  readonly wireBytes: number;
  readonly warmupWireBytes: number;
  /** How often the mixed block is read before. */
  readonly mixes: number;
}

/** What it answers, as one line of JSON: nanoseconds of all connections together, and RSS in bytes while they stand. */
export interface SeriesResult {
  readonly wall: number;
  readonly cpu: number;
  readonly rss: number;
}
