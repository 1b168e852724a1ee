import { type SpinOptions, type SpinWaitSettings, spinWaitSettings } from "../socket/spin-wait.ts";
import { type HttpOptions, type HttpSettings, httpSettings } from "./options.ts";

/** How a connection is made and held by a thread that spins: {@link HttpOptions}, but for `onConnect`, and how it waits. */
export interface SpinHttpOptions extends Omit<HttpOptions, "onConnect">, SpinOptions {}

/** How one request is sent. */
export interface SpinSendOptions {
  /** Milliseconds from `send` to the whole response. Default 0: none. */
  readonly timeout?: number;
}

/** {@link SpinHttpOptions}, checked and complete. */
export interface SpinHttpSettings {
  readonly http: HttpSettings;
  readonly wait: SpinWaitSettings;
}

export function spinHttpSettings(options: SpinHttpOptions): SpinHttpSettings {
  return { http: httpSettings(options), wait: spinWaitSettings(options) };
}
