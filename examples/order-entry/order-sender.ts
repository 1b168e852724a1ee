import { NexusError, type Request, RequestError, type RequestWriter, type Response } from "../../index.ts";
import { pauseAfter, venueComplaint } from "../rest-session.ts";
import type { Outcome } from "./outcome.ts";
import type { VenueKey } from "./venue-access.ts";

/** An order as it is to be sent: good till cancelled, at a limit. */
export interface Ticket {
  /** The venue takes each once. */
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: "BUY" | "SELL";
  readonly quantity: string;
  readonly price: string;
}

/** What orders are sent over: a connection of its own, or a slot of a pool. */
export interface OrderSession {
  readonly writer: RequestWriter;
  /** Sees to it that a request can go out. */
  connect(): Promise<void>;
  /** Sends a request of {@link writer}. The response is borrowed until the next one. */
  send(request: Request): Promise<Response>;
  /** Ends the connection: what comes on it is no longer to be trusted. */
  cut(): void | Promise<void>;
}

/** By whose key orders are signed, and when. */
export interface OrderSigner {
  readonly key: VenueKey;
  /** How many milliseconds the venue's clock is ahead of ours. */
  readonly clockOffset: number;
}

/** Sends orders over one session, one at a time, and tells what is known of each. */
export class OrderSender {
  /** Sent again, because no byte of the first attempt had left. */
  resends = 0;
  /** Milliseconds that the venue wants to be left alone for; 0 where its last answer said nothing of it. */
  pause = 0;
  readonly #session: OrderSession;
  readonly #signer: OrderSigner;

  /** The session's requests carry the signer's key already. */
  constructor(session: OrderSession, signer: OrderSigner) {
    this.#session = session;
    this.#signer = signer;
  }

  /** Connects, where the connection is gone; tries for a few seconds and then throws. */
  async connect(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#session.connect();
        return;
      } catch (error) {
        if (!(error instanceof NexusError) || attempt === MOST_ATTEMPTS) throw error;
        await Bun.sleep(CONNECT_PAUSE);
      }
    }
  }

  /** Sends an order. Whatever may have reached the venue is never sent again: what became of it is for the log to tell. */
  async place(ticket: Ticket): Promise<Outcome> {
    this.pause = 0;
    for (;;) {
      await this.connect();
      try {
        return await this.#judge(ticket, await this.#session.send(this.#write(ticket)));
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        if (error.progress !== "not-sent") return { kind: "unknown", why: `${error.code}, ${error.progress}` };
        this.resends++;
      }
    }
  }

  #write({ symbol, side, quantity, price, clientOrderId }: Ticket): Request {
    const request = this.#session.writer
      .post("/api/v3/order")
      .query("symbol", symbol)
      .query("side", side)
      .query("type", "LIMIT")
      .query("timeInForce", "GTC")
      .query("quantity", quantity)
      .query("price", price)
      .query("newClientOrderId", clientOrderId)
      .query("newOrderRespType", "ACK")
      .query("timestamp", Date.now() + this.#signer.clockOffset)
      .finish();
    return request.stampQuery("signature", this.#signer.key.sign(request.queryBytes()));
  }

  async #judge({ clientOrderId }: Ticket, response: Response): Promise<Outcome> {
    const { status } = response;
    this.pause = pauseAfter(response);
    if (status >= 500 || status === 408) return { kind: "unknown", why: venueComplaint(response) };
    if (status !== 200) return { kind: "rejected", why: venueComplaint(response) };
    const answer = acknowledgement(response);
    if (answer.clientOrderId === clientOrderId && answer.orderId !== undefined) {
      return { kind: "acknowledged", orderId: answer.orderId };
    }
    const why = `answered with ${response.bodyText().slice(0, 100)}`;
    // The answer to something else: the ones behind it would be, too.
    await this.#session.cut();
    return { kind: "unknown", why };
  }
}

function acknowledgement(response: Response): { readonly clientOrderId?: string; readonly orderId?: number } {
  try {
    return response.bodyJson() as ReturnType<typeof acknowledgement>;
  } catch {
    return {};
  }
}

const MOST_ATTEMPTS = 30;
/** In milliseconds. */
const CONNECT_PAUSE = 100;
