/**
 * TLS sessions by host, port and server name, the least recently used going first. It belongs to one `TlsConfig`, so a session
 * is only ever offered under the options it was made under.
 */
export class SessionCache {
  readonly #tickets: Map<string, Uint8Array> = new Map();

  get size(): number {
    return this.#tickets.size;
  }

  recall(key: string): Uint8Array | null {
    const ticket = this.#tickets.get(key);
    if (ticket === undefined) return null;
    this.remember(key, ticket);
    return ticket;
  }

  remember(key: string, ticket: Uint8Array): void {
    this.#tickets.delete(key);
    this.#tickets.set(key, ticket);
    if (this.#tickets.size <= MAX_SESSIONS) return;
    for (const oldest of this.#tickets.keys()) {
      this.#tickets.delete(oldest);
      return;
    }
  }

  /** A session that led to a failed handshake is not offered again. */
  forget(key: string): void {
    this.#tickets.delete(key);
  }
}

/** About a kilobyte each. */
export const MAX_SESSIONS = 256;
