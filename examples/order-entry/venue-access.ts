import { NexusError, type Response } from "../../index.ts";
import { TEST_ED25519_KEY, TEST_HMAC_KEY } from "../exchange/rest/keys.ts";
import { pauseAfter, type RestSession, venueComplaint } from "../rest-session.ts";
import { ed25519, hmacSha256, type Signer } from "../signing.ts";
import type { KeyKind } from "./options.ts";
import type { LoggedOrder } from "./outcome.ts";

/** What the venue knows somebody by. */
export interface VenueKey {
  readonly apiKey: string;
  readonly sign: Signer;
}

/** The exchange's test key of that kind. */
export function venueKey(kind: KeyKind): VenueKey {
  if (kind === "hmac") return { apiKey: TEST_HMAC_KEY.apiKey, sign: hmacSha256(TEST_HMAC_KEY.secret) };
  return { apiKey: TEST_ED25519_KEY.apiKey, sign: ed25519(TEST_ED25519_KEY.privateKey) };
}

/** Questions to the venue, and what is needed to be let in. Nothing here changes anything, so it is asked again where it fails. */
export class VenueAccess {
  readonly key: VenueKey;
  /** How many milliseconds the venue's clock is ahead of ours. */
  clockOffset = 0;
  readonly #session: RestSession;

  constructor(session: RestSession, key: KeyKind) {
    this.key = venueKey(key);
    this.#session = session;
    session.writer.setDefaultHeader("X-MBX-APIKEY", this.key.apiKey);
  }

  /** Sets {@link clockOffset}. */
  async readClock(): Promise<void> {
    const before = Date.now();
    const { serverTime } = (await this.#ask("/api/v3/time", {}, false)) as { serverTime: number };
    this.clockOffset = Math.round(serverTime - (before + Date.now()) / 2);
  }

  /** The best bid and ask, as the venue writes prices. */
  async bestPrices(symbol: string): Promise<{ readonly bid: string; readonly ask: string }> {
    const { bids, asks } = (await this.#ask("/api/v3/depth", { symbol, limit: 5 }, false)) as Depth;
    const [[bid] = [undefined]] = bids;
    const [[ask] = [undefined]] = asks;
    if (bid === undefined || ask === undefined) throw new Error(`Cannot price orders: the book of ${symbol} is empty`);
    return { bid, ask };
  }

  /** The number of an order that may have been placed; null where the venue does not have it. */
  async findOrder(symbol: string, clientOrderId: string): Promise<number | null> {
    try {
      const parameters = { symbol, origClientOrderId: clientOrderId };
      const { orderId } = (await this.#ask("/api/v3/order", parameters, true)) as LoggedOrder;
      return orderId;
    } catch (error) {
      if (error instanceof VenueRefusal && error.complaint.includes(NO_SUCH_ORDER)) return null;
      throw error;
    }
  }

  /** Every order of the symbol, page by page. */
  async orderLog(symbol: string): Promise<LoggedOrder[]> {
    const log: LoggedOrder[] = [];
    for (;;) {
      const orderId = (log.at(-1)?.orderId ?? 0) + 1;
      const page = (await this.#ask("/api/v3/allOrders", { symbol, orderId, limit: PAGE }, true)) as LoggedOrder[];
      log.push(...page);
      if (page.length < PAGE) return log;
    }
  }

  async #ask(path: string, parameters: Readonly<Record<string, string | number>>, isSigned: boolean): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      let pause = 0;
      let complaint: string;
      try {
        const response = await this.#send(path, parameters, isSigned);
        const { status } = response;
        if (status === 200) return response.bodyJson();
        complaint = venueComplaint(response);
        pause = pauseAfter(response);
        // The same question would be refused again.
        const isFinal = status < 500 && pause === 0 && !complaint.includes(UNKNOWN_ERROR);
        if (isFinal) throw new VenueRefusal(path, complaint);
      } catch (error) {
        if (!(error instanceof NexusError)) throw error;
        complaint = `${error.code}: ${error.message}`;
      }
      if (attempt === MOST_ATTEMPTS) throw new Error(`Cannot ask for ${path}: ${complaint}`);
      await Bun.sleep(Math.max(pause, RETRY_PAUSE));
    }
  }

  async #send(
    path: string,
    parameters: Readonly<Record<string, string | number>>,
    isSigned: boolean,
  ): Promise<Response> {
    await this.#session.connect();
    let stage = this.#session.writer.get(path);
    for (const [name, value] of Object.entries(parameters)) stage = stage.query(name, value);
    if (isSigned) stage = stage.query("timestamp", Date.now() + this.clockOffset);
    const request = stage.finish();
    if (isSigned) request.stampQuery("signature", this.key.sign(request.queryBytes()));
    return this.#session.send(request);
  }
}

/** The venue refused a question, and would again. */
class VenueRefusal extends Error {
  readonly complaint: string;

  constructor(path: string, complaint: string) {
    super(`Cannot ask for ${path}: ${complaint}`);
    this.complaint = complaint;
  }
}

interface Depth {
  readonly bids: readonly (readonly [price: string, quantity: string])[];
  readonly asks: readonly (readonly [price: string, quantity: string])[];
}

/** "An unknown error occurred while processing the request." */
const UNKNOWN_ERROR = "-1000 ";
/** "Order does not exist." */
const NO_SUCH_ORDER = "-2013";
/** As many as the venue gives at once. */
const PAGE = 1_000;
const MOST_ATTEMPTS = 10;
/** In milliseconds. */
const RETRY_PAUSE = 100;
