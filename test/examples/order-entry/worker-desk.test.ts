import { expect, test } from "bun:test";
import { parseFault } from "../../../examples/exchange/faults.ts";
import { type Exchange, startExchange } from "../../../examples/exchange/server.ts";
import type { Ticket } from "../../../examples/order-entry/order-sender.ts";
import { VenueAccess } from "../../../examples/order-entry/venue-access.ts";
import { WorkerDesk } from "../../../examples/order-entry/worker-desk.ts";
import { RestSession } from "../../../examples/rest-session.ts";
import { AtomicClientPool } from "../../../index.ts";

function startFaulty(...faults: string[]): Promise<Exchange> {
  return startExchange({ rate: 0, symbols: ["BTCUSDT"], faults: faults.map(parseFault) });
}

function connect(exchange: Exchange, access: VenueAccess, connections: number): Promise<AtomicClientPool> {
  const defaultHeaders = { "X-MBX-APIKEY": access.key.apiKey };
  const reconnect = { initialDelay: 5, jitter: 0 };
  return AtomicClientPool.connect({ url: exchange.restUrl, connections, defaultHeaders, reconnect });
}

function ticket(at: number): Ticket {
  return { clientOrderId: `w-${at}`, symbol: "BTCUSDT", side: "BUY", quantity: "1", price: "1" };
}

test("Workers send over slots that they are lent, and give them back", async () => {
  await using exchange = await startFaulty();
  using questions = new RestSession(exchange.restUrl);
  const access = new VenueAccess(questions, "ed25519");
  await using pool = await connect(exchange, access, 2);
  await using desk = await WorkerDesk.open(pool, 3, { key: "ed25519", clockOffset: 0, timeout: 2_000 });
  const outcomes = await Promise.all(Array.from({ length: 30 }, (_, at) => desk.place(ticket(at))));
  expect(outcomes.map(({ kind }) => kind)).toEqual(outcomes.map(() => "acknowledged"));
  expect(new Set(exchange.orders.map(({ clientOrderId }) => clientOrderId)).size).toBe(30);
  expect([exchange.orders.length, desk.resends, desk.pause]).toEqual([30, 0, 0]);
});

test("an answer to nothing is no acknowledgement, and what is behind it answers no other order", async () => {
  await using exchange = await startFaulty("rest-stray=30@0", "rest-delay=60");
  using questions = new RestSession(exchange.restUrl);
  const access = new VenueAccess(questions, "hmac");
  await using pool = await connect(exchange, access, 1);
  await using desk = await WorkerDesk.open(pool, 1, { key: "hmac", clockOffset: 0, timeout: 2_000 });
  const kinds: string[] = [];
  for (let at = 0; at < 3; at++) {
    const outcome = await desk.place(ticket(at));
    kinds.push(outcome.kind);
    if (outcome.kind === "unknown") expect(outcome.why).toBe('answered with {"unsolicited":true}');
  }
  expect(kinds).toEqual(["acknowledged", "unknown", "acknowledged"]);
  expect(pool.stats().reconnects).toBe(1);
});

test("429 is a rejection, and says for all Workers how long to wait", async () => {
  await using exchange = await startFaulty("rest-fail=429@0");
  using questions = new RestSession(exchange.restUrl);
  const access = new VenueAccess(questions, "hmac");
  await using pool = await connect(exchange, access, 1);
  await using desk = await WorkerDesk.open(pool, 2, { key: "hmac", clockOffset: 0, timeout: 2_000 });
  expect(await desk.place(ticket(0))).toMatchObject({ kind: "rejected" });
  expect(desk.pause).toBeGreaterThan(0);
});
