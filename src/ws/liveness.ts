import { TimeoutError } from "../codec/errors.ts";
import type { TransportHandler } from "../socket/transport.ts";

/** How long a peer may be silent. Times are in milliseconds; any byte that arrives counts as a sign of life. */
export interface LivenessOptions {
  /** Silence after which it is sent a ping, once per silence. */
  readonly pingAfter: number;
  /** Silence after which the connection is cut with RST and ends with `WS_LIVENESS_TIMEOUT`; more than `pingAfter`. */
  readonly deadAfter: number;
}

/** The session that is watched. */
export interface WatchedSession extends TransportHandler {
  /** Sends a ping, where that is still possible. */
  ping(): void;
  /** Cuts the connection, which ends with `error`. */
  abandon(error: Error): void;
}

/** What bytes come through. */
export interface Gate {
  /** We ourselves keep the peer from sending. */
  readonly held: boolean;
  /** When the last bytes came, on the clock of `performance.now()`. */
  readonly receivedAt: number;
}

/** Stands between a transport and its session, and watches whether bytes come. */
export class Liveness implements TransportHandler {
  readonly #session: WatchedSession;
  readonly #gate: Gate;
  readonly #options: LivenessOptions;
  /** Until when the peer is not to blame for its silence. */
  #excused: number = performance.now();
  #pinged = false;
  #timer: ReturnType<typeof setTimeout> | null;

  constructor(session: WatchedSession, gate: Gate, options: LivenessOptions) {
    this.#session = session;
    this.#gate = gate;
    this.#options = options;
    this.#timer = this.#arm(options.pingAfter);
  }

  onBytes(chunk: Uint8Array): void {
    this.#pinged = false;
    this.#session.onBytes(chunk);
  }

  onDrain(): void {
    this.#session.onDrain();
  }

  /** No byte follows; how long the end may take is bounded by the close timeout. */
  onEnd(): void {
    this.#disarm();
    this.#session.onEnd();
  }

  onClose(error: Error | null): void {
    this.#disarm();
    this.#session.onClose(error);
  }

  /** The timer is not set anew with every chunk: it looks when it fires whether there was silence, and for how long. */
  #look(): void {
    const { pingAfter, deadAfter } = this.#options;
    const silence = this.#silence;
    if (silence >= deadAfter) {
      this.#suspect();
      return;
    }
    if (silence >= pingAfter && !this.#pinged) {
      this.#pinged = true;
      this.#session.ping();
    }
    this.#timer = this.#arm((this.#pinged ? deadAfter : pingAfter) - silence);
  }

  /** A program that was busy for that long has not seen what came: its sockets are read before the next timer, unless it is busy again. */
  #suspect(): void {
    const { deadAfter } = this.#options;
    const since = performance.now();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const busy = performance.now() - since > 2 * GRACE;
      if (busy || this.#silence < deadAfter) this.#look();
      else this.#session.abandon(silent(deadAfter));
    }, GRACE);
  }

  /** Milliseconds since a byte came; none while it is we who hold the peer back. */
  get #silence(): number {
    const now = performance.now();
    const { held, receivedAt } = this.#gate;
    if (held) this.#excused = now;
    return now - Math.max(this.#excused, receivedAt);
  }

  #arm(delay: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#look(), Math.max(1, Math.ceil(delay)));
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

export function silent(limit: number): TimeoutError {
  return new TimeoutError("WS_LIVENESS_TIMEOUT", `Cannot go on: the peer was silent for ${limit} ms`, limit, "open");
}

/** Milliseconds in which what waits in the socket is read. */
const GRACE = 10;
