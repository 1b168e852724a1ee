import type { TimeoutError } from "../codec/errors.ts";
import { ownHeartbeat } from "./heartbeat.ts";
import { silent } from "./liveness.ts";
import type { WsSettings } from "./options.ts";

/** What a session does by the clock, without a timer: whoever waits looks at {@link dueAt} and asks. All times are `performance.now()`'s. */
export class SpinDuties {
  /** When the next of them is due; Infinity where none is. */
  dueAt: number = Number.POSITIVE_INFINITY;
  readonly #settings: WsSettings;
  readonly #beat: string | null;
  readonly #interval: number;
  readonly #watched: boolean;
  #beatAt: number = Number.POSITIVE_INFINITY;
  #closeAt: number = Number.POSITIVE_INFINITY;
  #heard = 0;
  #pinged = false;

  constructor(settings: WsSettings) {
    const { heartbeat, liveness } = settings;
    const now = performance.now();
    this.#settings = settings;
    this.#beat = heartbeat === null ? null : ownHeartbeat(heartbeat);
    this.#interval = heartbeat?.interval ?? 0;
    if (this.#beat !== null && this.#interval > 0) this.#beatAt = now + this.#interval;
    this.#watched = liveness !== null;
    this.#heard = now;
    this.#plan();
  }

  /** The closing handshake has begun, or the end of the connection is awaited: its limit counts from the first call. */
  closing(): void {
    if (this.#closeAt === Number.POSITIVE_INFINITY) this.#closeAt = performance.now() + this.#settings.closeTimeout;
    this.#plan();
  }

  /** Bytes came. */
  heard(now: number): void {
    if (!this.#watched) return;
    this.#heard = now;
    this.#pinged = false;
    this.#plan();
  }

  closeDue(now: number): boolean {
    return now >= this.#closeAt;
  }

  /** The text to send now, or null. */
  beatDue(now: number): string | null {
    if (now < this.#beatAt) return null;
    this.#beatAt = now + this.#interval;
    this.#plan();
    return this.#beat;
  }

  /** True once in a silence that has lasted long enough for a ping. */
  pingDue(now: number): boolean {
    const { liveness } = this.#settings;
    if (liveness === null || this.#pinged || now < this.#heard + liveness.pingAfter) return false;
    // A thread that was busy elsewhere asks first, and then waits as long as it would have.
    this.#heard = now - liveness.pingAfter;
    this.#pinged = true;
    this.#plan();
    return true;
  }

  /** The error of a silence that has lasted too long, or null. */
  silenceOver(now: number): TimeoutError | null {
    const { liveness } = this.#settings;
    if (liveness === null || !this.#pinged || now < this.#heard + liveness.deadAfter) return null;
    return silent(liveness.deadAfter);
  }

  #plan(): void {
    const { liveness } = this.#settings;
    let due = this.#beatAt < this.#closeAt ? this.#beatAt : this.#closeAt;
    if (liveness !== null) {
      const judged = this.#heard + (this.#pinged ? liveness.deadAfter : liveness.pingAfter);
      if (judged < due) due = judged;
    }
    this.dueAt = due;
  }
}
