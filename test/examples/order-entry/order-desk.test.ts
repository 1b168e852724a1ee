import { expect, test } from "bun:test";
import { parseFault } from "../../../examples/exchange/faults.ts";
import { type Exchange, startExchange } from "../../../examples/exchange/server.ts";
import { OrderLookup } from "../../../examples/order-entry/lookup.ts";
import { OrderDesk } from "../../../examples/order-entry/order-desk.ts";
import type { Ticket } from "../../../examples/order-entry/order-sender.ts";
import { OrderRun } from "../../../examples/order-entry/run.ts";
import { VenueAccess } from "../../../examples/order-entry/venue-access.ts";
import { RestSession } from "../../../examples/rest-session.ts";
import { ClientPool } from "../../../index.ts";

function startFaulty(...faults: string[]): Promise<Exchange> {
  const limits = { orderLimit: 10_000, weightLimit: 100_000 };
  return startExchange({ rate: 0, symbols: ["BTCUSDT"], faults: faults.map(parseFault), ...limits });
}

function connect(exchange: Exchange, access: VenueAccess, connections: number): Promise<ClientPool> {
  const defaultHeaders = { "X-MBX-APIKEY": access.key.apiKey };
  const reconnect = { initialDelay: 5, jitter: 0 };
  return ClientPool.connect({ url: exchange.restUrl, connections, defaultHeaders, reconnect });
}

function tickets(count: number): Ticket[] {
  return Array.from({ length: count }, (_, at) => {
    return { clientOrderId: `d-${at}`, symbol: "BTCUSDT", side: "BUY", quantity: "1", price: "1" };
  });
}

test("as many orders are under way as there are connections, and none waits for another's answer", async () => {
  await using exchange = await startFaulty("rest-delay=40");
  using questions = new RestSession(exchange.restUrl);
  const access = new VenueAccess(questions, "hmac");
  await using pool = await connect(exchange, access, 4);
  const desk = new OrderDesk(pool, access, 2_000);
  let most = 0;
  const placer = {
    pause: 0,
    place(ticket: Ticket) {
      most = Math.max(most, pool.stats().busy + 1);
      return desk.place(ticket);
    },
  };
  const run = new OrderRun(placer, 4);
  await run.send(tickets(20), 10_000);
  expect([most, run.count("acknowledged"), exchange.orders.length]).toEqual([4, 20, 20]);
  expect(pool.stats()).toMatchObject({ idle: 4, busy: 0, waiters: 0, reconnects: 0 });
});

test("an order whose connection is cut is unknown, the slot comes back, and a lookup tells what became of each", async () => {
  await using exchange = await startFaulty("rest-unknown=504@3", "rest-fail=503@5", "rest-cut=after@7");
  using questions = new RestSession(exchange.restUrl);
  const access = new VenueAccess(questions, "hmac");
  await using pool = await connect(exchange, access, 2);
  const desk = new OrderDesk(pool, access, 2_000);
  const run = new OrderRun(desk, 2);
  const lookup = new OrderLookup(access, "BTCUSDT");
  await run.send(tickets(40), 2_000, ({ clientOrderId }, outcome) => {
    if (outcome.kind === "unknown") lookup.take(clientOrderId, outcome.why);
  });
  const outcomes = await lookup.settle();
  expect(outcomes.size).toBe(run.count("unknown"));
  const placed = new Map(exchange.orders.map(({ clientOrderId, orderId }) => [clientOrderId, orderId]));
  for (const [clientOrderId, outcome] of outcomes) {
    expect(outcome).toMatchObject({ kind: "unknown", found: placed.get(clientOrderId) ?? null });
  }
  const found = [...outcomes.values()].map((outcome) => outcome.kind === "unknown" && outcome.found !== null);
  expect(found).toContain(true);
  expect(found).toContain(false);
  expect(run.count("acknowledged") + run.count("unknown")).toBe(40);
  expect(desk.resends).toBe(0);
}, 20_000);

test("a venue that wants to be left alone says so for all orders", async () => {
  await using exchange = await startFaulty("rest-fail=429@0");
  using questions = new RestSession(exchange.restUrl);
  const access = new VenueAccess(questions, "hmac");
  await using pool = await connect(exchange, access, 2);
  const desk = new OrderDesk(pool, access, 2_000);
  const [ticket] = tickets(1);
  if (ticket === undefined) throw new Error("no ticket");
  expect(await desk.place(ticket)).toMatchObject({ kind: "rejected" });
  expect(desk.pause).toBeGreaterThan(0);
  expect(desk.pause).toBeLessThanOrEqual(5_000);
});

test("what the venue does not have is not found, and a refusal is not taken for that", async () => {
  await using exchange = await startFaulty();
  using questions = new RestSession(exchange.restUrl);
  const access = new VenueAccess(questions, "hmac");
  expect(await access.findOrder("BTCUSDT", "nobody")).toBeNull();
  await expect(access.findOrder("XYZ", "nobody")).rejects.toThrow("-1121 Invalid symbol.");
});
