import { beforeEach, expect, test } from "bun:test";
import type { Answer } from "../../../../examples/exchange/answer.ts";
import { Market } from "../../../../examples/exchange/market.ts";
import { RestApi } from "../../../../examples/exchange/rest/api.ts";
import { KeyRing, TEST_HMAC_KEY } from "../../../../examples/exchange/rest/keys.ts";
import { OrderLog } from "../../../../examples/exchange/rest/orders.ts";
import { RateLimits } from "../../../../examples/exchange/rest/rate-limits.ts";
import { signedTarget } from "./signed.ts";

const NOW = 1_700_000_000_000;
const ORDER = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.5&price=1.0";

let orders: OrderLog;
let api: RestApi;

beforeEach(() => {
  const market = new Market({ seed: 1, symbols: ["BTCUSDT"], eventsPerWindow: 100 });
  orders = new OrderLog(market);
  const limits = new RateLimits({ weightLimit: 1_000, orderLimit: 2, banAfter: 5, banTime: 120_000 });
  const venue = {
    orders,
    snapshot: (symbol: (typeof market.symbols)[number], limit: number) => symbol.book.snapshot(limit),
  };
  api = new RestApi(venue, new KeyRing([TEST_HMAC_KEY]), limits);
});

function ask(method: string, target: string, apiKey = "", now = NOW): Answer & { json: Record<string, unknown> } {
  const [path = "", query = ""] = target.split("?");
  const headers = new Map(apiKey === "" ? [] : [["x-mbx-apikey", apiKey]]);
  const answer = api.answer({ method, path, query, headers, body: new Uint8Array(0) }, "address", now);
  return { ...answer, json: JSON.parse(answer.body) };
}

function askSigned(method: string, path: string, query: string): ReturnType<typeof ask> {
  return ask(method, signedTarget(path, query, TEST_HMAC_KEY, NOW), TEST_HMAC_KEY.apiKey);
}

test("time and ping", () => {
  expect(ask("GET", "/api/v3/time").json).toEqual({ serverTime: NOW });
  expect(ask("HEAD", "/api/v3/time")).toMatchObject({ status: 200, body: `{"serverTime":${NOW}}` });
  expect(ask("GET", "/api/v3/ping").json).toEqual({});
});

test("depth: a hundred levels, or as many as asked for, all there are beyond", () => {
  const levels = (query: string): unknown => {
    const { bids, asks } = ask("GET", `/api/v3/depth?symbol=BTCUSDT${query}`).json as { bids: []; asks: [] };
    return [bids.length, asks.length];
  };
  expect([levels(""), levels("&limit=5")]).toEqual([
    [100, 100],
    [5, 5],
  ]);
  const { bids, asks } = ask("GET", "/api/v3/depth?symbol=BTCUSDT&limit=9999").json as { bids: []; asks: [] };
  expect(Math.min(bids.length, asks.length)).toBeGreaterThan(1_500);
  expect(ask("GET", "/api/v3/depth?symbol=BTCUSDT").json["lastUpdateId"]).toBeGreaterThan(1_000_000);
});

test.each<[target: string, status: number, code: number]>([
  ["/api/v3/depth", 400, -1102],
  ["/api/v3/depth?symbol=NOPE", 400, -1121],
  ["/api/v3/depth?symbol=BTCUSDT&limit=0", 400, -1100],
  ["/api/v3/depth?symbol=BTCUSDT&limit=many", 400, -1100],
  ["/api/v3/nothing", 404, -5000],
  ["/", 404, -5000],
  ["/api/v3/order?symbol=BTCUSDT", 401, -2014],
])("GET %s is answered with %d and %d", (target, status, code) => {
  expect(ask("GET", target)).toMatchObject({ status, json: { code, msg: expect.any(String) } });
});

test("another method is told which there are", () => {
  expect(ask("POST", "/api/v3/time")).toMatchObject({ status: 405, headers: { Allow: "GET, HEAD" } });
  expect(ask("PUT", "/api/v3/order").headers?.["Allow"]).toBe("POST, DELETE, GET, HEAD");
});

test("each answer tells the weight used, those of orders their count", () => {
  const weight = (answer: Answer): unknown => answer.headers?.["X-MBX-USED-WEIGHT-1M"];
  expect(weight(ask("GET", "/api/v3/time"))).toBe("1");
  expect(weight(ask("GET", "/api/v3/depth?symbol=BTCUSDT&limit=5000"))).toBe("251");
  expect(weight(ask("GET", "/api/v3/nothing"))).toBe("252");
  const placed = askSigned("POST", "/api/v3/order", ORDER);
  expect([weight(placed), placed.headers?.["X-MBX-ORDER-COUNT-10S"]]).toEqual(["253", "1"]);
  expect(ask("GET", "/api/v3/time").headers).not.toHaveProperty("X-MBX-ORDER-COUNT-10S");
});

test("too much is refused with 429 and a time to wait, going on with 418", () => {
  const statuses = Array.from({ length: 10 }, () => ask("GET", "/api/v3/depth?symbol=BTCUSDT&limit=5000"));
  expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429, 429, 429, 429, 429, 418]);
  expect(statuses[4]?.headers).toMatchObject({ "Retry-After": "40", "X-MBX-USED-WEIGHT-1M": "1250" });
  expect(statuses[9]?.json).toMatchObject({ code: -1003, msg: expect.stringContaining("banned until") });
});

test("an order's life: placed, found, cancelled, in the log", () => {
  const placed = askSigned("POST", "/api/v3/order", `${ORDER}&newClientOrderId=mine`);
  expect(placed).toMatchObject({
    status: 200,
    json: { orderId: 1, clientOrderId: "mine", status: "NEW", transactTime: NOW },
  });
  const name = "symbol=BTCUSDT&origClientOrderId=mine";
  expect(askSigned("GET", "/api/v3/order", name).json).toMatchObject({ orderId: 1, status: "NEW" });
  expect(askSigned("DELETE", "/api/v3/order", name).json).toMatchObject({
    origClientOrderId: "mine",
    status: "CANCELED",
  });
  expect(askSigned("DELETE", "/api/v3/order", name).json).toMatchObject({ code: -2011 });
  const log: unknown = askSigned("GET", "/api/v3/allOrders", "symbol=BTCUSDT").json;
  expect(log).toMatchObject([{ clientOrderId: "mine", status: "CANCELED" }]);
  expect(log).toEqual(orders.all as unknown);
});

test("ACK tells less, and an answer in no known form places nothing", () => {
  expect(askSigned("POST", "/api/v3/order", `${ORDER}&newOrderRespType=ACK`).json).not.toHaveProperty("status");
  expect(askSigned("POST", "/api/v3/order", `${ORDER}&newOrderRespType=SHORT`).json).toMatchObject({ code: -1130 });
  expect(orders.all).toHaveLength(1);
});

test("too many orders are refused, and not placed", () => {
  const codes = [1, 2, 3].map(() => askSigned("POST", "/api/v3/order", ORDER).status);
  expect(codes).toEqual([200, 200, 429]);
  expect(orders.all).toHaveLength(2);
});
