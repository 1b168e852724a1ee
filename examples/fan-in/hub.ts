import { TcpListener, WsConnection } from "../../index.ts";
import { Outlet } from "./outlet.ts";
import { keyOf, type Quote } from "./quote.ts";

export interface HubOptions {
  /** A subscriber that has not kept up for this many milliseconds is cut. */
  readonly cutAfter: number;
}

/** Serves one stream of quotes to everybody who connects: first the newest of each key, then each as it comes. */
export class Hub implements AsyncDisposable {
  /** Where subscribers connect. */
  readonly url: string;
  /** Of everybody who was ever connected, by the path that they asked for. */
  readonly outlets: Map<string, Outlet> = new Map();
  /** Paths of those that were cut. */
  readonly cut: string[] = [];
  /** By key. */
  readonly #newest: Map<string, string> = new Map();
  readonly #open: Set<Outlet> = new Set();
  readonly #listener: TcpListener;
  readonly #watch: ReturnType<typeof setInterval>;
  readonly #serving: Promise<void>;

  constructor({ cutAfter }: HubOptions) {
    this.#listener = TcpListener.bind({
      hostname: "127.0.0.1",
      port: 0,
      // Small, so that what a slow subscriber is behind by is not old.
      socket: { noDelay: true, sendBufferSize: 64 << 10 },
    });
    this.url = `ws://127.0.0.1:${this.#listener.port}`;
    this.#watch = setInterval(() => this.#cutSlow(cutAfter), Math.max(10, cutAfter / 10));
    this.#serving = this.#serve();
  }

  /** Sends quotes to every subscriber: encoded once, whatever their number. */
  publish(quotes: readonly Quote[]): void {
    const texts = quotes.map((quote) => [keyOf(quote), JSON.stringify(quote)] as const);
    for (const [key, text] of texts) this.#newest.set(key, text);
    for (const outlet of this.#open) outlet.offer(texts);
  }

  get newest(): readonly Quote[] {
    return [...this.#newest.values()].map((text) => JSON.parse(text) as Quote);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watch);
    this.#listener.close();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    for await (const tcp of this.#listener) {
      let path = "";
      let outlet: Outlet | null = null;
      const leave = (): void => {
        if (outlet !== null) this.#open.delete(outlet);
      };
      WsConnection.accept(
        tcp,
        { drain: () => outlet?.drain(), close: leave, error() {} },
        {
          highWaterMark: 256 << 10,
          onUpgrade(request) {
            path = request.target;
            return undefined;
          },
        },
      ).then(
        (ws) => {
          outlet = new Outlet(ws);
          this.outlets.set(path, outlet);
          this.#open.add(outlet);
          outlet.offer([...this.#newest]);
        },
        // An upgrade that failed has been answered.
        () => {},
      );
    }
  }

  #cutSlow(limit: number): void {
    for (const [path, outlet] of this.outlets) {
      if (outlet.fullFor <= limit || !this.#open.has(outlet)) continue;
      this.#open.delete(outlet);
      this.cut.push(path);
      outlet.cut();
    }
  }
}
