import { warmupTrips } from "../task.ts";
import { answerLength, encodeMessage, REQUESTS, type RequestKind, type RequestText, venueFields } from "./messages.ts";

/** What a request contender's process is told to do, as JSON in its first argument. */
export interface RequestTask {
  /** `http://127.0.0.1:port` or `https://127.0.0.1:port` of the server. */
  readonly origin: string;
  /** Path of the certificate authority's PEM; null without TLS. */
  readonly ca: string | null;
  readonly kind: RequestKind;
  readonly request: RequestText;
  /** Bytes of the body of each answer, and of the whole answer. */
  readonly bodyLength: number;
  readonly wireBytes: number;
  /** Requests that are timed, one after another on one connection. */
  readonly count: number;
  /** The same, untimed, before: as many as the engine takes until it has compiled all of a client. */
  readonly warmup: number;
  /** In so many parts they are timed, each when the program is told to; 1: at once, and it is told nothing. */
  readonly windows: number;
}

/** What it answers, as one line of JSON: round trips and CPU time in microseconds; `p50` is the mean of the windows' medians. */
export interface RequestTaskResult {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly perSecond: number;
  readonly cpu: number;
}

export function requestTask(
  origin: string,
  ca: string | null,
  kind: RequestKind,
  count: number,
  windows = 1,
): RequestTask {
  const bodyLength = answerLength(kind);
  const head = encodeMessage("HTTP/1.1 200 OK", venueFields(0, bodyLength), "");
  return {
    origin,
    ca,
    kind,
    request: REQUESTS[kind],
    bodyLength,
    wireBytes: head.length + bodyLength,
    count,
    warmup: warmupTrips(Math.min(count, SETTLED)),
    windows,
  };
}

/** Of more that are timed no more come before: by then all of a client is compiled. */
const SETTLED = 20_000;
