import type { Market, SymbolMarket } from "../market.ts";
import { illegal, type Parameters } from "./parameters.ts";
import { VenueError } from "./venue-error.ts";

/** An order as the venue reports it. Prices and quantities are decimal strings, times milliseconds of the day. */
export interface Order {
  readonly symbol: string;
  /** Consecutive, over all symbols. */
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly price: string;
  readonly origQty: string;
  executedQty: string;
  cummulativeQuoteQty: string;
  status: "NEW" | "FILLED" | "CANCELED" | "EXPIRED";
  readonly timeInForce: TimeInForce;
  readonly type: OrderType;
  readonly side: OrderSide;
  readonly time: number;
  updateTime: number;
}

export type TimeInForce = "GTC" | "IOC" | "FOK";
export type OrderType = "LIMIT" | "MARKET";
export type OrderSide = "BUY" | "SELL";

/**
 * Every order that was ever taken. One that crosses the spread is filled at once and whole, at the best price; any other
 * rests until it is cancelled. Orders do not move the market: it is a function of its seed.
 */
export class OrderLog {
  readonly #market: Market;
  readonly #orders: Order[] = [];
  readonly #byClientOrderId = new Map<string, Order>();

  constructor(market: Market) {
    this.#market = market;
  }

  /** Oldest first. */
  get all(): readonly Readonly<Order>[] {
    return this.#orders;
  }

  /** Takes a new order; throws where it is no order, or one with its `newClientOrderId` was taken before, whatever became of it. */
  place(parameters: Parameters, now: number): Readonly<Order> {
    const { book } = this.symbol(parameters);
    parameters.mandatory("side");
    const side = parameters.oneOf("side", SIDES, -1117, "Invalid side.") ?? "BUY";
    parameters.mandatory("type");
    const type = parameters.oneOf("type", TYPES, -1116, "Invalid orderType.") ?? "LIMIT";
    const timeInForce = parameters.oneOf("timeInForce", TIMES_IN_FORCE, -1115, "Invalid timeInForce.");
    const price = parameters.decimal("price");
    parameters.mandatory("quantity");
    const quantity = parameters.decimal("quantity") ?? "";
    if (type === "LIMIT") {
      parameters.mandatory("timeInForce");
      parameters.mandatory("price");
    } else if (timeInForce !== null || price !== null) {
      const name = price === null ? "timeInForce" : "price";
      throw new VenueError(400, -1106, `Parameter '${name}' sent when not required.`);
    }
    const clientOrderId = parameters.optional("newClientOrderId") ?? `x-${this.#orders.length + 1}`;
    if (!/^[\w-]{1,36}$/.test(clientOrderId)) throw illegal("newClientOrderId", "^[a-zA-Z0-9-_]{1,36}$");
    if (this.#byClientOrderId.has(clientOrderId)) throw new VenueError(400, -2010, "Duplicate order sent.");
    const best = book.priceText(side === "BUY" ? book.bestAsk : book.bestBid);
    const crosses = price === null || (side === "BUY" ? Number(price) >= Number(best) : Number(price) <= Number(best));
    const order: Order = {
      symbol: book.spec.name,
      orderId: this.#orders.length + 1,
      clientOrderId,
      price: price ?? ZERO,
      origQty: quantity,
      executedQty: crosses ? quantity : ZERO,
      cummulativeQuoteQty: crosses ? (Number(best) * Number(quantity)).toFixed(8) : ZERO,
      status: crosses ? "FILLED" : (timeInForce ?? "GTC") === "GTC" ? "NEW" : "EXPIRED",
      timeInForce: timeInForce ?? "GTC",
      type,
      side,
      time: now,
      updateTime: now,
    };
    this.#orders.push(order);
    this.#byClientOrderId.set(clientOrderId, order);
    return order;
  }

  /** Cancels the order that `orderId` or `origClientOrderId` names, if it still rests. */
  cancel(parameters: Parameters, now: number): Readonly<Order> {
    const order = this.#named(parameters);
    if (order?.status !== "NEW") throw new VenueError(400, -2011, "Unknown order sent.");
    order.status = "CANCELED";
    order.updateTime = now;
    return order;
  }

  /** The order that `orderId` or `origClientOrderId` names. */
  find(parameters: Parameters): Readonly<Order> {
    const order = this.#named(parameters);
    if (order === null) throw new VenueError(400, -2013, "Order does not exist.");
    return order;
  }

  /** A symbol's orders from `orderId` on, oldest first, or its latest; `limit` of them, 500 where it is left out, 1,000 at most. */
  list(parameters: Parameters): readonly Readonly<Order>[] {
    const { name } = this.symbol(parameters).book.spec;
    const limit = Math.min(parameters.wholeNumber("limit") ?? 500, 1_000);
    const from = parameters.wholeNumber("orderId");
    const orders = this.#orders.filter(({ symbol, orderId }) => symbol === name && orderId >= (from ?? 0));
    return from === null ? orders.slice(Math.max(0, orders.length - limit)) : orders.slice(0, limit);
  }

  /** The listed symbol that a request names. */
  symbol(parameters: Parameters): SymbolMarket {
    const symbol = this.#market.symbol(parameters.mandatory("symbol"));
    if (symbol === null) throw new VenueError(400, -1121, "Invalid symbol.");
    return symbol;
  }

  #named(parameters: Parameters): Order | null {
    const { name } = this.symbol(parameters).book.spec;
    const orderId = parameters.wholeNumber("orderId");
    const clientOrderId = parameters.optional("origClientOrderId");
    if (orderId === null && clientOrderId === null) {
      throw new VenueError(
        400,
        -1102,
        "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
      );
    }
    const order = orderId === null ? this.#byClientOrderId.get(clientOrderId ?? "") : this.#orders[orderId - 1];
    return order?.symbol === name ? order : null;
  }
}

const SIDES: readonly OrderSide[] = ["BUY", "SELL"];
const TYPES: readonly OrderType[] = ["LIMIT", "MARKET"];
const TIMES_IN_FORCE: readonly TimeInForce[] = ["GTC", "IOC", "FOK"];
const ZERO = "0.00000000";
