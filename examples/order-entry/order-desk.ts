import type { ClientPool, ClientSlot, Request, RequestWriter, Response } from "../../index.ts";
import { OrderSender, type OrderSession, type OrderSigner, type Ticket } from "./order-sender.ts";
import type { Outcome } from "./outcome.ts";

/** Sends orders through a pool, each on a slot of its own: as many at a time as the pool has connections, the others wait in line. */
export class OrderDesk {
  /** Sent again, because no byte of the first attempt had left. */
  resends = 0;
  readonly #pool: ClientPool;
  readonly #signer: OrderSigner;
  readonly #timeout: number;
  /** Until when the venue wants to be left alone, on the clock of `performance.now()`. */
  #quietUntil = 0;

  /** `timeout`: milliseconds that an order may take. The pool's requests carry the signer's key already. */
  constructor(pool: ClientPool, signer: OrderSigner, timeout: number) {
    this.#pool = pool;
    this.#signer = signer;
    this.#timeout = timeout;
  }

  /** As {@link OrderSender.place}. */
  async place(ticket: Ticket): Promise<Outcome> {
    using session = new SlotSession(this.#pool, this.#timeout);
    const sender = new OrderSender(session, this.#signer);
    const outcome = await sender.place(ticket);
    this.resends += sender.resends;
    if (sender.pause > 0) this.#quietUntil = performance.now() + sender.pause;
    return outcome;
  }

  /** Milliseconds that the venue wants to be left alone for, from now on. */
  get pause(): number {
    return Math.max(0, this.#quietUntil - performance.now());
  }
}

/** A slot, acquired by {@link connect} and held until the order that is sent over it has its outcome. */
class SlotSession implements OrderSession, Disposable {
  readonly #pool: ClientPool;
  readonly #timeout: number;
  #slot: ClientSlot | null = null;

  constructor(pool: ClientPool, timeout: number) {
    this.#pool = pool;
    this.#timeout = timeout;
  }

  get writer(): RequestWriter {
    return this.#acquired.writer;
  }

  /** A slot whose connection has died meanwhile goes back, and another is waited for. */
  async connect(): Promise<void> {
    if (this.#slot?.connection.isReusable === true) return;
    this[Symbol.dispose]();
    this.#slot = await this.#pool.acquire();
  }

  send(request: Request): Promise<Response> {
    return this.#acquired.send(request, { timeout: this.#timeout });
  }

  cut(): void {
    this.#acquired.connection.terminate();
  }

  [Symbol.dispose](): void {
    const slot = this.#slot;
    this.#slot = null;
    slot?.release();
  }

  get #acquired(): ClientSlot {
    if (this.#slot === null) throw new Error("Cannot use session: it is not connected");
    return this.#slot;
  }
}
