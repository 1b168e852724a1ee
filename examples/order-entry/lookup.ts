import type { Outcome } from "./outcome.ts";
import type { VenueAccess } from "./venue-access.ts";

/**
 * Asks the venue what became of orders without an answer, by their names and one after another; none is sent again. One that the venue
 * has is placed. One that it does not have may still be under way, so the last word on that comes once its timestamp is too old to be taken.
 */
export class OrderLookup {
  readonly #access: VenueAccess;
  readonly #symbol: string;
  /** By `clientOrderId`. */
  readonly #unknown: Map<string, { readonly why: string; readonly since: number; found: number | null }> = new Map();
  #questions: Promise<void> = Promise.resolve();

  constructor(access: VenueAccess, symbol: string) {
    this.#access = access;
    this.#symbol = symbol;
  }

  /** Takes up an order that has no answer, and asks for it a first time. */
  take(clientOrderId: string, why: string): void {
    this.#unknown.set(clientOrderId, { why, since: performance.now(), found: null });
    // What goes wrong with this question shows in the last one.
    this.#questions = this.#questions.then(() => this.#ask(clientOrderId)).catch(() => {});
  }

  /** What became of all that were taken up, for certain. */
  async settle(): Promise<Map<string, Outcome>> {
    await this.#questions;
    const outcomes = new Map<string, Outcome>();
    for (const [clientOrderId, order] of this.#unknown) {
      if (order.found === null) {
        await Bun.sleep(Math.max(0, order.since + RECEIVE_WINDOW - performance.now()));
        await this.#ask(clientOrderId);
      }
      outcomes.set(clientOrderId, { kind: "unknown", why: order.why, found: order.found });
    }
    return outcomes;
  }

  async #ask(clientOrderId: string): Promise<void> {
    const found = await this.#access.findOrder(this.#symbol, clientOrderId);
    const order = this.#unknown.get(clientOrderId);
    if (order !== undefined && found !== null) order.found = found;
  }
}

/** Milliseconds for which the venue takes an order with that timestamp, where it is not told otherwise; and some for its clock. */
const RECEIVE_WINDOW = 5_500;
