/** What can be attempted again. */
export interface Retry {
  /** Resolves with null where it succeeded. */
  retry(): Promise<Error | null>;
  /** Another one, which was due at the same moment and went ahead, failed with `error`: this one would have, too. */
  putOff(error: Error): void;
}

/**
 * The attempts that a pool will make later. To wake a process that lies idle costs more than an attempt does, and a server that is away
 * needs to say so once: those that may be made at the same moment are, and of them one goes ahead. Where it succeeds the others follow
 * at once, where it fails they are put off, and where it is not answered soon they do not wait for it. Nothing of this keeps the process.
 */
export class Retries {
  readonly #due: Party[] = [];
  readonly #patience: number;

  /** `patience`: milliseconds for which the others wait for the one that went ahead. */
  constructor(patience: number = PATIENCE) {
    this.#patience = patience;
  }

  /**
   * Has `retry` attempted once, from `least` to `most` milliseconds from now: together with the last of those whose moment is within that,
   * or else at random. Moments are whole milliseconds, so that those that fail at once meet without any jitter, too. Returns in how many
   * that is.
   */
  add(retry: Retry, least: number, most: number): number {
    const now = Math.floor(performance.now());
    const joined = this.#due.findLast(({ at }) => at >= now + least && at <= now + most);
    if (joined !== undefined) {
      joined.members.add(retry);
      return joined.at - now;
    }
    const delay = Math.round(most - (most - least) * Math.random());
    const party: Party = { at: now + delay, members: new Set([retry]), timer: null };
    this.#due.push(party);
    this.#wait(party, delay, () => this.#begin(party));
    return delay;
  }

  /** It will not be attempted, nor put off. */
  cancel(retry: Retry): void {
    for (const party of this.#due) {
      if (!party.members.delete(retry)) continue;
      if (party.members.size === 0) this.#end(party);
      return;
    }
  }

  #begin(party: Party): void {
    const [scout] = party.members;
    if (scout === undefined) return;
    this.#wait(party, this.#patience, () => this.#follow(party));
    this.cancel(scout);
    void scout.retry().then((error) => {
      if (error === null) this.#follow(party);
      else for (const retry of this.#end(party)) retry.putOff(error);
    });
  }

  #follow(party: Party): void {
    for (const retry of this.#end(party)) void retry.retry();
  }

  /** Those that were still of it; they are on their own now. */
  #end(party: Party): Retry[] {
    if (party.timer !== null) clearTimeout(party.timer);
    const at = this.#due.indexOf(party);
    if (at >= 0) this.#due.splice(at, 1);
    const members = [...party.members];
    party.members.clear();
    return members;
  }

  #wait(party: Party, delay: number, then: () => void): void {
    party.timer = setTimeout(then, delay);
    party.timer.unref();
  }
}

/** Those that are due at the same moment. */
interface Party {
  /** On the clock of `performance.now()`, whole. */
  readonly at: number;
  readonly members: Set<Retry>;
  timer: ReturnType<typeof setTimeout> | null;
}

/** A server that is there, or a host that refuses, has answered by then, but for the farthest. */
const PATIENCE = 250;
