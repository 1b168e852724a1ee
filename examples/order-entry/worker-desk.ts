import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { AtomicClientPool, SharedHandle } from "../../index.ts";
import type { KeyKind } from "./options.ts";
import type { Ticket } from "./order-sender.ts";
import type { Outcome } from "./outcome.ts";

/** What a Worker of the desk is told at its start. */
export interface DeskWorkerData {
  readonly key: KeyKind;
  readonly clockOffset: number;
  readonly timeout: number;
}

/** An order that a Worker is to send, over the slot that it is lent with it. */
export interface Commission {
  readonly handle: SharedHandle;
  readonly ticket: Ticket;
}

/** What became of it; a null outcome: no byte of it had left, and the connection is dead. */
export interface Verdict {
  readonly clientOrderId: string;
  readonly outcome: Outcome | null;
  readonly pause: number;
}

/**
 * Has orders signed and sent by Workers, in turn, each on a slot of the pool that it is lent for that: as many at a time as the pool has
 * connections. This thread has the connections, and hands out slots; what a Worker writes and reads lies in shared memory.
 */
export class WorkerDesk implements AsyncDisposable {
  /** Sent again, because no byte of the first attempt had left. */
  resends = 0;
  readonly #pool: AtomicClientPool;
  readonly #workers: Worker[] = [];
  readonly #waiting: Map<string, PromiseWithResolvers<Verdict>> = new Map();
  #next = 0;
  #quietUntil = 0;

  private constructor(pool: AtomicClientPool) {
    this.#pool = pool;
  }

  /** Starts so many Workers; the pool's requests carry the key already. */
  static async open(pool: AtomicClientPool, workers: number, workerData: DeskWorkerData): Promise<WorkerDesk> {
    const desk = new WorkerDesk(pool);
    for (let count = 0; count < workers; count++) {
      const worker = new Worker(new URL("./desk-worker.ts", import.meta.url), { workerData });
      await once(worker, "message");
      worker.on("message", (verdict: Verdict) => desk.#waiting.get(verdict.clientOrderId)?.resolve(verdict));
      worker.on("error", (error: unknown) => desk.#fail(error));
      pool.watch(worker);
      desk.#workers.push(worker);
    }
    return desk;
  }

  /** As {@link OrderSender.place}. */
  async place(ticket: Ticket): Promise<Outcome> {
    for (;;) {
      const { outcome, pause } = await this.#commission(ticket);
      if (pause > 0) this.#quietUntil = performance.now() + pause;
      if (outcome !== null) return outcome;
      this.resends++;
    }
  }

  /** Milliseconds that the venue wants to be left alone for, from now on. */
  get pause(): number {
    return Math.max(0, this.#quietUntil - performance.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  async #commission(ticket: Ticket): Promise<Verdict> {
    const slot = await this.#pool.acquire();
    const worker = this.#workers[this.#next++ % this.#workers.length];
    if (worker === undefined) throw new Error("Cannot place order: the desk has no Workers");
    const verdict = Promise.withResolvers<Verdict>();
    this.#waiting.set(ticket.clientOrderId, verdict);
    const commission: Commission = { handle: slot.share(worker), ticket };
    worker.postMessage(commission);
    try {
      return await verdict.promise;
    } finally {
      this.#waiting.delete(ticket.clientOrderId);
    }
  }

  /** A Worker threw: what it was at nobody will tell. */
  #fail(error: unknown): void {
    for (const { reject } of this.#waiting.values()) reject(error);
  }
}
