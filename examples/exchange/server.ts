import { fileURLToPath } from "node:url";
import type { Socket, TCPSocketListener } from "bun";
import type { BookSnapshot } from "./book.ts";
import { ConnectLimit } from "./connect-limit.ts";
import { Connection } from "./connection.ts";
import { Feed } from "./feed.ts";
import { Market } from "./market.ts";
import type { ExchangeOptions, ExchangeSettings } from "./options.ts";
import { exchangeSettings } from "./options.ts";
import { Pump } from "./pump.ts";

/** Starts an exchange in this process. `examples/exchange/main.ts` starts one as a process of its own. */
export async function startExchange(options: ExchangeOptions = {}): Promise<Exchange> {
  return new Exchange(exchangeSettings(options));
}

/** The certificate that signed the exchange's own: the `ca` of a client. For tests only. */
export const EXCHANGE_CA: string = fileURLToPath(new URL("./tls/ca.pem", import.meta.url));

/**
 * A Binance-shaped exchange on one port: `/ws/<stream>`, `/stream?streams=<one>/<two>`, control messages, and a seeded
 * market that begins with the first subscription.
 */
export class Exchange implements AsyncDisposable {
  readonly settings: ExchangeSettings;
  /** `ws://` or `wss://`, address and port, without a path. */
  readonly url: string;
  readonly #market: Market;
  readonly #feed: Feed;
  readonly #pump: Pump;
  readonly #listener: TCPSocketListener<Connection>;
  readonly #connections = new Set<Connection>();
  readonly #connectLimit: ConnectLimit;

  constructor(settings: ExchangeSettings) {
    this.settings = settings;
    this.#connectLimit = new ConnectLimit(settings.connectLimit);
    this.#market = new Market(settings);
    this.#feed = new Feed(this.#market, microseconds, () => this.#pump.start());
    this.#pump = new Pump(this.#market, this.#feed, settings.rate, () => this.#flush());
    this.#listener = this.#listen();
    const address = settings.hostname.includes(":") ? `[${settings.hostname}]` : settings.hostname;
    this.url = `${settings.tls ? "wss" : "ws"}://${address}:${this.#listener.port}`;
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

  #listen(): TCPSocketListener<Connection> {
    const { hostname, port, tls } = this.settings;
    const accept = (socket: Socket<Connection>): void => {
      socket.data = new Connection(socket, this.#feed, this.#connectLimit, this.settings);
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

/** The time of day in microseconds, comparable between processes of one machine. */
function microseconds(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000);
}

const CERTIFICATE = fileURLToPath(new URL("./tls/server.pem", import.meta.url));
const PRIVATE_KEY = fileURLToPath(new URL("./tls/server-key.pem", import.meta.url));
