import { FREE_HEAD, NEXT, slotAt } from "./shared-board.ts";

/**
 * The slots that were given back by threads that are not the pool's: a Treiber stack in shared memory. Anybody pushes, with one
 * compare-and-swap; only the pool's thread pops.
 *
 * ```text
 *   head:   tag (16 bits) | number of the top slot + 1 (16 bits), 0 for none
 *   next:   number of the slot below + 1, of each slot that is on the list
 * ```
 *
 * Each change of the head counts the tag up, so that who was held up between reading head and next finds another head even where the same
 * slot is on top again (ABA): what it read of `next` is then another day's.
 */
export class FreeList {
  private readonly words: Int32Array;

  constructor(words: Int32Array) {
    this.words = words;
  }

  push(index: number): void {
    const { words } = this;
    const next = slotAt(index) + NEXT;
    for (;;) {
      const head = Atomics.load(words, FREE_HEAD);
      Atomics.store(words, next, head & TOP);
      if (Atomics.compareExchange(words, FREE_HEAD, head, counted(head) | (index + 1)) === head) return;
    }
  }

  /** The number of the slot that was pushed last, or −1. */
  pop(): number {
    const { words } = this;
    for (;;) {
      const head = Atomics.load(words, FREE_HEAD);
      const index = (head & TOP) - 1;
      if (index < 0) return -1;
      const below = Atomics.load(words, slotAt(index) + NEXT);
      if (Atomics.compareExchange(words, FREE_HEAD, head, counted(head) | below) === head) return index;
    }
  }
}

/** The tag counted up, above nothing. */
function counted(head: number): number {
  return (head + ONE_TAG) & ~TOP;
}

/** The most slots that a list can have. */
export const MOST_SLOTS = 0xfffe;
const TOP = 0xffff;
const ONE_TAG = 0x10000;
