import { WsConnection } from "../../index.ts";
import { LatencyHistogram } from "../market-data/latency.ts";
import { keyOf, type Quote } from "./quote.ts";

/** How a subscriber reads: all the time, in gulps with pauses between, or not at all. */
export type Pace = "fast" | "slow" | "stuck";

/** Somebody who listens to the hub, and notes what comes. */
export class Subscriber {
  readonly name: string;
  readonly pace: Pace;
  messages = 0;
  /** Quotes whose id was not above that of the one before of their key. */
  disordered = 0;
  /** From the venue's message to the handler, in microseconds. */
  readonly latency: LatencyHistogram = new LatencyHistogram();
  readonly newest: Map<string, Quote> = new Map();
  /** The close code; 0 while it is open. */
  code = 0;
  readonly #ws: WsConnection;
  #gulp: ReturnType<typeof setInterval> | null = null;

  private constructor(name: string, pace: Pace, connect: (subscriber: Subscriber) => WsConnection) {
    this.name = name;
    this.pace = pace;
    this.#ws = connect(this);
    if (pace === "fast") return;
    this.#ws.pause();
    if (pace === "slow") this.#gulp = setInterval(() => this.#ws.resume(), GULP_PAUSE);
  }

  static async connect(url: string, name: string, pace: Pace): Promise<Subscriber> {
    const early: (() => void)[] = [];
    let take = (quote: Quote): void => void early.push(() => take(quote));
    let end = (_code: number): void => {};
    const ws = await WsConnection.connect(
      `${url}/${name}`,
      {
        message(_ws, msg) {
          if (msg.kind === "text") take(msg.json() as Quote);
        },
        close: (_ws, code) => end(code),
        error() {},
      },
      { bufferCapacity: 16 << 10, socket: { recvBufferSize: 64 << 10 } },
    );
    return new Subscriber(name, pace, (subscriber) => {
      take = (quote) => subscriber.#take(quote);
      end = (code) => {
        subscriber.code = code;
        subscriber.#stopGulping();
      };
      for (const again of early) again();
      return ws;
    });
  }

  /** Reads to the end of what was sent. */
  catchUp(): void {
    this.#stopGulping();
    this.#ws.resume();
  }

  async close(): Promise<void> {
    this.catchUp();
    this.#ws.close(1000);
    await this.#ws.closed;
  }

  #take(quote: Quote): void {
    this.messages++;
    const before = this.newest.get(keyOf(quote));
    if (before !== undefined && quote.id < before.id) this.disordered++;
    this.newest.set(keyOf(quote), quote);
    this.latency.add((performance.now() - quote.at) * 1_000);
    if (this.#gulp !== null && this.messages % GULP === 0) this.#ws.pause();
  }

  #stopGulping(): void {
    if (this.#gulp !== null) clearInterval(this.#gulp);
    this.#gulp = null;
  }
}

/** A slow subscriber reads this many messages, then waits for the next gulp, {@link GULP_PAUSE} milliseconds after the one before. */
const GULP = 150;
const GULP_PAUSE = 100;
