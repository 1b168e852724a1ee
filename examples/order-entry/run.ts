import { setTimeout as sleep } from "node:timers/promises";
import { LatencyHistogram } from "../market-data/latency.ts";
import type { Ticket } from "./order-sender.ts";
import type { Outcome } from "./outcome.ts";

/** Who sends orders. */
export interface OrderPlacer {
  /** Milliseconds that the venue wants to be left alone for; 0 where its last answer said nothing of it. */
  readonly pause: number;
  place(ticket: Ticket): Promise<Outcome>;
}

/** Orders sent at a steady rate. */
export class OrderRun {
  /** By `clientOrderId`, in the order in which they were answered. */
  readonly outcomes: Map<string, Outcome> = new Map();
  /** From the call that sends to the answer, of orders that were answered. */
  readonly roundTrip: LatencyHistogram = new LatencyHistogram();
  /** The same from the moment at which the order was due: it tells what it costs to wait behind a slow one. */
  readonly sinceDue: LatencyHistogram = new LatencyHistogram();
  /** In milliseconds. */
  duration = 0;
  readonly #placer: OrderPlacer;
  readonly #atOnce: number;
  readonly #end = new AbortController();
  readonly #underWay: Set<Promise<void>> = new Set();
  #failure: unknown = null;

  /** At most `atOnce` orders are under way at a time. */
  constructor(placer: OrderPlacer, atOnce: number = 1) {
    this.#placer = placer;
    this.#atOnce = atOnce;
  }

  /** How many have that outcome. */
  count(kind: Outcome["kind"]): number {
    return this.outcomes.values().reduce((sum, outcome) => (outcome.kind === kind ? sum + 1 : sum), 0);
  }

  /**
   * Sends the tickets at `rate` a second, and tells `answered` of each outcome. Of the first tenth, while the engine still compiles, no
   * latencies are kept.
   */
  async send(
    tickets: readonly Ticket[],
    rate: number,
    answered: (ticket: Ticket, outcome: Outcome) => void = () => {},
  ): Promise<void> {
    const begin = performance.now();
    let start = begin;
    for (const [at, ticket] of tickets.entries()) {
      const due = start + (at * 1_000) / rate;
      await until(due);
      while (this.#underWay.size >= this.#atOnce) await Promise.race(this.#underWay);
      const { pause } = this.#placer;
      if (pause > 0) {
        await sleep(pause, undefined, { signal: this.#end.signal }).catch(() => {});
        start += pause;
      }
      if (this.#end.signal.aborted || this.#failure !== null) break;
      const isMeasured = at >= tickets.length / 10;
      const order = this.#place(ticket, due + pause, isMeasured, answered);
      const flight = order.catch((error: unknown) => {
        this.#failure ??= error;
      });
      this.#underWay.add(flight);
      void flight.then(() => this.#underWay.delete(flight));
    }
    await Promise.all(this.#underWay);
    this.duration = performance.now() - begin;
    if (this.#failure !== null) throw this.#failure;
  }

  /** Sends nothing after the orders that are under way. */
  stop(): void {
    this.#end.abort();
  }

  async #place(
    ticket: Ticket,
    due: number,
    isMeasured: boolean,
    answered: (ticket: Ticket, outcome: Outcome) => void,
  ): Promise<void> {
    const sent = performance.now();
    const outcome = await this.#placer.place(ticket);
    const now = performance.now();
    this.outcomes.set(ticket.clientOrderId, outcome);
    if (outcome.kind !== "unknown" && isMeasured) {
      this.roundTrip.add((now - sent) * 1_000);
      this.sinceDue.add((now - due) * 1_000);
    }
    answered(ticket, outcome);
  }
}

/** Timers are exact to a millisecond or two: the rest is waited for turn by turn of the loop. */
async function until(time: number): Promise<void> {
  const wait = time - performance.now();
  if (wait > 3) await Bun.sleep(wait - 2);
  while (performance.now() < time) await new Promise<void>((resolve) => setImmediate(resolve));
}
