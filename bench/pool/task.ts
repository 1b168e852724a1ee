/** What a process of the pool benches that sends requests is told to do, as JSON in its first argument. */
export interface PoolTask {
  /** `http://127.0.0.1:port` of the server. */
  readonly origin: string;
  /** Through a pool of as many connections as there are tasks; otherwise on one connection. */
  readonly pooled: boolean;
  /** How many send at the same time. */
  readonly tasks: number;
  /** Bytes of the body of each answer. */
  readonly bodyLength: number;
  /** Requests of all tasks together that are timed, and before that are not. */
  readonly count: number;
  readonly warmup: number;
  /** In so many parts they are timed, each when the program is told to. */
  readonly windows: number;
}

/** What it answers, as one line of JSON: round trips and CPU time a request in microseconds; `p50` is the mean of the windows' medians. */
export interface PoolTaskResult {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  readonly cpu: number;
}

/** From one thread to another and back: microseconds, as one line of JSON. */
export interface HandOverResult {
  readonly p50: number;
  readonly p99: number;
}

/** How long it took from the restart of a server to the first answer, by JSON in one line: milliseconds, once for each outage. */
export interface ReconnectResult {
  readonly milliseconds: readonly number[];
}

/** What a server that stays away cost: attempts to connect for each slot, and CPU time for each second. */
export interface StoppedResult {
  readonly attempts: number;
  readonly cpuMilliseconds: number;
}
