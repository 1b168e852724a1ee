export { SpinHttpConnection } from "../http/spin-connection.ts";
export type { SpinHttpOptions, SpinSendOptions } from "../http/spin-options.ts";
export { pinThread } from "../socket/spin-thread.ts";
export { TlsCodec } from "../socket/spin-tls-codec.ts";
export type { SpinOptions, SpinWaitMode, SpinWaitOptions } from "../socket/spin-wait.ts";
export { SpinFeed, type SpinFeedOptions } from "../ws/spin-feed.ts";
export { SpinLoop } from "../ws/spin-loop.ts";
export type { SpinWsOptions } from "../ws/spin-options.ts";
export { type SpinCallOptions, SpinWsStream } from "../ws/spin-stream.ts";
