import type { Elapsed, Load } from "../task.ts";

/** What the peer does with a contender, which is a client or a server: messages by multiples of the number of books. */
export interface DeflateTask extends Omit<Load, "mixes"> {
  /** As the contender sees it. */
  readonly way: "receive" | "send";
}

/** What came of it: the contender's clocks a message, and bytes a message on the wire, header included. */
export interface DeflateResult extends Elapsed {
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
  /** What is sent together goes out together: of account to `WsConnection` alone. */
  readonly corked: boolean;
}

export function readParameters(): DeflateParameters {
  return JSON.parse(process.argv[2] ?? "null");
}
