import { VenueError } from "./venue-error.ts";

export interface LimitSettings {
  /** Weight an address may use in a minute. */
  readonly weightLimit: number;
  /** Orders a key may place in ten seconds. */
  readonly orderLimit: number;
  /** Requests over the weight limit after which an address is banned. */
  readonly banAfter: number;
  /** How long a first ban lasts, in milliseconds; each further one lasts twice as long, three days at most. */
  readonly banTime: number;
}

/** Counts what addresses and keys use: too much is refused with 429, going on regardless with 418. Times are milliseconds of the day. */
export class RateLimits {
  readonly #settings: LimitSettings;
  readonly #weights = new Map<string, Usage>();
  readonly #orders = new Map<string, Usage>();
  readonly #bans = new Map<string, Ban>();

  constructor(settings: LimitSettings) {
    this.#settings = settings;
  }

  /** Counts a request's weight; throws where the address is banned, or over its limit. */
  weigh(address: string, weight: number, now: number): void {
    const ban = this.#bans.get(address);
    if (ban !== undefined && now < ban.end) throw banned(ban.end, now);
    const usage = usageIn(this.#weights, address, MINUTE, now);
    usage.count += weight;
    const { weightLimit, banAfter, banTime } = this.#settings;
    if (usage.count <= weightLimit) return;
    if (++usage.refused > banAfter) {
      const times = (ban?.times ?? 0) + 1;
      const end = now + Math.min(banTime * 2 ** (times - 1), LONGEST_BAN);
      this.#bans.set(address, { end, times });
      throw banned(end, now);
    }
    const limit = `current limit is ${weightLimit} request weight per 1 MINUTE`;
    throw new VenueError(
      429,
      -1003,
      `Too much request weight used; ${limit}. Please use WebSocket Streams for live updates to avoid polling the API.`,
      retryAfter(usage.end, now),
    );
  }

  /** Counts an order; throws where it is one too many. */
  countOrder(apiKey: string, now: number): void {
    const usage = usageIn(this.#orders, apiKey, TEN_SECONDS, now);
    const { orderLimit } = this.#settings;
    if (usage.count >= orderLimit) {
      const msg = `Too many new orders; current limit is ${orderLimit} orders per 10 SECOND.`;
      throw new VenueError(429, -1015, msg, retryAfter(usage.end, now));
    }
    usage.count++;
  }

  /** Of the minute under way. */
  usedWeight(address: string, now: number): number {
    return usageIn(this.#weights, address, MINUTE, now).count;
  }

  /** Orders of the ten seconds under way. */
  orderCount(apiKey: string, now: number): number {
    return usageIn(this.#orders, apiKey, TEN_SECONDS, now).count;
  }
}

interface Usage {
  count: number;
  /** Requests over the limit. */
  refused: number;
  /** When it is forgotten. */
  end: number;
}

interface Ban {
  readonly end: number;
  /** How often there was one. */
  readonly times: number;
}

/** Windows begin at whole multiples of their length, as at the venue. */
function usageIn(usages: Map<string, Usage>, name: string, window: number, now: number): Usage {
  let usage = usages.get(name);
  if (usage === undefined || now >= usage.end) {
    usage = { count: 0, refused: 0, end: (Math.floor(now / window) + 1) * window };
    usages.set(name, usage);
  }
  return usage;
}

function banned(end: number, now: number): VenueError {
  const msg = `Way too much request weight used; IP banned until ${end}. Please use WebSocket Streams for live updates to avoid bans.`;
  return new VenueError(418, -1003, msg, retryAfter(end, now));
}

/** In whole seconds. */
function retryAfter(end: number, now: number): { readonly "Retry-After": string } {
  return { "Retry-After": `${Math.ceil((end - now) / 1_000)}` };
}

const MINUTE = 60_000;
const TEN_SECONDS = 10_000;
const LONGEST_BAN = 3 * 24 * 3_600_000;
