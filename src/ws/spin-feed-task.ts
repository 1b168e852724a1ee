import type { TlsOptions } from "../socket/tls-config.ts";
import type { WsClosure } from "./session-state.ts";
import type { SpinWsOptions } from "./spin-options.ts";

/** What the Worker of a feed is told, once. */
export interface FeedTask {
  readonly url: string;
  readonly options: Omit<SpinWsOptions, "tls" | "signal" | "latency">;
  readonly tls: TlsOptions | null;
  readonly cpu: number | null;
  /** Memory of the rings: messages come here, and what is to be sent goes there. */
  readonly messages: SharedArrayBuffer;
  readonly commands: SharedArrayBuffer;
}

/** How a feed ended, as JSON in its last record. */
export interface FeedEnd {
  readonly closure: WsClosure | null;
  readonly failure: { readonly name: string; readonly code: string; readonly message: string } | null;
}

/** The kinds of records: messages by their opcode, and the end. */
export const FEED_KINDS = { text: 1, binary: 2, close: 8, ping: 9, pong: 10, end: 16 } as const;
