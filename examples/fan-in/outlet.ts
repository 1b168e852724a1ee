import type { WsConnection } from "../../index.ts";

/** What has become of a subscriber's quotes. */
export interface OutletCounts {
  sent: number;
  /** Left out, as a newer one of the same key came before there was room. */
  conflated: number;
}

/**
 * The way to one subscriber. While it keeps up it gets every quote. While it does not, only the newest of each key is kept, and sent once
 * there is room: it is behind by what its own buffers hold, never by a queue of ours.
 */
export class Outlet {
  readonly counts: OutletCounts = { sent: 0, conflated: 0 };
  readonly #ws: WsConnection;
  /** By key, the one that has waited longest first. Empty while the subscriber keeps up. */
  readonly #waiting: Map<string, string> = new Map();
  /** Since when it has been full, in milliseconds of `performance.now()`; null while there is room. */
  #fullSince: number | null = null;

  constructor(ws: WsConnection) {
    this.#ws = ws;
  }

  /** Takes texts by their keys; what goes out at once goes in one write. */
  offer(texts: readonly (readonly [key: string, text: string])[]): void {
    if (this.#ws.state !== "open") return;
    this.#ws.cork(() => {
      for (const [key, text] of texts) {
        if (this.#fullSince === null) {
          this.#send(text);
        } else {
          if (this.#waiting.has(key)) this.counts.conflated++;
          this.#waiting.set(key, text);
        }
      }
    });
  }

  /** There is room again. */
  drain(): void {
    this.#fullSince = null;
    this.#ws.cork(() => {
      for (const [key, text] of this.#waiting) {
        if (this.#fullSince !== null) return;
        this.#waiting.delete(key);
        this.#send(text);
      }
    });
  }

  /** How long it has not kept up, in milliseconds. */
  get fullFor(): number {
    return this.#fullSince === null ? 0 : performance.now() - this.#fullSince;
  }

  /** 1013, "try again later": a subscriber that holds nothing up but itself. */
  cut(): void {
    if (this.#ws.state === "open") this.#ws.close(1013, "too slow");
  }

  #send(text: string): void {
    this.counts.sent++;
    if (!this.#ws.sendText(text)) this.#fullSince = performance.now();
  }
}
