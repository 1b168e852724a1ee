import { ALIVE, type Board, GIVER, slotAt, WANTED, WORKERS } from "./shared-board.ts";
import { FreeList } from "./shared-free-list.ts";
import {
  changeLease,
  holderOf,
  inState,
  LEASE_STATES,
  loadLease,
  nextLease,
  sameLease,
  stateOf,
} from "./shared-lease.ts";

const { HANDED, HELD, WRITING, ASKED, SENDING, ANSWERED, RETURNED, ABANDONED } = LEASE_STATES;

/**
 * A lease as its holder moves it, in whatever thread. Each method is one step of the lease and returns false, with nothing changed, where
 * the lease is not in the state that the step begins with, or no longer this holder's.
 */
export class Holder {
  readonly board: Board;
  readonly index: number;
  /** What the lease was when it was last looked at. */
  private word: number;
  private readonly free: FreeList;

  /** `word` is that of a handle. */
  constructor(board: Board, index: number, word: number) {
    this.board = board;
    this.index = index;
    this.word = word;
    this.free = new FreeList(board.words);
  }

  /** Takes what was handed to the holder called `number`. */
  claim(number: number): boolean {
    return stateOf(this.word) === HANDED && holderOf(this.word) === number && this.change(this.word, HELD);
  }

  /** The request's bytes are the holder's until it asks. */
  write(): boolean {
    const { word } = this;
    if (stateOf(word) === WRITING) return word !== GONE;
    return stateOf(word) === HELD && this.change(word, WRITING);
  }

  /** Asks the owner to send what was written; false also where the pool is closed, and so nobody takes it up. */
  ask(): boolean {
    const { board, word } = this;
    const state = stateOf(word);
    if ((state !== HELD && state !== WRITING) || !this.change(word, ASKED)) return false;
    // Who closes the pool looks for what was asked after it has said so: one of both sees the other.
    if (board.closed && this.withdraw()) return false;
    board.ring();
    return true;
  }

  /** Takes back what was asked; false where the owner has taken it up. */
  withdraw(): boolean {
    return stateOf(this.word) === ASKED && this.change(this.word, WRITING);
  }

  /** Takes the answer; false while there is none. */
  take(): boolean {
    return this.change(inState(this.word, ANSWERED), HELD);
  }

  /** The lease is with its holder, which is not waiting for an answer. */
  get idle(): boolean {
    const state = stateOf(this.word);
    return this.word !== GONE && (state === HELD || state === WRITING);
  }

  /** The lease was given back or handed on. */
  get gone(): boolean {
    return this.word === GONE;
  }

  /** The word to wait on for a change, while the answer is not there; {@link GONE} once it is. */
  awaited(): number {
    const now = loadLease(this.board.words, this.index);
    return sameLease(now, this.word) && (stateOf(now) === ASKED || stateOf(now) === SENDING) ? now : GONE;
  }

  /** Gives the slot back, whatever state it is in. */
  release(): boolean {
    const { board, index, word } = this;
    const { words } = board;
    for (;;) {
      const now = loadLease(words, index);
      if (word === GONE || !sameLease(now, word)) return false;
      const state = stateOf(now);
      const inFlight = state === ASKED || state === SENDING;
      // The owner may be taking it up, or answering it.
      if (!changeLease(words, index, now, inState(now, inFlight ? ABANDONED : RETURNED))) continue;
      this.word = GONE;
      if (!inFlight) this.free.push(index);
      // The owner looks for what is on the list after it has said that it wants to be told: one of both sees the other.
      if (inFlight || this.isWanted) board.ring();
      return true;
    }
  }

  /** Hands the lease to the holder called `number`, whose thread is `thread`: the word for its handle, or {@link GONE}. */
  handOn(number: number, thread: number): number {
    const { board, index, word } = this;
    const { words } = board;
    const handed = nextLease(word, number, HANDED);
    if (!this.idle) return GONE;
    // Until it is taken it is the giver's too: who dies before it has sent the handle has not given it away.
    Atomics.store(words, slotAt(index) + GIVER, holderOf(word));
    if (!changeLease(words, index, word, handed)) return GONE;
    this.word = GONE;
    if (Atomics.load(words, WORKERS + number) === thread + 1) return handed;
    // Who looks for what a dead Worker held looks after it has taken the Worker's number away: one of both sees the other.
    const held = inState(word, HELD);
    if (changeLease(words, index, handed, held)) this.word = held;
    return GONE;
  }

  /** Somebody waits for a slot, or this one's connection died. */
  private get isWanted(): boolean {
    const { words } = this.board;
    return Atomics.load(words, slotAt(this.index) + ALIVE) === 0 || Atomics.load(words, WANTED) !== 0;
  }

  private change(from: number, state: (typeof LEASE_STATES)[keyof typeof LEASE_STATES]): boolean {
    const to = inState(from, state);
    if (!changeLease(this.board.words, this.index, from, to)) return false;
    this.word = to;
    return true;
  }
}

/** No lease's word. */
export const GONE = -1;
