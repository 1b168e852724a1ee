import { type Message, WsConnection } from "../../index.ts";
import { LatencyHistogram } from "../market-data/latency.ts";
import { keyOf, type Quote } from "./quote.ts";

/** How a subscriber reads: all the time, in gulps with pauses between, or not at all. */
export type Pace = "fast" | "slow" | "stuck";

/** Somebody who listens to the hub, and notes what comes: the handlers of its own connection. */
export class Subscriber {
  readonly name: string;
  readonly pace: Pace;
  messages = 0;
  /** Quotes whose id was below that of the one before of their key. */
  disordered = 0;
  /** From the venue's message to the handler, in microseconds. */
  readonly latency: LatencyHistogram = new LatencyHistogram();
  readonly newest: Map<string, Quote> = new Map();
  #ws: WsConnection | null = null;
  #gulp: ReturnType<typeof setInterval> | null = null;

  private constructor(name: string, pace: Pace) {
    this.name = name;
    this.pace = pace;
  }

  static async connect(url: string, name: string, pace: Pace): Promise<Subscriber> {
    const subscriber = new Subscriber(name, pace);
    const options = { bufferCapacity: 16 << 10, socket: { recvBufferSize: 64 << 10 } };
    // What comes with the answer to the upgrade is taken before this resolves.
    const ws = await WsConnection.connect(`${url}/${name}`, subscriber, options);
    subscriber.#ws = ws;
    if (pace !== "fast") ws.pause();
    if (pace === "slow") subscriber.#gulp = setInterval(() => ws.resume(), GULP_PAUSE);
    return subscriber;
  }

  message(ws: WsConnection, msg: Message): void {
    if (msg.kind !== "text") return;
    const quote = msg.json() as Quote;
    const key = keyOf(quote);
    const before = this.newest.get(key);
    if (before !== undefined && quote.id < before.id) this.disordered++;
    this.newest.set(key, quote);
    this.latency.add((performance.now() - quote.at) * 1_000);
    if (++this.messages % GULP === 0 && this.#gulp !== null) ws.pause();
  }

  close(): void {
    this.#stopGulping();
  }

  error(): void {}

  /** Reads to the end of what was sent. */
  catchUp(): void {
    this.#stopGulping();
    this.#ws?.resume();
  }

  /** Leaves, once it has read what was sent. */
  async leave(): Promise<void> {
    this.catchUp();
    this.#ws?.close(1000);
    await this.#ws?.closed;
  }

  #stopGulping(): void {
    if (this.#gulp !== null) clearInterval(this.#gulp);
    this.#gulp = null;
  }
}

/** A slow subscriber reads this many messages, then waits for the next gulp, {@link GULP_PAUSE} milliseconds after the one before. */
const GULP = 150;
const GULP_PAUSE = 100;
