import { setTimeout as sleep } from "node:timers/promises";
import { LatencyHistogram } from "../market-data/latency.ts";
import type { OrderSender, Ticket } from "./order-sender.ts";
import type { Outcome } from "./outcome.ts";

/** Orders sent at a steady rate, one after another. */
export class OrderRun {
  /** By `clientOrderId`, in the order in which they were sent. */
  readonly outcomes: Map<string, Outcome> = new Map();
  /** From the call that sends to the answer, of orders that were answered. */
  readonly roundTrip: LatencyHistogram = new LatencyHistogram();
  /** The same from the moment at which the order was due: it tells what it costs to wait behind a slow one. */
  readonly sinceDue: LatencyHistogram = new LatencyHistogram();
  /** In milliseconds. */
  duration = 0;
  readonly #sender: OrderSender;
  readonly #end = new AbortController();

  constructor(sender: OrderSender) {
    this.#sender = sender;
  }

  /** How many have that outcome. */
  count(kind: Outcome["kind"]): number {
    return this.outcomes.values().reduce((sum, outcome) => (outcome.kind === kind ? sum + 1 : sum), 0);
  }

  /** Sends the tickets at `rate` a second. Of the first tenth, while the engine still compiles, no latencies are kept. */
  async send(tickets: readonly Ticket[], rate: number): Promise<void> {
    const begin = performance.now();
    let start = begin;
    for (const [at, ticket] of tickets.entries()) {
      const due = start + (at * 1_000) / rate;
      await until(due);
      if (this.#end.signal.aborted) break;
      const sent = performance.now();
      const outcome = await this.#sender.place(ticket);
      const answered = performance.now();
      this.outcomes.set(ticket.clientOrderId, outcome);
      if (outcome.kind !== "unknown" && at >= tickets.length / 10) {
        this.roundTrip.add((answered - sent) * 1_000);
        this.sinceDue.add((answered - due) * 1_000);
      }
      const { pause } = this.#sender;
      if (pause > 0) {
        await sleep(pause, undefined, { signal: this.#end.signal }).catch(() => {});
        start += pause;
      }
    }
    this.duration = performance.now() - begin;
  }

  /** Sends nothing after the order that is under way. */
  stop(): void {
    this.#end.abort();
  }
}

/** Timers are exact to a millisecond or two: the rest is waited for turn by turn of the loop. */
async function until(time: number): Promise<void> {
  const wait = time - performance.now();
  if (wait > 3) await Bun.sleep(wait - 2);
  while (performance.now() < time) await new Promise<void>((resolve) => setImmediate(resolve));
}
