import { expect, test } from "bun:test";
import { parseFault } from "../../../examples/exchange/faults.ts";
import { startExchange } from "../../../examples/exchange/server.ts";
import { choosePaint } from "../../../examples/market-data/paint.ts";
import { OrderSender, type Ticket } from "../../../examples/order-entry/order-sender.ts";
import { OrderRun } from "../../../examples/order-entry/run.ts";
import { summaryLines } from "../../../examples/order-entry/summary.ts";
import { VenueAccess } from "../../../examples/order-entry/venue-access.ts";
import { RestSession } from "../../../examples/rest-session.ts";

function makeTickets(count: number, duplicateAt = -1): Ticket[] {
  return Array.from({ length: count }, (_, at) => {
    const clientOrderId = `r-${at === duplicateAt ? 0 : at}`;
    return { clientOrderId, symbol: "BTCUSDT", side: "SELL", quantity: "1", price: "100000" };
  });
}

test("orders go out at the rate asked for, not faster, and the warm-up is not measured", async () => {
  await using exchange = await startExchange({ rate: 0, symbols: ["BTCUSDT"] });
  using session = new RestSession(exchange.restUrl);
  const run = new OrderRun(new OrderSender(session, new VenueAccess(session, "hmac")));
  await run.send(makeTickets(50), 500);
  expect(run.duration).toBeGreaterThan(97);
  expect([run.count("acknowledged"), run.roundTrip.count, run.sinceDue.count]).toEqual([50, 45, 45]);
  expect(run.sinceDue.max).toBeGreaterThanOrEqual(run.roundTrip.percentile(1));
});

test("a run that is stopped sends no more", async () => {
  await using exchange = await startExchange({ rate: 0, symbols: ["BTCUSDT"] });
  using session = new RestSession(exchange.restUrl);
  const run = new OrderRun(new OrderSender(session, new VenueAccess(session, "hmac")));
  setTimeout(() => run.stop(), 30);
  await run.send(makeTickets(1_000), 100);
  expect(run.outcomes.size).toBeLessThan(1_000);
  expect(exchange.orders.length).toBe(run.outcomes.size);
});

test("a venue that wants to be left alone is left alone, unless the run is stopped", async () => {
  await using exchange = await startExchange({
    rate: 0,
    symbols: ["BTCUSDT"],
    faults: [parseFault("rest-fail=429@1")],
  });
  using session = new RestSession(exchange.restUrl);
  const run = new OrderRun(new OrderSender(session, new VenueAccess(session, "hmac")));
  const timer = setInterval(() => {
    if (run.count("rejected") > 0) run.stop();
  }, 5);
  await run.send(makeTickets(10), 1_000);
  clearInterval(timer);
  expect([run.count("acknowledged"), run.count("rejected"), run.outcomes.size]).toEqual([1, 1, 2]);
});

test("the summary counts outcomes, gives reasons, and says where the log disagrees", async () => {
  await using exchange = await startExchange({ rate: 0, symbols: ["BTCUSDT"], orderLimit: 2 });
  using session = new RestSession(exchange.restUrl);
  const run = new OrderRun(new OrderSender(session, new VenueAccess(session, "hmac")));
  await run.send(makeTickets(2), 1_000);
  run.outcomes.set("r-8", { kind: "rejected", why: "400: no" });
  run.outcomes.set("r-9", { kind: "unknown", why: "lost" });
  const paint = choosePaint(false, {});
  const reconciliation = { logged: 3, unknownPlaced: 1, unknownNotPlaced: 0, problems: ["r-0 is in the log twice"] };
  const lines = summaryLines(run, reconciliation, { connects: 2, resends: 0 }, paint);
  expect(lines.filter((line) => !/Summary|round trip|since due/.test(line))).toEqual([
    expect.stringMatching(/^ {2}orders {6}4, [\d,]+ a second: 2 acknowledged, 1 rejected, 1 unknown$/),
    "    1 × rejected: 400: no",
    "    1 × unknown: lost",
    "  connection  opened 2 times; 0 orders sent again, nothing of them having left",
    "  unknown     1 were placed, 0 were not, says the log",
    "  log         3 of these orders are in the exchange's own",
    "  verdict     1 problem",
    "    r-0 is in the log twice",
  ]);
});
