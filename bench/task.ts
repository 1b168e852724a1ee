import { encodeFrame, endText, type PayloadKind, TEXT } from "./corpus.ts";

/** What one process measures, whoever drives it. */
export interface Load {
  /** Bytes of payload. */
  readonly size: number;
  /** Messages, or round trips of all connections together, that are timed; of {@link Windowed} in a window. */
  readonly count: number;
  /** The same, untimed, before. */
  readonly warmup: number;
  /** How often the mixed block is read before. */
  readonly mixes: number;
}

/** Timed in parts. */
export interface Windowed {
  /** So many parts, each begun when the program is told to; 1: at once, and it is told nothing. */
  readonly windows: number;
}

/** What a contender's process is told to do, as JSON in its first argument. */
export interface Task extends Load, Windowed {
  readonly job: "receive" | "echo";
  /** `ws://127.0.0.1:port` or `wss://127.0.0.1:port` of the bench server. */
  readonly url: string;
  /** Path of the certificate authority's PEM; null without TLS. */
  readonly ca: string | null;
  readonly kind: PayloadKind;
  /** Messages whose every byte is checked before. */
  readonly examined: number;
  /** All bytes that follow the upgrade response in a timed run and in the warm-up, end frame included. */
  readonly wireBytes: number;
  readonly warmupWireBytes: number;
}

/** Time on the clock, and time that the process (its helper threads too) spent on a CPU, in nanoseconds: of a run, or of each message of it. */
export interface Elapsed {
  readonly wall: number;
  readonly cpu: number;
}

/** What receiving came to, a message. */
export interface ReceiveResult extends Elapsed {
  readonly job: "receive";
}

/** What it answers, as one line of JSON: {@link Elapsed}, or round trips in microseconds. */
export type TaskResult =
  | ReceiveResult
  | {
      readonly job: "echo";
      readonly p10: number;
      readonly p50: number;
      readonly p90: number;
      readonly p99: number;
      readonly p999: number;
    };

/**
 * Round trips before those that are timed. The engine takes tens of thousands to compile all of a client, however few are timed; where they are
 * few enough to be a look only, twice as many do.
 */
export function warmupTrips(count: number): number {
  return count < LOOK ? 2 * count : Math.max(2 * count, 40_000);
}

/** The bytes on the wire of `count` unmasked frames of `size` and the end frame. */
export function bytesOnTheWire(size: number, count: number): number {
  return count * encodeFrame(TEXT, new Uint8Array(size), true, null).length + 2 + endText(0, 0, 0).length;
}

/** Round trips: who times fewer only looks. */
const LOOK = 1_000;
