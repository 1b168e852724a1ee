// WebSocket
export type { AcceptDecision, AcceptOptions, RefuseDecision, UpgradeDecision } from "./src/ws/accept-options.ts";
export { WsChannel } from "./src/ws/channel.ts";
export { WsConnection, type WsHandlers } from "./src/ws/connection.ts";
export type { DeflateOptions } from "./src/ws/deflate-options.ts";
export type { HeartbeatOptions } from "./src/ws/heartbeat.ts";
export { type ConnectHistograms, LatencyRecorder, type WsLatency } from "./src/ws/latency.ts";
export type { LivenessOptions } from "./src/ws/liveness.ts";
export type { WsOptions } from "./src/ws/options.ts";
export type { SessionState, WsClosure } from "./src/ws/session-state.ts";
export { WsStream } from "./src/ws/stream.ts";
export type { SendableMessage } from "./src/ws/web-streams.ts";

// REST
export type { BodySource } from "./src/http/body-sender.ts";
export { HttpConnection } from "./src/http/connection.ts";
export { contentDecoders } from "./src/http/decoders.ts";
export type { HttpOptions, SendOptions } from "./src/http/options.ts";
export { CompleteResponse, type RequestInit, request } from "./src/http/request.ts";
export type { HttpState } from "./src/http/state.ts";
export type { ContentDecoder, ContentDecoders } from "./src/codec/http/content-coding.ts";
export { Request } from "./src/codec/http/request.ts";
export type { FinishStage, HeaderStage, QueryStage } from "./src/codec/http/request-stages.ts";
export { RequestWriter, type RequestWriterOptions } from "./src/codec/http/request-writer.ts";
export { type OwnedResponse, Response } from "./src/codec/http/response.ts";
export type { Expectation, ResponseReaderOptions } from "./src/codec/http/response-options.ts";
export { ResponseReader } from "./src/codec/http/response-reader.ts";
export { RESPONSE_PLACES, ResponseWindow } from "./src/codec/http/response-window.ts";

// Pools
export { AtomicClientPool } from "./src/pool/atomic-client-pool.ts";
export { AtomicClientSlot } from "./src/pool/atomic-client-slot.ts";
export type { WatchableWorker } from "./src/pool/atomic-watch.ts";
export { type AcquireOptions, ClientPool } from "./src/pool/client-pool.ts";
export { ClientSlot } from "./src/pool/client-slot.ts";
export { Lease, LifoPool, type LifoPoolOptions } from "./src/pool/lifo-pool.ts";
export type { ClientPoolOptions, PoolEvents, ReconnectOptions } from "./src/pool/options.ts";
export type { PoolStats } from "./src/pool/pool-stats.ts";
export type { SharedHandle, WorkerThread } from "./src/pool/shared-part.ts";
export { type SharedSendOptions, SharedSlot } from "./src/pool/shared-slot.ts";

// Errors
export {
  NexusError,
  PROTOCOL_FAULTS,
  ProtocolError,
  type ProtocolFault,
  TimeoutError,
  UsageError,
} from "./src/codec/errors.ts";
export {
  AbortedError,
  ConnectError,
  type ConnectErrorCode,
  type ConnectFailure,
  type ConnectPhase,
  ListenError,
  type ListenErrorCode,
  SocketOptionError,
  type SocketOptionErrorCode,
  TlsConfigError,
  type TlsConfigErrorCode,
  TransportError,
  type TransportErrorCode,
} from "./src/socket/errors.ts";
export { RequestError, type RequestErrorCode, type RequestProgress } from "./src/http/errors.ts";
export { PoolError, type PoolErrorCode } from "./src/pool/errors.ts";
export { HandshakeError, type HandshakeErrorCode, WsClosedError, type WsClosedErrorCode } from "./src/ws/errors.ts";

// Sans-IO
export { Histogram, type HistogramSummary } from "./src/codec/histogram.ts";
export { ByteRing, memoryOver, plainMemory, type RingMemory } from "./src/codec/byte-ring.ts";
export { WriteBuffer } from "./src/codec/write-buffer.ts";
export { CloseCode, isSendableCloseCode } from "./src/codec/ws/close-code.ts";
export type { DeflateStream, DeflateWay, DeflateWindow } from "./src/codec/ws/deflate-engine.ts";
export type { DeflateTerms } from "./src/codec/ws/deflate-terms.ts";
export type { HeaderRules } from "./src/codec/ws/frame-header.ts";
export { FrameReader } from "./src/codec/ws/frame-reader.ts";
export { FrameWriter, type FrameWriterOptions, type PayloadWriter } from "./src/codec/ws/frame-writer.ts";
export type { MaskKeys } from "./src/codec/ws/mask.ts";
export { Message, type MessageKind, type OwnedMessage, type ReceiptOf } from "./src/codec/ws/message.ts";
export { Opcode, type Role } from "./src/codec/ws/opcode.ts";
export type { FrameReaderOptions } from "./src/codec/ws/reader-options.ts";
export type { ReceiveStamps } from "./src/codec/ws/receive-stamps.ts";
export type { HeaderPairs } from "./src/codec/http/head.ts";
export { RequestHead } from "./src/codec/http/request-head.ts";
export { RequestReader, type RequestReaderOptions } from "./src/codec/http/request-reader.ts";
export type { UpgradeFaultCode } from "./src/codec/ws/upgrade-judgement.ts";
export type { UpgradeOutcome } from "./src/codec/ws/upgrade-response.ts";

// Sockets
export { type MirroredMemory, mirroredMemory } from "./src/ffi/mirrored-memory.ts";
export { type AdoptOptions, adopt } from "./src/socket/adopt.ts";
export type { ConnectTimes } from "./src/socket/connect-clock.ts";
export type { TaskOptions } from "./src/socket/connect-task.ts";
export { type DialOptions, type DialTarget, dial } from "./src/socket/dial.ts";
export { type MemoryPairOptions, memoryPair } from "./src/socket/memory-pair.ts";
export type { KeepAliveOptions, SocketOptions } from "./src/socket/options.ts";
export type { ProxyOptions } from "./src/socket/proxy.ts";
export { ringMemory } from "./src/socket/ring-memory.ts";
export type { SocketInfo, SocketOptionsInForce, TcpInfo } from "./src/socket/socket-info.ts";
export {
  type StreamPair,
  type StreamTransportOptions,
  streamTransport,
} from "./src/socket/stream-transport.ts";
export { type BindOptions, TcpListener } from "./src/socket/tcp-listener.ts";
export { TcpSocket } from "./src/socket/tcp-socket.ts";
export { type PemSource, TlsConfig, type TlsOptions } from "./src/socket/tls-config.ts";
export type { Transport, TransportHandler } from "./src/socket/transport.ts";
