/**
 * Order entry through a pool of `https://` connections: signs orders, sends them at a steady rate, and says for each what is known of it:
 * acknowledged, rejected, or unknown. An order that may have reached the exchange is never sent again but looked up by its name; the
 * exchange's own log tells at the end whether all that is so. `--help` tells the rest.
 *
 *     bun examples/order-entry.ts --rate 1000 --seconds 10 --connections 4 --faults
 */
import { AtomicClientPool, ClientPool, type ClientPoolOptions, NexusError, TlsConfig } from "../index.ts";
import { ExchangeProcess } from "./exchange-process.ts";
import { onInterrupt } from "./interrupt.ts";
import { decimalsOf } from "./market-data/format.ts";
import { choosePaint } from "./market-data/paint.ts";
import { OrderLookup } from "./order-entry/lookup.ts";
import { type OrderEntryOptions, readOptions, USAGE } from "./order-entry/options.ts";
import { OrderDesk } from "./order-entry/order-desk.ts";
import type { Ticket } from "./order-entry/order-sender.ts";
import { reconcile } from "./order-entry/outcome.ts";
import { OrderRun } from "./order-entry/run.ts";
import { summaryLines } from "./order-entry/summary.ts";
import { VenueAccess } from "./order-entry/venue-access.ts";
import { WorkerDesk } from "./order-entry/worker-desk.ts";
import { RestSession } from "./rest-session.ts";

async function main(): Promise<number> {
  let options: OrderEntryOptions | null;
  try {
    options = readOptions(Bun.argv.slice(2));
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  try {
    await using exchange = options.url === null ? await startExchange(options) : null;
    return await trade(options, options.url ?? exchange?.restUrl ?? "", options.ca ?? exchange?.ca ?? null);
  } catch (error) {
    console.error(error instanceof NexusError ? `${error.code}: ${error.message}` : messageOf(error));
    return 1;
  }
}

/** Opens the connections, and places the orders: in this thread, or by Workers. */
async function trade(options: OrderEntryOptions, url: string, ca: string | null): Promise<number> {
  const { key, connections, workers, timeout } = options;
  const tls = ca === null ? new TlsConfig() : new TlsConfig({ ca });
  // Questions have a connection of their own: the orders' are theirs alone.
  using questions = new RestSession(url, { tls, connectTimeout: 5_000 });
  const access = new VenueAccess(questions, key);
  await access.readClock();
  const defaultHeaders = { "X-MBX-APIKEY": access.key.apiKey };
  const socket = { noDelay: true };
  const poolOptions: ClientPoolOptions = { url, connections, defaultHeaders, tls, connectTimeout: 5_000, socket };
  if (workers === 0) {
    await using pool = await ClientPool.connect(poolOptions);
    return await place(options, url, access, new OrderDesk(pool, access, timeout), pool);
  }
  await using pool = await AtomicClientPool.connect(poolOptions);
  const { clockOffset } = access;
  await using desk = await WorkerDesk.open(pool, workers, { key, clockOffset, timeout });
  return await place(options, url, access, desk, pool);
}

/** Places the orders, reads the exchange's log, and returns the exit code. */
async function place(
  options: OrderEntryOptions,
  url: string,
  access: VenueAccess,
  desk: OrderDesk | WorkerDesk,
  pool: ClientPool | AtomicClientPool,
): Promise<number> {
  const { symbol, key, rate, connections } = options;
  const prefix = `run-${Date.now().toString(36)}-`;
  const tickets = makeTickets(options, prefix, await access.bestPrices(symbol));

  const run = new OrderRun(desk, connections);
  const lookup = new OrderLookup(access, symbol);
  const stopListening = onInterrupt(() => run.stop());
  console.log(
    `order entry  ${url}  ${options.orders} orders of ${symbol} at ${rate} a second, signed by ${KEY_NAMES[key]}`,
  );
  await run.send(tickets, rate, ({ clientOrderId }, outcome) => {
    if (outcome.kind === "unknown") lookup.take(clientOrderId, outcome.why);
  });

  for (const [clientOrderId, outcome] of await lookup.settle()) run.outcomes.set(clientOrderId, outcome);
  const reconciliation = reconcile(run.outcomes, await access.orderLog(symbol), prefix);
  stopListening();
  const counts = { connects: connections + pool.stats().reconnects, resends: desk.resends };
  console.log();
  console.log(summaryLines(run, reconciliation, counts, choosePaint(process.stdout.isTTY, process.env)).join("\n"));
  return reconciliation.problems.length === 0 ? 0 : 1;
}

/** Bids and offers in turn, a tenth away from the market: they rest, and the market does not get there. */
function makeTickets({ orders, symbol }: OrderEntryOptions, prefix: string, { bid, ask }: Prices): Ticket[] {
  const low = (Number(bid) * 0.9).toFixed(decimalsOf(bid));
  const high = (Number(ask) * 1.1).toFixed(decimalsOf(ask));
  return Array.from({ length: orders }, (_, at) => {
    const isBid = at % 2 === 0;
    const clientOrderId = `${prefix}${at}`;
    return { clientOrderId, symbol, side: isBid ? "BUY" : "SELL", quantity: "0.01", price: isBid ? low : high };
  });
}

interface Prices {
  readonly bid: string;
  readonly ask: string;
}

/** The limits are off: here the rate is the question. */
function startExchange({ symbol, faults }: OrderEntryOptions): Promise<ExchangeProcess> {
  const unlimited = `${2 ** 31 - 1}`;
  return ExchangeProcess.start(["--symbols", symbol, "--order-limit", unlimited, "--weight-limit", unlimited], faults);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const KEY_NAMES: Readonly<Record<OrderEntryOptions["key"], string>> = { hmac: "HMAC-SHA256", ed25519: "Ed25519" };

process.exitCode = await main();
