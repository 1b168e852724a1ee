import { NexusError, TimeoutError } from "../codec/errors.ts";
import type { HeaderPairs } from "../codec/http/head.ts";
import type { FrameReader } from "../codec/ws/frame-reader.ts";
import type { UpgradeFaultCode } from "../codec/ws/upgrade-judgement.ts";
import type { UpgradeOutcome } from "../codec/ws/upgrade-response.ts";
import type { SessionState } from "./session-state.ts";

/** The codes of {@link HandshakeError}; a server has those of {@link UpgradeFaultCode} as well. */
export type HandshakeErrorCode =
  | UpgradeFaultCode
  /** The server answered with a status other than 101; where we are the server, `onUpgrade` said so. */
  | "HANDSHAKE_REFUSED"
  /** The 101 breaks a rule of RFC 6455 section 4.1. */
  | "HANDSHAKE_INVALID"
  /** The server grants other compression than was offered (RFC 7692 section 7.1). */
  | "HANDSHAKE_EXTENSION"
  /** What came is not an HTTP/1.1 head, or over its limit; of a server `cause` is the ProtocolError. */
  | "HANDSHAKE_MALFORMED"
  /** The connection ended before the peer's half was whole. */
  | "HANDSHAKE_CUT";

/** The WebSocket was not opened: the server would not, or, where we are the server, the client's request was refused. */
export class HandshakeError extends NexusError {
  declare readonly code: HandshakeErrorCode;
  /** Status of the answer; 0 where there was none. */
  readonly status: number;
  /** The fields that the peer sent, in order and case. */
  readonly headers: HeaderPairs;
  /** The first 4 KiB of the answer's body; of a server `""`. */
  readonly body: string;

  constructor(outcome: UpgradeOutcome & { open: false }, options?: ErrorOptions, action = "open") {
    super(outcome.code, `Cannot ${action} WebSocket: ${outcome.reason}`, options);
    this.status = outcome.status;
    this.headers = outcome.headers;
    this.body = outcome.body;
  }
}

/** The codes of {@link WsClosedError}. */
export type WsClosedErrorCode =
  /** Something was to be sent, or room was awaited, on a WebSocket that is closing or closed. */
  | "WS_NOT_OPEN"
  /** The peer ended the connection without a close frame. */
  | "WS_ABNORMAL_CLOSURE"
  /** `terminate()` cut the connection. */
  | "WS_TERMINATED";

/** The WebSocket is not, or no longer, there to do what was asked. */
export class WsClosedError extends NexusError {
  declare readonly code: WsClosedErrorCode;
}

/** The connection ended without a close frame; the reader knows where. */
export function abnormalClosure({ nextFrame, ring, unread }: FrameReader): WsClosedError {
  const missing = nextFrame - ring.tail;
  const inHeader = unread > 0 ? "within a frame" : "between two frames";
  const where = missing > 0 ? `${missing} bytes before the end of a frame` : inHeader;
  return new WsClosedError(
    "WS_ABNORMAL_CLOSURE",
    `Cannot read: the peer ended the connection without a close frame, ${where}`,
  );
}

/** `action` needs an open WebSocket. */
export function notOpen(action: string, state: SessionState): WsClosedError {
  const how = state === "ended" ? "closed" : "closing";
  return new WsClosedError("WS_NOT_OPEN", `Cannot ${action}: the WebSocket is ${how}`);
}

/** The peer did not answer our close frame. */
export function closeTimedOut(timeout: number): TimeoutError {
  const message = `Cannot close WebSocket: the peer sent no close frame within ${timeout} ms`;
  return new TimeoutError("WS_CLOSE_TIMEOUT", message, timeout, "close");
}
