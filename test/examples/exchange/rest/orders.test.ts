import { beforeEach, expect, test } from "bun:test";
import { Market } from "../../../../examples/exchange/market.ts";
import { type Order, OrderLog } from "../../../../examples/exchange/rest/orders.ts";
import { Parameters } from "../../../../examples/exchange/rest/parameters.ts";
import { VenueError } from "../../../../examples/exchange/rest/venue-error.ts";

const NOW = 1_700_000_000_000;
const REST = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.5&price=1.0";

let orders: OrderLog;

beforeEach(() => {
  orders = new OrderLog(new Market({ seed: 1, symbols: ["BTCUSDT", "ETHUSDT"], eventsPerWindow: 100 }));
});

function parameters(query: string): Parameters {
  return new Parameters({ query, body: new Uint8Array(0) });
}

function place(query: string): Readonly<Order> {
  return orders.place(parameters(query), NOW);
}

function codeOf(act: () => unknown): number {
  try {
    act();
    return 0;
  } catch (error) {
    if (!(error instanceof VenueError)) throw error;
    return JSON.parse(error.answer.body).code;
  }
}

test("an order away from the market rests, one that crosses is filled at the best price", () => {
  expect(place(`${REST}&newClientOrderId=mine-1`)).toEqual({
    symbol: "BTCUSDT",
    orderId: 1,
    clientOrderId: "mine-1",
    price: "1.0",
    origQty: "0.5",
    executedQty: "0.00000000",
    cummulativeQuoteQty: "0.00000000",
    status: "NEW",
    timeInForce: "GTC",
    type: "LIMIT",
    side: "BUY",
    time: NOW,
    updateTime: NOW,
  });
  // The market opens at 67,125.0 bid, 67,125.1 ask.
  const filled = { status: "FILLED", executedQty: "0.5" };
  expect(place(REST.replace("price=1.0", "price=67125.1"))).toMatchObject({
    ...filled,
    cummulativeQuoteQty: "33562.55000000",
  });
  expect(place(REST.replace("BUY", "SELL"))).toMatchObject(filled);
  expect(place("symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.5")).toMatchObject({
    ...filled,
    price: "0.00000000",
    cummulativeQuoteQty: "33562.50000000",
  });
  expect(place(REST.replace("GTC", "IOC")).status).toBe("EXPIRED");
});

test("a newClientOrderId is taken once, whatever became of its order", () => {
  const query = `${REST}&newClientOrderId=mine-1`;
  place(query);
  expect(codeOf(() => place(query))).toBe(-2010);
  orders.cancel(parameters("symbol=BTCUSDT&origClientOrderId=mine-1"), NOW);
  expect(codeOf(() => place(query))).toBe(-2010);
  expect(orders.all).toHaveLength(1);
});

test("without one the venue makes one", () => {
  expect([place(REST).clientOrderId, place(REST).clientOrderId]).toEqual(["x-1", "x-2"]);
});

test.each<[why: string, query: string, code: number]>([
  ["an unknown symbol", REST.replace("BTC", "XYZ"), -1121],
  ["no symbol", REST.replace("symbol", "s"), -1102],
  ["no side", REST.replace("side", "s"), -1102],
  ["another side", REST.replace("BUY", "HOLD"), -1117],
  ["another type", REST.replace("LIMIT", "STOP"), -1116],
  ["another time in force", REST.replace("GTC", "GTX"), -1115],
  ["no time in force", REST.replace("&timeInForce=GTC", ""), -1102],
  ["no price", REST.replace("&price=1.0", ""), -1102],
  ["no quantity", REST.replace("&quantity=0.5", ""), -1102],
  ["quantity 0", REST.replace("0.5", "0.0"), -1013],
  ["price that is no number", REST.replace("1.0", "1e3"), -1100],
  ["a price for a market order", REST.replace("LIMIT&timeInForce=GTC", "MARKET"), -1106],
  ["an id too long", `${REST}&newClientOrderId=${"x".repeat(37)}`, -1100],
])("%s is refused, and no order", (_, query, code) => {
  expect(codeOf(() => place(query))).toBe(code);
  expect(orders.all).toHaveLength(0);
});

test("an order is found by either id, of its own symbol only", () => {
  place(`${REST}&newClientOrderId=mine-1`);
  const find = (query: string): number => orders.find(parameters(query)).orderId;
  expect(find("symbol=BTCUSDT&origClientOrderId=mine-1")).toBe(1);
  expect(find("symbol=BTCUSDT&orderId=1")).toBe(1);
  expect(codeOf(() => find("symbol=ETHUSDT&orderId=1"))).toBe(-2013);
  expect(codeOf(() => find("symbol=BTCUSDT&orderId=2"))).toBe(-2013);
  expect(codeOf(() => find("symbol=BTCUSDT"))).toBe(-1102);
});

test("only what rests can be cancelled, once", () => {
  place(REST);
  place(REST.replace("BUY", "SELL"));
  const cancel = (orderId: number): Readonly<Order> =>
    orders.cancel(parameters(`symbol=BTCUSDT&orderId=${orderId}`), NOW + 5);
  expect(cancel(1)).toMatchObject({ status: "CANCELED", time: NOW, updateTime: NOW + 5 });
  expect([1, 2, 3].map((orderId) => codeOf(() => cancel(orderId)))).toEqual([-2011, -2011, -2011]);
});

test("the log of a symbol, its latest or from an id on", () => {
  for (let count = 0; count < 6; count++) place(count === 2 ? REST.replace("BTC", "ETH") : REST);
  const ids = (query: string): number[] => orders.list(parameters(query)).map(({ orderId }) => orderId);
  expect(ids("symbol=BTCUSDT")).toEqual([1, 2, 4, 5, 6]);
  expect(ids("symbol=BTCUSDT&limit=2")).toEqual([5, 6]);
  expect(ids("symbol=BTCUSDT&limit=2&orderId=2")).toEqual([2, 4]);
  expect(ids("symbol=ETHUSDT")).toEqual([3]);
});
