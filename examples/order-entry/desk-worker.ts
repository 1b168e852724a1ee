import { parentPort, workerData } from "node:worker_threads";
import { type Request, type RequestWriter, type Response, SharedSlot } from "../../index.ts";
import { OrderSender, type OrderSession } from "./order-sender.ts";
import { venueKey } from "./venue-access.ts";
import type { Commission, DeskWorkerData, Verdict } from "./worker-desk.ts";

/** A Worker of `WorkerDesk`: writes, signs and sends each order that it is given, in the memory of the slot that comes with it. */
const { key, clockOffset, timeout } = workerData as DeskWorkerData;
const signer = { key: venueKey(key), clockOffset };

/** A slot, for one order. Where its connection is dead it is for the pool's thread to find another. */
class SharedSession implements OrderSession {
  readonly #slot: SharedSlot;
  #isFresh = true;

  constructor(slot: SharedSlot) {
    this.#slot = slot;
  }

  get writer(): RequestWriter {
    return this.#slot.writer;
  }

  async connect(): Promise<void> {
    if (!this.#isFresh) throw new ConnectionDead();
    this.#isFresh = false;
  }

  send(request: Request): Promise<Response> {
    return this.#slot.send(request, { timeout });
  }

  /** The connection ends with the answer to a request that says so, whatever that answers. */
  async cut(): Promise<void> {
    const last = this.#slot.writer.get("/api/v3/ping").header("Connection", "close").finish();
    await this.#slot.send(last, { timeout }).catch(() => {});
  }
}

class ConnectionDead extends Error {}

async function carryOut({ handle, ticket }: Commission): Promise<Verdict> {
  const { clientOrderId } = ticket;
  using slot = SharedSlot.from(handle);
  const sender = new OrderSender(new SharedSession(slot), signer);
  try {
    const outcome = await sender.place(ticket);
    return { clientOrderId, outcome, pause: sender.pause };
  } catch (error) {
    if (error instanceof ConnectionDead) return { clientOrderId, outcome: null, pause: 0 };
    throw error;
  }
}

parentPort?.on("message", async (commission: Commission) => parentPort?.postMessage(await carryOut(commission)));
parentPort?.postMessage("ready");
