import { encodeFrame, endText, type PayloadKind, TEXT } from "./corpus.ts";

/** What a contender's process is told to do, as JSON in its first argument. */
export interface Task {
  readonly job: "receive" | "echo";
  /** `ws://127.0.0.1:port` or `wss://127.0.0.1:port` of the bench server. */
  readonly url: string;
  /** Path of the certificate authority's PEM; null without TLS. */
  readonly ca: string | null;
  readonly kind: PayloadKind;
  readonly size: number;
  /** Messages, or round trips, that are timed. */
  readonly count: number;
  /** The same, untimed, before. */
  readonly warmup: number;
  /** Messages whose every byte is checked before. */
  readonly examined: number;
  /** How often the mixed block is read before. */
  readonly mixes: number;
  /** All bytes that follow the upgrade response in the timed run and in the warm-up, end frame included. */
  readonly wireBytes: number;
  readonly warmupWireBytes: number;
}

/** What it answers, as one line of JSON: nanoseconds a message by the clock and of CPU, or round trips in microseconds. */
export type TaskResult =
  | { readonly job: "receive"; readonly wall: number; readonly cpu: number }
  | {
      readonly job: "echo";
      readonly p10: number;
      readonly p50: number;
      readonly p90: number;
      readonly p99: number;
      readonly p999: number;
    };

/** The bytes on the wire of `count` unmasked frames of `size` and the end frame. */
export function bytesOnTheWire(size: number, count: number): number {
  return count * encodeFrame(TEXT, new Uint8Array(size), true, null).length + 2 + endText(0, 0, 0).length;
}
