/** A holder of leases, for `leases.ts`: looks that each is its alone, sends a request on most, and gives them back or hands them on. */
import { parentPort, threadId, workerData } from "node:worker_threads";
import { PoolError } from "../../../src/pool/errors.ts";
import type { SharedHandle } from "../../../src/pool/shared-part.ts";
import { SharedSlot } from "../../../src/pool/shared-slot.ts";
import { below, seededRandom } from "../../helpers/random.ts";
import { isAnswerTo } from "./leases-body.ts";

/** A lease, and its number from 1 on. */
export interface Lent {
  readonly number: number;
  readonly handle: SharedHandle;
}

/** One on its way from a thread, 0 for the owner's, to another; `next` is who may have it after that. */
export interface Post extends Lent {
  readonly from: number;
  readonly next: number;
}

/** One that came back on its way. */
export interface Stale {
  readonly stale: number;
  readonly from: number;
}

/** What is shared by all. */
export interface Tally {
  /** By slot: the number of the lease that somebody holds, 0 for none. */
  readonly holders: Int32Array;
  /** By lease: how often it ended. */
  readonly ends: Uint8Array;
  /** By lease: a slot was held by two, or an answer was not its own. */
  readonly faults: Uint8Array;
}

const { tally, seed } = workerData as { readonly tally: Tally; readonly seed: number };
const { holders, ends, faults } = tally;
const random = seededRandom(seed);

parentPort?.on("message", async ({ number, handle, from, next }: Post) => {
  const slot = taken(number, handle, from);
  if (slot === null) return;
  if (Atomics.compareExchange(holders, slot.index, 0, number) !== 0) faults[number] = 1;
  const way = below(random, 8);
  if (way < 6) {
    const request = slot.writer.get(`/${number}`).finish();
    const response = way === 0 ? slot.sendSync(request) : await slot.send(request);
    if (!isAnswerTo(number, response.bodyText())) faults[number] = 2;
  }
  if (Atomics.compareExchange(holders, slot.index, number, 0) !== number) faults[number] = 1;
  if (way === 7 && next !== threadId) {
    try {
      const handed = slot.share({ threadId: next });
      const post: Post = { number, handle: handed, from: threadId, next };
      parentPort?.postMessage(post);
      return;
    } catch {
      // That Worker has ended.
    }
  }
  Atomics.add(ends, number, 1);
  slot.release();
});

/** The slot; null where it came back while the handle was on its way, as it does when who gave it has ended. */
function taken(number: number, handle: SharedHandle, from: number): SharedSlot | null {
  try {
    return SharedSlot.from(handle);
  } catch (error) {
    if (!(error instanceof PoolError) || error.code !== "POOL_LEASE_STALE") throw error;
    const stale: Stale = { stale: number, from };
    parentPort?.postMessage(stale);
    return null;
  }
}
