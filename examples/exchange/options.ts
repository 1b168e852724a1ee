import type { Fault } from "./faults.ts";
import { type ApiKey, TEST_ED25519_KEY, TEST_HMAC_KEY } from "./rest/keys.ts";
import { DEFAULT_SYMBOLS } from "./symbols.ts";

/** What an exchange is started with. Times are in milliseconds; the limits are the venue's own. */
export interface ExchangeOptions {
  /** The address to listen on. Default `127.0.0.1`. */
  readonly hostname?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Serve `wss://` with the test certificate of `tls/`. Default false. */
  readonly tls?: boolean;
  /** The same seed gives the same market. Default 1. */
  readonly seed?: number;
  /** Trades and quotes a second, over all symbols. Default 1,000; 0 leaves the market to {@link Exchange.step}. */
  readonly rate?: number;
  /** How many trades and quotes make one diff window. Default a tenth of `rate`, so 100 ms; 100 where `rate` is 0. */
  readonly eventsPerWindow?: number;
  /** Upper-case names. Default {@link DEFAULT_SYMBOLS}. */
  readonly symbols?: readonly string[];
  /** What goes wrong on every connection. Default nothing. */
  readonly faults?: readonly Fault[];
  /** Between two pings. Default 20,000. */
  readonly pingInterval?: number;
  /** From a ping to the cut, where no pong with its payload comes. Default 60,000. */
  readonly pongDeadline?: number;
  /** How long a connection may last. Default 24 hours. */
  readonly maxAge?: number;
  /** Frames a client may send in any second. Default 5. */
  readonly messageLimit?: number;
  /** Streams one connection may be subscribed to. Default 1,024. */
  readonly streamLimit?: number;
  /** Connections one address may open in five minutes; beyond, upgrades are refused with 429. Default 300. */
  readonly connectLimit?: number;
  /** Who may place orders. Default {@link TEST_HMAC_KEY} and {@link TEST_ED25519_KEY}. */
  readonly keys?: readonly ApiKey[];
  /** Weight one address may use in a minute; beyond, requests are refused with 429. Default 6,000. */
  readonly weightLimit?: number;
  /** Orders one key may place in ten seconds; beyond, they are refused with 429. Default 100. */
  readonly orderLimit?: number;
  /** Requests over `weightLimit` after which the address is banned with 418. Default 20. */
  readonly banAfter?: number;
  /** How long a first ban lasts; each further one lasts twice as long. Default two minutes. */
  readonly banTime?: number;
  /** Bytes that may wait for a slow reader before it is cut off. Default 8 MiB. */
  readonly backlogLimit?: number;
}

export type ExchangeSettings = Required<ExchangeOptions>;

/** The options, complete; throws on a number that is none. */
export function exchangeSettings(options: ExchangeOptions): ExchangeSettings {
  const rate = options.rate ?? 1_000;
  const settings: ExchangeSettings = {
    hostname: options.hostname ?? "127.0.0.1",
    port: options.port ?? 0,
    tls: options.tls ?? false,
    seed: options.seed ?? 1,
    rate,
    eventsPerWindow: options.eventsPerWindow ?? (rate > 0 ? rate / 10 : 100),
    symbols: [...new Set((options.symbols ?? DEFAULT_SYMBOLS).map((name) => name.toUpperCase()))],
    faults: options.faults ?? [],
    pingInterval: options.pingInterval ?? 20_000,
    pongDeadline: options.pongDeadline ?? 60_000,
    maxAge: options.maxAge ?? 24 * 3_600_000,
    messageLimit: options.messageLimit ?? 5,
    streamLimit: options.streamLimit ?? 1_024,
    connectLimit: options.connectLimit ?? 300,
    keys: options.keys ?? [TEST_HMAC_KEY, TEST_ED25519_KEY],
    weightLimit: options.weightLimit ?? 6_000,
    orderLimit: options.orderLimit ?? 100,
    banAfter: options.banAfter ?? 20,
    banTime: options.banTime ?? 120_000,
    backlogLimit: options.backlogLimit ?? 8 << 20,
  };
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === "number" && !(value >= 0 && value <= 0x7fff_ffff)) {
      throw new Error(`Cannot start exchange: ${name} is ${value}, not a number from 0 to 2147483647`);
    }
  }
  if (settings.symbols.length === 0) throw new Error("Cannot start exchange: symbols is empty");
  return settings;
}
