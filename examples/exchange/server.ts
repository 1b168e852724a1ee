import { fileURLToPath } from "node:url";
import type { Socket, TCPSocketListener } from "bun";
import type { BookSnapshot } from "./book.ts";
import { ConnectLimit } from "./connect-limit.ts";
import { Connection, type Floor } from "./connection.ts";
import { Feed } from "./feed.ts";
import { Market, type MarketListener, type SymbolMarket } from "./market.ts";
import type { ExchangeOptions, ExchangeSettings } from "./options.ts";
import { exchangeSettings } from "./options.ts";
import { Pump } from "./pump.ts";
import { RestApi } from "./rest/api.ts";
import type { FormKind } from "./rest/faults.ts";
import { KeyRing } from "./rest/keys.ts";
import { type Order, OrderLog } from "./rest/orders.ts";
import { PastBooks, type SnapshotAge } from "./rest/past-books.ts";
import { RateLimits } from "./rest/rate-limits.ts";

/** Starts an exchange in this process. `examples/exchange/main.ts` starts one as a process of its own. */
export async function startExchange(options: ExchangeOptions = {}): Promise<Exchange> {
  return new Exchange(exchangeSettings(options));
}

/** The certificate that signed the exchange's own: the `ca` of a client. For tests only. */
export const EXCHANGE_CA: string = fileURLToPath(new URL("./tls/ca.pem", import.meta.url));

/**
 * A Binance-shaped exchange on one port: `/ws/<stream>`, `/stream?streams=<one>/<two>`, control messages, and a seeded
 * market that begins with the first subscription; `/api/v3/…` for snapshots and orders.
 */
export class Exchange implements AsyncDisposable {
  readonly settings: ExchangeSettings;
  /** `ws://` or `wss://`, address and port, without a path. */
  readonly url: string;
  /** `http://` or `https://`, address and port, without a path. */
  readonly restUrl: string;
  readonly #market: Market;
  readonly #orders: OrderLog;
  readonly #pump: Pump;
  readonly #listener: TCPSocketListener<Connection>;
  readonly #connections = new Set<Connection>();

  constructor(settings: ExchangeSettings) {
    this.settings = settings;
    this.#market = new Market(settings);
    this.#orders = new OrderLog(this.#market);
    const feed = new Feed(this.#market, microseconds, () => this.#pump.start());
    const { listener, api } = this.#openApi(feed);
    this.#pump = new Pump(this.#market, listener, settings.rate, () => this.#flush());
    this.#listener = this.#listen({ settings, feed, api, connectLimit: new ConnectLimit(settings.connectLimit) });
    const address = settings.hostname.includes(":") ? `[${settings.hostname}]` : settings.hostname;
    this.url = `${settings.tls ? "wss" : "ws"}://${address}:${this.#listener.port}`;
    this.restUrl = this.url.replace(/^ws/, "http");
  }

  get port(): number {
    return this.#listener.port;
  }

  /** How many sockets are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Events given up because the machine could not keep the rate. */
  get slipped(): number {
    return this.#pump.slipped;
  }

  /** Every order that was taken, oldest first. */
  get orders(): readonly Readonly<Order>[] {
    return this.#orders.all;
  }

  /** Lets `events` trades and quotes happen now; for an exchange with a rate of 0. */
  step(events: number): void {
    this.#pump.run(events);
  }

  /** The best `limit` levels of a symbol, or null where it is not listed. */
  snapshot(symbol: string, limit: number): BookSnapshot | null {
    return this.#market.symbol(symbol)?.book.snapshot(limit) ?? null;
  }

  /** Sends `serverShutdown` to everyone and closes their connections `delay` milliseconds later. */
  announceShutdown(delay: number): void {
    for (const { peer } of this.#connections) peer?.announceShutdown(delay);
  }

  /** Closes every connection with 1001 and stops listening; what has not closed after `patience` milliseconds is cut. */
  async stop(patience: number = 200): Promise<void> {
    this.#pump.stop();
    this.#listener.stop();
    for (const connection of this.#connections) connection.end();
    const deadline = performance.now() + patience;
    while (this.#connections.size > 0 && performance.now() < deadline) await Bun.sleep(5);
    this.#listener.stop(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #flush(): void {
    for (const { peer } of this.#connections) peer?.flush();
  }

  /** Snapshots show the book as it is, but for the faults that make them lag: then someone has to keep what was. */
  #openApi(feed: Feed): { readonly listener: MarketListener; readonly api: RestApi } {
    const { settings } = this;
    const stale = formValue(settings, "rest-stale");
    const age: SnapshotAge = stale === null ? "overlapping" : "stale";
    const lags = stale !== null || formValue(settings, "rest-overlap") !== null;
    const past = lags ? new PastBooks(this.#market.symbols, stale ?? 0, feed) : null;
    const venue = {
      orders: this.#orders,
      snapshot: (symbol: SymbolMarket, limit: number) => (past?.book(symbol, age) ?? symbol.book).snapshot(limit),
    };
    return { listener: past ?? feed, api: new RestApi(venue, new KeyRing(settings.keys), new RateLimits(settings)) };
  }

  #listen(floor: Floor): TCPSocketListener<Connection> {
    const { hostname, port, tls } = this.settings;
    const accept = (socket: Socket<Connection>): void => {
      socket.data = new Connection(socket, floor);
      this.#connections.add(socket.data);
    };
    const close = (socket: Socket<Connection>): void => {
      // Undefined where a TLS socket closed before its handshake.
      this.#connections.delete(socket.data);
      socket.data?.onClose();
    };
    return Bun.listen<Connection>({
      hostname,
      port,
      ...(tls ? { tls: { cert: Bun.file(CERTIFICATE), key: Bun.file(PRIVATE_KEY) } } : {}),
      socket: {
        open: accept,
        data: (socket, chunk) => socket.data.onBytes(chunk),
        drain: (socket) => socket.data.onDrain(),
        close,
        error: close,
      },
    });
  }
}

function formValue({ faults }: ExchangeSettings, kind: FormKind): number | null {
  for (const fault of faults) if (fault.kind === kind) return fault.value;
  return null;
}

/** The time of day in microseconds, comparable between processes of one machine. */
function microseconds(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000);
}

const CERTIFICATE = fileURLToPath(new URL("./tls/server.pem", import.meta.url));
const PRIVATE_KEY = fileURLToPath(new URL("./tls/server-key.pem", import.meta.url));
