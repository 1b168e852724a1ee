import type { Market, MarketListener } from "./market.ts";

/** Drives a market at a steady rate of events a second. */
export class Pump {
  /** Events given up because the machine could not keep the rate. */
  slipped = 0;
  readonly #market: Market;
  readonly #listener: MarketListener;
  readonly #rate: number;
  readonly #afterBatch: () => void;
  #timer: ReturnType<typeof setInterval> | null = null;
  #startTime = 0;
  #startEvents = 0;

  /** `afterBatch` is called after every few events, to send them before their time stamps grow old. */
  constructor(market: Market, listener: MarketListener, rate: number, afterBatch: () => void) {
    this.#market = market;
    this.#listener = listener;
    this.#rate = rate;
    this.#afterBatch = afterBatch;
  }

  start(): void {
    if (this.#timer !== null || this.#rate === 0) return;
    this.#startTime = performance.now();
    this.#startEvents = this.#market.events;
    this.#timer = setInterval(() => this.#tick(), 1);
  }

  stop(): void {
    clearInterval(this.#timer ?? undefined);
    this.#timer = null;
  }

  /** Lets `count` events happen now. Few are sent one by one, many in batches. */
  run(count: number): void {
    const market = this.#market;
    const end = market.events + count;
    const batchEvents = count <= FEW_EVENTS ? 1 : BATCH_EVENTS;
    while (market.events < end) {
      const batchEnd = Math.min(end, market.events + batchEvents);
      while (market.events < batchEnd) market.step(this.#listener);
      this.#afterBatch();
    }
  }

  #tick(): void {
    const elapsed = performance.now() - this.#startTime;
    const due = Math.floor((elapsed * this.#rate) / 1_000) - (this.#market.events - this.#startEvents);
    const most = Math.ceil((this.#rate * CATCH_UP) / 1_000);
    if (due > most) {
      // Too late for these: they are left out of the schedule, not out of the market.
      this.slipped += due - most;
      this.#startEvents -= due - most;
    }
    if (due > 0) this.run(Math.min(due, most));
  }
}

/** Up to here a tick has time for a write per event: 32,000 events a second. */
const FEW_EVENTS = 32;
/** Events in one write otherwise: few enough that the first is some tens of microseconds old when it is sent. */
const BATCH_EVENTS = 16;
/** How much a late tick makes up for, in milliseconds. */
const CATCH_UP = 100;
