import { expect, test } from "bun:test";
import { parseFault } from "../../../examples/exchange/faults.ts";
import { startExchange } from "../../../examples/exchange/server.ts";
import { OrderSender } from "../../../examples/order-entry/order-sender.ts";
import { VenueAccess } from "../../../examples/order-entry/venue-access.ts";
import { RestSession } from "../../../examples/rest-session.ts";

test("clock, prices, and a log of several pages, over a connection that breaks", async () => {
  // Every third request of a connection is cut off, and takes effect all the same.
  const faults = [parseFault("rest-cut=after@2")];
  const limits = { orderLimit: 10_000, weightLimit: 100_000 };
  await using exchange = await startExchange({ rate: 0, symbols: ["BTCUSDT"], faults, ...limits });
  using session = new RestSession(exchange.restUrl);
  const access = new VenueAccess(session, "hmac");
  await access.readClock();
  expect(Math.abs(access.clockOffset)).toBeLessThan(1_000);
  const { bid, ask } = await access.bestPrices("BTCUSDT");
  expect(Number(bid)).toBeLessThan(Number(ask));
  const sender = new OrderSender(session, access);
  for (let at = 0; at < 1_003; at++) {
    await sender.place({ clientOrderId: `${at}`, symbol: "BTCUSDT", side: "BUY", quantity: "1", price: "1" });
  }
  const log = await access.orderLog("BTCUSDT");
  expect(log.map(({ clientOrderId }) => clientOrderId)).toEqual(exchange.orders.map((each) => each.clientOrderId));
  expect(log).toHaveLength(1_003);
});

test("what is refused is not asked again", async () => {
  await using exchange = await startExchange({ rate: 0, symbols: ["BTCUSDT"] });
  using session = new RestSession(exchange.restUrl);
  const access = new VenueAccess(session, "ed25519");
  const failure = await access.orderLog("XYZ").catch((error: Error) => error.message);
  expect(failure).toBe("Cannot ask for /api/v3/allOrders: 400: -1121 Invalid symbol.");
});
