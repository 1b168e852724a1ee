import { PoolError } from "./errors.ts";
import { ACQUIRER, ALIVE, type Board, CLOSED, GIVER, LEASE, OWNER, slotAt, WANTED } from "./shared-board.ts";
import { FreeList } from "./shared-free-list.ts";
import { GONE } from "./shared-holder.ts";
import {
  changeLease,
  holderOf,
  inState,
  LEASE_STATES,
  loadLease,
  nextLease,
  ownWord,
  stateOf,
} from "./shared-lease.ts";

const { OWN, HANDED, WRITING, ASKED, SENDING, ANSWERED, RETURNED, ABANDONED } = LEASE_STATES;

/** How a slot comes back from a holder that died: as it was, or with something half done on its connection. */
export type Recovered = "clean" | "poisoned";

/** The leases as the owner moves them. For the pool's thread alone. */
export class Ledger {
  readonly board: Board;
  private readonly words: Int32Array;
  private readonly free: FreeList;

  /** `thread` is this one. Throws PoolError (`POOL_SECOND_ACQUIRER`) where the board is another's, or has a ledger. */
  constructor(board: Board, thread: number) {
    if (thread !== board.ownerThread || Atomics.exchange(board.words, ACQUIRER, 1) !== 0) {
      throw new PoolError(
        "POOL_SECOND_ACQUIRER",
        `Cannot acquire in thread ${thread}: the pool of thread ${board.ownerThread} is the only one that acquires`,
      );
    }
    this.board = board;
    this.words = board.words;
    this.free = new FreeList(board.words);
  }

  /** Hands one of the owner's slots to the holder called `number`: the word for its handle. */
  lend(index: number, number: number): number {
    const { words } = this;
    const word = loadLease(words, index);
    const handed = nextLease(word, number, HANDED);
    Atomics.store(words, slotAt(index) + GIVER, OWNER);
    return stateOf(word) === OWN && changeLease(words, index, word, handed) ? handed : GONE;
  }

  /** The number of a slot that was given back and is the owner's now, the last one first; −1 where there is none. */
  reclaim(): number {
    const index = this.free.pop();
    if (index < 0) return index;
    const word = loadLease(this.words, index);
    changeLease(this.words, index, word, ownWord(word));
    return index;
  }

  /** Takes up what a holder asked for: the word to {@link answer}, or {@link GONE} where it asks for nothing. */
  takeUp(index: number): number {
    const { words } = this;
    const word = loadLease(words, index);
    const sending = inState(word, SENDING);
    return stateOf(word) === ASKED && changeLease(words, index, word, sending) ? sending : GONE;
  }

  /** The holder still waits for the answer to what was taken up with `word`, so that the slot's memory is the owner's. */
  isAwaited(index: number, word: number): boolean {
    return loadLease(this.words, index) === word;
  }

  /** The outcome lies in the slot; false where nobody waits for it any more. */
  answer(index: number, word: number): boolean {
    if (!changeLease(this.words, index, word, inState(word, ANSWERED))) return false;
    Atomics.notify(this.words, slotAt(index) + LEASE);
    return true;
  }

  /** Takes a slot that was given back with a request in flight. */
  takeAbandoned(index: number): boolean {
    const word = loadLease(this.words, index);
    return stateOf(word) === ABANDONED && changeLease(this.words, index, word, ownWord(word));
  }

  /**
   * Takes what the holder called `number` had, which is dead, and whose number was taken away; null where that is nothing. {@link reclaim} must have
   * found the list empty since it died.
   */
  recover(index: number, number: number): Recovered | null {
    const { words } = this;
    for (;;) {
      const word = loadLease(words, index);
      const state = stateOf(word);
      const given = state === HANDED && Atomics.load(words, slotAt(index) + GIVER) === number;
      if (state === OWN || (holderOf(word) !== number && !given)) return null;
      // One that it was about to put on the list is not there, and will never be.
      if (!changeLease(words, index, word, ownWord(word))) continue;
      return state === WRITING || state === ASKED || state === SENDING || state === ABANDONED ? "poisoned" : "clean";
    }
  }

  /** A slot is on the free list, or on its way there. */
  isReturned(index: number): boolean {
    return stateOf(loadLease(this.words, index)) === RETURNED;
  }

  /** Whoever gives the slot back from now on rings where it is not `alive`; look at the list after this. */
  mark(index: number, alive: boolean): void {
    Atomics.store(this.words, slotAt(index) + ALIVE, alive ? 1 : 0);
  }

  /** Whether whoever gives a slot back from now on rings; look at the list after this. */
  want(wanted: boolean): void {
    Atomics.store(this.words, WANTED, wanted ? 1 : 0);
  }

  /** Nothing is taken up any more; look for what was asked after this. */
  close(): void {
    Atomics.store(this.words, CLOSED, 1);
  }
}
