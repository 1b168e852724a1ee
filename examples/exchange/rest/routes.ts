import type { BookSnapshot } from "../book.ts";
import type { SymbolMarket } from "../market.ts";
import { renderSnapshot } from "../streams.ts";
import type { OrderLog } from "./orders.ts";
import { illegal, type Parameters } from "./parameters.ts";

/** One method of one path. */
export interface Route {
  /** What it costs of the address's limit. */
  weight(parameters: Parameters): number;
  /** Whether it needs a key and a signature. */
  readonly isSigned: boolean;
  /** Whether it counts as an order. */
  readonly isOrder: boolean;
  /** Does it and returns the body; `now` is in milliseconds of the day. Throws a `VenueError` where it cannot. */
  run(venue: Venue, parameters: Parameters, now: number): string;
}

/** What requests are about. */
export interface Venue {
  readonly orders: OrderLog;
  /** The best levels of a symbol's book, as fresh as the faults let them be. */
  snapshot(symbol: SymbolMarket, limit: number): BookSnapshot;
}

/** The routes of a path, by method; null where there is nothing. */
export function routesOf(path: string): Readonly<Record<string, Route>> | null {
  return ROUTES.get(path) ?? null;
}

function open(weight: Route["weight"], run: Route["run"]): Route {
  return { weight, isSigned: false, isOrder: false, run };
}

function signed(weight: number, run: Route["run"], isOrder: boolean = false): Route {
  return { weight: () => weight, isSigned: true, isOrder, run };
}

function depthWeight(parameters: Parameters): number {
  const limit = Number(parameters.optional("limit") ?? 100);
  if (limit <= 100) return 5;
  if (limit <= 500) return 25;
  return limit <= 1_000 ? 50 : 250;
}

function depthLimit(parameters: Parameters): number {
  const limit = parameters.wholeNumber("limit") ?? 100;
  if (limit === 0) throw illegal("limit", "^[1-9][0-9]{0,19}$");
  return Math.min(limit, 5_000);
}

/** `ACK` tells the least, the others all there is; the venue's `FULL` adds the fills, which here there are none of. */
function place({ orders }: Venue, parameters: Parameters, now: number): string {
  const form = parameters.oneOf("newOrderRespType", ["ACK", "RESULT", "FULL"], -1130, INVALID_FORM);
  const { symbol, orderId, clientOrderId, time, updateTime: _, ...rest } = orders.place(parameters, now);
  const ack = { symbol, orderId, orderListId: -1, clientOrderId, transactTime: time };
  return JSON.stringify(form === "ACK" ? ack : { ...ack, ...rest });
}

function cancel({ orders }: Venue, parameters: Parameters, now: number): string {
  const { symbol, orderId, clientOrderId, time: _, updateTime, ...rest } = orders.cancel(parameters, now);
  const names = {
    origClientOrderId: clientOrderId,
    clientOrderId: parameters.optional("newClientOrderId") ?? `c-${orderId}`,
  };
  return JSON.stringify({ symbol, orderId, orderListId: -1, ...names, transactTime: updateTime, ...rest });
}

const INVALID_FORM = "Data sent for parameter 'newOrderRespType' is not valid.";

const ROUTES: ReadonlyMap<string, Readonly<Record<string, Route>>> = new Map([
  [
    "/api/v3/ping",
    {
      GET: open(
        () => 1,
        () => "{}",
      ),
    },
  ],
  [
    "/api/v3/time",
    {
      GET: open(
        () => 1,
        (_, __, now) => `{"serverTime":${now}}`,
      ),
    },
  ],
  [
    "/api/v3/depth",
    {
      GET: open(depthWeight, ({ orders, snapshot }, parameters) =>
        renderSnapshot(snapshot(orders.symbol(parameters), depthLimit(parameters))),
      ),
    },
  ],
  [
    "/api/v3/order",
    {
      POST: signed(1, place, true),
      DELETE: signed(1, cancel),
      GET: signed(4, ({ orders }, parameters) => JSON.stringify(orders.find(parameters))),
    },
  ],
  ["/api/v3/allOrders", { GET: signed(20, ({ orders }, parameters) => JSON.stringify(orders.list(parameters))) }],
]);
