export { type AdoptOptions, adopt } from "./adopt.ts";
export type { ConnectTimes } from "./connect-clock.ts";
export type { TaskOptions } from "./connect-task.ts";
export { type DialOptions, type DialTarget, dial } from "./dial.ts";
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
} from "./errors.ts";
export { type MemoryPairOptions, memoryPair } from "./memory-pair.ts";
export type { KeepAliveOptions, SocketOptions } from "./options.ts";
export type { ProxyOptions } from "./proxy.ts";
export { ringMemory } from "./ring-memory.ts";
export type { SocketInfo, SocketOptionsInForce, TcpInfo } from "./socket-info.ts";
export { type StreamPair, type StreamTransportOptions, streamTransport } from "./stream-transport.ts";
export { type BindOptions, TcpListener } from "./tcp-listener.ts";
export { TcpSocket } from "./tcp-socket.ts";
export { type PemSource, TlsConfig, type TlsOptions } from "./tls-config.ts";
export type { Transport, TransportHandler } from "./transport.ts";
