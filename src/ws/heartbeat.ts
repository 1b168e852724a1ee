import type { Message } from "../codec/ws/message.ts";

/**
 * Heartbeats in text messages, as venues have them that do without ping frames. What matches is answered before it is decoded, and not
 * delivered.
 *
 * ```ts
 * const asking: HeartbeatOptions = { match: "pong", send: "ping", interval: 20_000 }; // the client asks: OKX
 * const answering: HeartbeatOptions = { match: '{"event":"ping"}', reply: '{"event":"pong"}' }; // the server asks
 * ```
 */
export interface HeartbeatOptions {
  /** The text of the peer's heartbeat, byte for byte; or a function that looks at the payload in `bytes` at `[start, end)`. */
  readonly match?: string | ((bytes: Uint8Array, start: number, end: number) => boolean);
  /** Sent for each that matched: a text, or a function that makes it from the payload. Default: nothing. */
  readonly reply?: string | ((bytes: Uint8Array, start: number, end: number) => string);
  /** Milliseconds between heartbeats of our own. Default: none are sent. */
  readonly interval?: number;
  /** What is sent each `interval`. Default: `reply`, where that is a text. */
  readonly send?: string;
}

/** Recognises the heartbeats of one connection, answers them, and sends its own. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #expected: Uint8Array;
  readonly #send: (text: string) => void;
  readonly #timer: ReturnType<typeof setInterval> | null;

  constructor(options: HeartbeatOptions, send: (text: string) => void) {
    const { match, interval } = options;
    this.#options = options;
    this.#expected = new TextEncoder().encode(typeof match === "string" ? match : "");
    this.#send = send;
    const text = ownHeartbeat(options);
    this.#timer = interval === undefined || text === null ? null : setInterval(() => send(text), interval);
  }

  /** True where `message` was the peer's heartbeat: it has been answered. What the options' functions throw leaves it a message. */
  take({ kind, buffer, start, end }: Message): boolean {
    if (kind !== "text") return false;
    try {
      if (!this.#matches(buffer, start, end)) return false;
      const { reply } = this.#options;
      if (reply !== undefined) this.#send(typeof reply === "string" ? reply : reply(buffer, start, end));
      return true;
    } catch (error) {
      console.error(error);
      return false;
    }
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #matches(bytes: Uint8Array, start: number, end: number): boolean {
    const { match } = this.#options;
    if (typeof match === "function") return match(bytes, start, end);
    const expected = this.#expected;
    if (match === undefined || end - start !== expected.length) return false;
    for (let i = 0; i < expected.length; i++) if (bytes[start + i] !== expected[i]) return false;
    return true;
  }
}

/** What goes out each interval; null where nothing does. */
export function ownHeartbeat({ send, reply }: HeartbeatOptions): string | null {
  return send ?? (typeof reply === "string" ? reply : null);
}
