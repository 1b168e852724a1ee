import type { Histogram } from "../codec/histogram.ts";
import { sameBytes } from "../codec/same-bytes.ts";
import type { Message } from "../codec/ws/message.ts";
import type { Outbox } from "./outbox.ts";

/** Takes the time from each ping to its pong, which carries the same payload (RFC 6455 section 5.5.3). */
export class PingClock {
  readonly #histogram: Histogram;
  /** Those that were not answered, oldest first. */
  readonly #pings: { readonly payload: Uint8Array; readonly sentAt: number }[] = [];

  constructor(histogram: Histogram) {
    this.#histogram = histogram;
  }

  /** Sends a ping. Its time counts from here, so it holds what waits to be sent before it. */
  send(outbox: Outbox, payload: Uint8Array = NOTHING): boolean {
    const sentAt = performance.now();
    const taken = outbox.ping(payload);
    if (this.#pings.length === MOST) this.#pings.shift();
    this.#pings.push({ payload: payload.slice(), sentAt });
    return taken;
  }

  /**
   * A pong came. One that answers no ping of ours is a heartbeat; with one that does the pings before it are done with as well: a peer
   * may answer the latest alone.
   */
  hear(pong: Message): void {
    const bytes = pong.bytes();
    const index = this.#pings.findIndex(({ payload }) => sameBytes(payload, bytes));
    const ping = this.#pings[index];
    if (ping === undefined) return;
    this.#pings.splice(0, index + 1);
    this.#histogram.record((pong.receivedAt - ping.sentAt) * 1e6);
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);
/** Pings that can be under way: a peer that answers none is not to cost more. */
const MOST = 16;
