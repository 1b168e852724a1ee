import { LEASE, slotAt } from "./shared-board.ts";

/**
 * Who may do what with a slot is in one word of it, and whatever changes that is one compare-and-swap on this word:
 *
 * ```text
 *   tag (20 bits) | holder's number (8 bits) | state (4 bits)
 *
 *          share            from            writer             send
 *   OWN ----------> HANDED ------> HELD <----------> WRITING ----------> ASKED
 *    ^                ^             |  \    answer taken         withdrawn  |
 *    |                +-------------+   +----------- ANSWERED <--+          | taken up
 *    |                    share                                  |          v
 *    |                                                           +------ SENDING
 *    +-- RETURNED <-- release of what has no request in flight              |
 *    +-- ABANDONED <-- release of what has one -----------------------------+
 * ```
 *
 * | state | whose is it | request bytes | response bytes |
 * | --- | --- | --- | --- |
 * | OWN | the owner's: idle, dead, or acquired by its own program | owner | owner |
 * | HANDED | the holder's to be: it has a handle and not yet claimed it | nobody | nobody writes |
 * | HELD | the holder's | nobody | holder reads |
 * | WRITING | the holder's | holder writes | holder reads |
 * | ASKED | the holder's until the owner takes it up | nobody | nobody |
 * | SENDING | the owner's | owner reads | owner writes |
 * | ANSWERED | the holder's | nobody | nobody writes |
 * | RETURNED | nobody's: on the free list, or on its way there | nobody | nobody |
 * | ABANDONED | nobody's: a request is in flight that nobody waits for | owner reads | owner writes |
 *
 * The tag counts the leases. A handle and a holder know the word that they expect, so that a handle of an earlier lease is refused;
 * after 2^20 leases of one slot the tag begins again.
 */
export const LEASE_STATES = {
  OWN: 0,
  HANDED: 1,
  HELD: 2,
  WRITING: 3,
  ASKED: 4,
  SENDING: 5,
  ANSWERED: 6,
  RETURNED: 7,
  ABANDONED: 8,
} as const;

type StateName = keyof typeof LEASE_STATES;
export type LeaseState = (typeof LEASE_STATES)[StateName];

/** To OWN from any state: the owner takes it, from the free list, or from a holder that died. */
const TRANSITIONS = {
  OWN: ["HANDED"],
  HANDED: ["HELD", "OWN"],
  HELD: ["WRITING", "ASKED", "HANDED", "RETURNED", "OWN"],
  WRITING: ["ASKED", "HANDED", "RETURNED", "OWN"],
  ASKED: ["SENDING", "WRITING", "ABANDONED", "OWN"],
  SENDING: ["ANSWERED", "ABANDONED", "OWN"],
  ANSWERED: ["HELD", "RETURNED", "OWN"],
  RETURNED: ["OWN"],
  ABANDONED: ["OWN"],
} as const satisfies Record<StateName, readonly StateName[]>;

/** True where the table has the step. */
export function isStep(from: number, to: number): boolean {
  return (((STEPS[stateOf(from)] ?? 0) >> stateOf(to)) & 1) === 1;
}

export function leaseWord(tag: number, holder: number, state: LeaseState): number {
  return (tag << TAG_AT) | (holder << HOLDER_AT) | state;
}

export function stateOf(word: number): LeaseState {
  return (word & STATE_BITS) as LeaseState;
}

export function holderOf(word: number): number {
  return (word >> HOLDER_AT) & HOLDER_BITS;
}

/** The same lease in another state. */
export function inState(word: number, state: LeaseState): number {
  return (word & ~STATE_BITS) | state;
}

/** The same slot in the owner's hands. */
export function ownWord(word: number): number {
  return word & ~OWN_MASK;
}

/** True where the two differ in their state at most. */
export function sameLease(one: number, other: number): boolean {
  return ((one ^ other) & ~STATE_BITS) === 0;
}

/** The next lease, in other hands. */
export function nextLease(word: number, holder: number, state: LeaseState): number {
  return leaseWord((word >>> TAG_AT) + 1, holder, state);
}

export function loadLease(words: Int32Array, index: number): number {
  return Atomics.load(words, slotAt(index) + LEASE);
}

/** True where the lease was `from`, and now is `to`, and the table has that step: the only way in which a slot changes hands. */
export function changeLease(words: Int32Array, index: number, from: number, to: number): boolean {
  return isStep(from, to) && Atomics.compareExchange(words, slotAt(index) + LEASE, from, to) === from;
}

const STATE_BITS = 0xf;
const HOLDER_AT = 4;
const HOLDER_BITS = 0xff;
const TAG_AT = 12;
/** Holder and state. */
const OWN_MASK = 0xfff;
/** By state, a bit for each state that may follow. */
const STEPS: readonly number[] = Object.values(TRANSITIONS).map((next) =>
  next.reduce((bits, name) => bits | (1 << LEASE_STATES[name]), 0),
);
