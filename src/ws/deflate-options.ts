import { UsageError } from "../codec/errors.ts";
import type { DeflateTerms } from "../codec/ws/deflate-terms.ts";
import { checkDeflate, type DeflateTuning } from "./deflate-zlib.ts";

/**
 * How messages are compressed (permessage-deflate, RFC 7692). Everything is optional. The peer may want less than is said here: then
 * that holds.
 */
export interface DeflateOptions {
  /** Messages under this many bytes are sent as they are. Default 1,024. */
  readonly threshold?: number;
  /** 1 (fastest) to 9 (smallest), 0 stores. Default 1. A book of 676 bytes takes 4 µs and 43 % of its size with 1, 25 to 70 µs and 30 % with 6. */
  readonly level?: number;
  /** Memory that compressing takes, 1 to 9, as zlib means it. Default 8. */
  readonly memLevel?: number;
  /** What we send refers back over at most `2 ** windowBits` bytes, 8 to 15. Default 15. */
  readonly windowBits?: number;
  /** What we send refers back to messages before. Default true. Without it each message is compressed alone: larger, but nothing is kept. */
  readonly contextTakeover?: boolean;
  /** {@link windowBits} for what the peer sends. Default 15. With less, a client that cannot limit its window is not compressed for. */
  readonly peerWindowBits?: number;
  /** {@link contextTakeover} for what the peer sends. Default true. */
  readonly peerContextTakeover?: boolean;
}

/** {@link DeflateOptions}, checked and complete. */
export interface DeflateSettings extends DeflateTuning {
  readonly threshold: number;
  readonly terms: DeflateTerms;
}

/** Null where nothing is to be compressed. */
export function deflateSettings(option: boolean | DeflateOptions | undefined): DeflateSettings | null {
  if (option === undefined || option === false) return null;
  const options = option === true ? {} : option;
  const { contextTakeover = true, peerContextTakeover = true } = options;
  const settings = {
    threshold: within("threshold", options.threshold ?? 1024, 0, 1 << 30),
    level: within("level", options.level ?? 1, 0, 9),
    memLevel: within("memLevel", options.memLevel ?? 8, 1, 9),
    terms: {
      own: { windowBits: within("windowBits", options.windowBits ?? 15, 8, 15), contextTakeover },
      peer: {
        windowBits: within("peerWindowBits", options.peerWindowBits ?? 15, 8, 15),
        contextTakeover: peerContextTakeover,
      },
    },
  };
  checkDeflate();
  return settings;
}

function within(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(
    "OPTION_OUT_OF_RANGE",
    `Cannot open WebSocket: deflate.${name} is ${value}, not an integer from ${least} to ${most}`,
  );
}
