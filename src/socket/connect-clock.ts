import type { ConnectPhase } from "./errors.ts";

/** How long each phase of opening a connection took, in whole nanoseconds; null for one that it did not have. */
export interface ConnectTimes {
  /** Resolving the name. */
  readonly dns: number | null;
  /** From the first address to the one that answered. */
  readonly tcp: number | null;
  /** Through a proxy: its name, its addresses and its answer, in place of `dns` and `tcp`. */
  readonly proxy: number | null;
  /** The TLS handshake. */
  readonly tls: number | null;
  /** From the request to the answer of the opening handshake of a WebSocket. */
  readonly upgrade: number | null;
  /** All of it, and what lies between. */
  readonly total: number;
}

/** Takes the time of each phase as it is told of them. */
export class ConnectClock {
  readonly #began: number = performance.now();
  /** In milliseconds. */
  readonly #times: Record<ConnectPhase, number | null> = {
    dns: null,
    tcp: null,
    proxy: null,
    tls: null,
    handshake: null,
  };
  #phase: ConnectPhase | null = null;
  #since = 0;

  /** A phase begins, and with that the one before is over. */
  readonly enter = (phase: ConnectPhase): void => {
    this.#since = this.#leave();
    this.#phase = phase;
  };

  /** The connection is open. */
  end(): ConnectTimes {
    const now = this.#leave();
    this.#phase = null;
    const { dns, tcp, proxy, tls, handshake } = this.#times;
    return {
      dns: nanoseconds(dns),
      tcp: nanoseconds(tcp),
      proxy: nanoseconds(proxy),
      tls: nanoseconds(tls),
      upgrade: nanoseconds(handshake),
      total: nanoseconds(now - this.#began),
    };
  }

  #leave(): number {
    const now = performance.now();
    const phase = this.#phase;
    if (phase !== null) this.#times[phase] = (this.#times[phase] ?? 0) + now - this.#since;
    return now;
  }
}

/** Down to whole ones, so that phases do not add up to more than all of it. */
function nanoseconds(milliseconds: number): number;
function nanoseconds(milliseconds: number | null): number | null;
function nanoseconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.floor(milliseconds * 1e6);
}
