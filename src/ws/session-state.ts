import type { MessageSink } from "../codec/ws/message-sink.ts";

/**
 * Where an open WebSocket stands (RFC 6455 section 7.1).
 *
 * - `open`: messages travel both ways
 * - `closing`: our close frame is out, the peer's is not in
 * - `answered`: both close frames were exchanged; the end of the connection is awaited
 * - `failed`: the peer broke the protocol; it was told, and the end of the connection is awaited
 * - `ended`: nothing more comes or goes
 */
export type SessionState = "open" | "closing" | "answered" | "failed" | "ended";

/** From each state, where it can go. */
export const TRANSITIONS: Readonly<Record<SessionState, readonly SessionState[]>> = {
  open: ["closing", "answered", "failed", "ended"],
  closing: ["answered", "failed", "ended"],
  answered: ["ended"],
  failed: ["ended"],
  ended: [],
};

/** How a WebSocket was closed: the peer's code and reason, 1005 where its close frame had no code, 1006 and `""` where none came. */
export interface WsClosure {
  readonly code: number;
  readonly reason: string;
}

/** How a session ended. */
export interface SessionEnd extends WsClosure {
  /** Null after a closing handshake, and after `terminate()`. */
  readonly error: Error | null;
}

/** What a session tells the shell around it: WsConnection's callbacks, WsStream's promises. */
export interface SessionShell {
  /** Something changed: take messages with `next()`, then look at `end`. */
  wake(): void;
  /** Where messages are pushed; null where they are pulled with `next()`. */
  readonly sink: MessageSink | null;
  /** There is room to send after a send had said false. */
  room(): void;
}
