import { NexusError, ProtocolError, UsageError } from "../codec/errors.ts";
import type { HttpState } from "./state.ts";

/**
 * How far a request got before it failed. For an order it decides what is to be asked of the venue next:
 *
 * - `not-sent`: no byte left; the server cannot have seen it
 * - `partly-sent`: some bytes left; a server that keeps to RFC 9112 does not act on part of a request
 * - `sent`: all of it left, nothing came back; whether the server acted is unknown
 * - `response-started`: some of the answer came, an interim one perhaps; the server has the request, the outcome is unknown
 */
export type RequestProgress = "not-sent" | "partly-sent" | "sent" | "response-started";

/** The codes of {@link RequestError}. */
export type RequestErrorCode =
  /** The connection was closed, poisoned or handed over before; nothing was sent. */
  | "REQUEST_NOT_REUSABLE"
  /** The peer ended or reset the connection before the answer was whole; `cause` is the transport's error where it had one. */
  | "REQUEST_CONNECTION_LOST"
  /** The answer breaks the protocol; `cause` is the ProtocolError. */
  | "REQUEST_BAD_RESPONSE"
  /** The request's `timeout` ran out; `cause` is the TimeoutError. */
  | "REQUEST_TIMEOUT"
  /** The request's `signal` fired; `cause` is its reason. */
  | "REQUEST_ABORTED"
  /** The iterable that gave the body threw, gave another number of bytes than was stated, or a piece of another kind; `cause` says which. */
  | "REQUEST_BODY_FAILED"
  /** `close()` or `terminate()` was called while the request was in flight. */
  | "REQUEST_CONNECTION_CLOSED";

/** A request failed. It is told once, was not tried again, and its connection is not used any more. */
export class RequestError extends NexusError {
  declare readonly code: RequestErrorCode;
  readonly progress: RequestProgress;
  /** Bytes of the request, head and body, that the kernel took. */
  readonly bytesSent: number;

  constructor(
    code: RequestErrorCode,
    message: string,
    progress: RequestProgress,
    bytesSent: number,
    cause: unknown = null,
  ) {
    super(code, `${message} (${progress}, ${bytesSent} bytes)`, cause === null ? undefined : { cause });
    this.progress = progress;
    this.bytesSent = bytesSent;
  }
}

/** Why a connection in `state` takes no request; `cause` is what ended it. */
export function notReusable(state: HttpState, cause: unknown): NexusError {
  if (state === "busy" || state === "streaming") {
    return new UsageError("REQUEST_UNDER_WAY", "Cannot send request: another one is in flight on this connection");
  }
  return new RequestError(
    "REQUEST_NOT_REUSABLE",
    `Cannot send request: the connection is ${state}`,
    "not-sent",
    0,
    cause,
  );
}

/** Bytes that answer no request. */
export function unexpected(bytes: number): ProtocolError {
  return new ProtocolError("HTTP_RESPONSE_UNEXPECTED", `${bytes} bytes`);
}
