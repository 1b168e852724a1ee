import { expect, test } from "bun:test";
import { parseFault } from "../../../examples/exchange/faults.ts";
import { type Exchange, startExchange } from "../../../examples/exchange/server.ts";
import type { KeyKind } from "../../../examples/order-entry/options.ts";
import { OrderSender, type Ticket } from "../../../examples/order-entry/order-sender.ts";
import type { Outcome } from "../../../examples/order-entry/outcome.ts";
import { VenueAccess } from "../../../examples/order-entry/venue-access.ts";
import { RestSession } from "../../../examples/rest-session.ts";

function startFaulty(...faults: string[]): Promise<Exchange> {
  return startExchange({ rate: 0, symbols: ["BTCUSDT"], faults: faults.map(parseFault) });
}

function ticket(clientOrderId: string): Ticket {
  return { clientOrderId, symbol: "BTCUSDT", side: "BUY", quantity: "0.01", price: "1.0" };
}

/** Places orders called by the numbers from 0 on, over one sender. */
async function placeAll(exchange: Exchange, count: number, timeout = 2_000, key: KeyKind = "hmac"): Promise<Placed> {
  using session = new RestSession(exchange.restUrl, { timeout });
  const sender = new OrderSender(session, new VenueAccess(session, key));
  const outcomes: Outcome[] = [];
  for (let at = 0; at < count; at++) outcomes.push(await sender.place(ticket(`${at}`)));
  return { outcomes, connects: session.connects, pause: sender.pause };
}

interface Placed {
  readonly outcomes: Outcome[];
  readonly connects: number;
  readonly pause: number;
}

function names(exchange: Exchange): string[] {
  return exchange.orders.map(({ clientOrderId }) => clientOrderId);
}

test.each(["hmac", "ed25519"] as const)("%s: signed orders are acknowledged over one connection", async (key) => {
  await using exchange = await startFaulty();
  const { outcomes, connects } = await placeAll(exchange, 3, 2_000, key);
  expect(outcomes).toEqual([1, 2, 3].map((orderId) => ({ kind: "acknowledged", orderId })));
  expect([connects, names(exchange)]).toEqual([1, ["0", "1", "2"]]);
});

test.each<[fault: string, why: RegExp, isPlaced: boolean, connects: number]>([
  ["rest-cut=before@1", /^REQUEST_CONNECTION_LOST, sent$/, false, 2],
  ["rest-cut=after@1", /^REQUEST_CONNECTION_LOST, sent$/, true, 2],
  ["rest-fin=after@1", /^REQUEST_CONNECTION_LOST, sent$/, true, 2],
  ["rest-truncate@1", /^REQUEST_CONNECTION_LOST, response-started$/, true, 2],
  ["rest-unknown@1", /^503: -1000 /, true, 1],
  ["rest-unknown=504@1", /^504: -1007 /, true, 1],
  ["rest-fail@1", /^503: -1001 /, false, 1],
])("%s: unknown, not sent again, and the next order goes out", async (fault, why, isPlaced, connects) => {
  await using exchange = await startFaulty(fault);
  const placed = await placeAll(exchange, 3);
  expect(placed.outcomes.map(({ kind }) => kind)).toEqual(["acknowledged", "unknown", "acknowledged"]);
  expect(placed.outcomes[1]).toMatchObject({ why: expect.stringMatching(why) });
  expect([placed.connects, names(exchange)]).toEqual([connects, isPlaced ? ["0", "1", "2"] : ["0", "2"]]);
});

test("an answer that takes too long: unknown, and its answer answers no other order", async () => {
  await using exchange = await startFaulty("rest-delay=80");
  const { outcomes, connects } = await placeAll(exchange, 2, 40);
  const late: Outcome = { kind: "unknown", why: "REQUEST_TIMEOUT, sent" };
  expect(outcomes).toEqual([late, late]);
  expect([connects, names(exchange)]).toEqual([2, ["0", "1"]]);
});

test("429 is a rejection, and says how long to wait", async () => {
  await using exchange = await startFaulty("rest-fail=429@1");
  const { outcomes, pause } = await placeAll(exchange, 2);
  expect(outcomes[1]).toEqual({ kind: "rejected", why: "429: -1003 Too many requests; slow down." });
  expect([pause, names(exchange)]).toEqual([5_000, ["0"]]);
});

test("the same name again is rejected", async () => {
  await using exchange = await startFaulty();
  using session = new RestSession(exchange.restUrl);
  const sender = new OrderSender(session, new VenueAccess(session, "hmac"));
  await sender.place(ticket("a"));
  expect(await sender.place(ticket("a"))).toEqual({ kind: "rejected", why: "400: -2010 Duplicate order sent." });
});

test("an answer to nothing is no acknowledgement, and what is behind it is not read", async () => {
  await using exchange = await startFaulty("rest-stray=30@0", "rest-delay=60");
  const { outcomes, connects } = await placeAll(exchange, 3);
  expect(outcomes.map(({ kind }) => kind)).toEqual(["acknowledged", "unknown", "acknowledged"]);
  expect(outcomes[1]).toMatchObject({ why: 'answered with {"unsolicited":true}' });
  expect(connects).toBe(2);
});

test("a connection that ended while it was idle costs nothing", async () => {
  await using exchange = await startFaulty("rest-idle=10");
  using session = new RestSession(exchange.restUrl);
  const sender = new OrderSender(session, new VenueAccess(session, "hmac"));
  await sender.place(ticket("a"));
  while (session.isReady) await Bun.sleep(5);
  expect((await sender.place(ticket("b"))).kind).toBe("acknowledged");
  expect(session.connects).toBe(2);
});
