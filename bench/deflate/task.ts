/** What the peer does with a contender, which is a client or a server. */
export interface DeflateTask {
  /** As the contender sees it. */
  readonly way: "receive" | "send";
  /** Bytes of a message. */
  readonly size: number;
  /** Messages that are timed, and before that are not: multiples of the number of books. */
  readonly count: number;
  readonly warmup: number;
}

/** What came of it: nanoseconds a message by the contender's clock and of its CPU, and bytes a message on the wire, header included. */
export interface DeflateResult {
  readonly wall: number;
  readonly cpu: number;
  readonly wire: number;
}

/** How a contender compresses, as JSON in its first argument, beside a window of 15 bits each way that is kept and zlib's memory level 8. */
export interface DeflateParameters {
  /** Where it connects to; null where it accepts. */
  readonly url: string | null;
  /** 1 to 9, as zlib means it. */
  readonly level: number;
  /** Messages under this many bytes are sent as they are. */
  readonly threshold: number;
}

export function readParameters(): DeflateParameters {
  return JSON.parse(process.argv[2] ?? "null");
}
