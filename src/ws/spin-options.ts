import { type SpinOptions, type SpinWaitSettings, spinWaitSettings } from "../socket/spin-wait.ts";
import { type WsOptions, type WsSettings, wsSettings } from "./options.ts";

/** How a WebSocket is opened and held by a thread that spins: {@link WsOptions}, and how it waits. */
export interface SpinWsOptions extends WsOptions, SpinOptions {}

/** {@link SpinWsOptions}, checked and complete. */
export interface SpinWsSettings {
  readonly ws: WsSettings;
  readonly wait: SpinWaitSettings;
}

export function spinWsSettings(options: SpinWsOptions): SpinWsSettings {
  return { ws: wsSettings(options), wait: spinWaitSettings(options) };
}
