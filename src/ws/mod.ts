export { WsChannel } from "./channel.ts";
export { WsConnection, type WsHandlers } from "./connection.ts";
export { HandshakeError, type HandshakeErrorCode, WsClosedError, type WsClosedErrorCode } from "./errors.ts";
export type { HeartbeatOptions } from "./heartbeat.ts";
export type { LivenessOptions } from "./liveness.ts";
export type { WsOptions } from "./options.ts";
export type { SessionState, WsClosure } from "./session-state.ts";
export { WsStream } from "./stream.ts";
export type { SendableMessage } from "./web-streams.ts";
