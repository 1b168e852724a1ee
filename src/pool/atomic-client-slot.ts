import { ClientSlot, LENT, RELEASED, type SlotOwner } from "./client-slot.ts";
import type { SharedHandle, WorkerThread } from "./shared-part.ts";

/**
 * A slot of an `AtomicClientPool`, acquired by the pool's thread: to be used there, as a `ClientSlot` is, or to be lent to a Worker. It is one
 * object per slot, acquired again and again: do not keep it, or what its reader lent, past its release or `share`.
 */
export class AtomicClientSlot extends ClientSlot {
  /** @internal */
  declare below: AtomicClientSlot | null;
  /** @internal */
  declare readonly owner: AtomicSlotOwner;

  /**
   * Lends the slot to a Worker that the pool watches: a handle, to be posted to it, of which `SharedSlot.from` makes the slot there. It is
   * given back from there, or when the Worker ends; `using` leaves it alone from now on, and `release` throws.
   * @throws PoolError (`POOL_NOT_ACQUIRED`, `POOL_WORKER_UNWATCHED`); UsageError (`REQUEST_UNDER_WAY`)
   */
  share(worker: WorkerThread): SharedHandle {
    if (this.use === RELEASED || this.use === LENT) throw this.notAcquired("share");
    return this.owner.lend(this, worker);
  }
}

/** Who lends slots, to Workers too. */
export interface AtomicSlotOwner extends SlotOwner {
  lend(slot: AtomicClientSlot, worker: WorkerThread): SharedHandle;
}
