import { parseArgs } from "node:util";

export type KeyKind = "hmac" | "ed25519";

export interface OrderEntryOptions {
  readonly orders: number;
  /** A second. */
  readonly rate: number;
  /** Of the pool: so many orders are under way at a time. */
  readonly connections: number;
  /** That sign and send; 0 where this thread does. */
  readonly workers: number;
  readonly symbol: string;
  readonly key: KeyKind;
  /** Milliseconds that an order may take. */
  readonly timeout: number;
  /** What our own exchange does wrong. */
  readonly faults: readonly string[];
  /** Where an exchange's REST half is, or null to start one of our own. */
  readonly url: string | null;
  /** PEM file of the authority to trust instead of the public ones, or null. */
  readonly ca: string | null;
}

export const USAGE = `Usage: bun examples/order-entry.ts [options]

Signs orders and sends them at a steady rate through a pool of connections; says how long the answers took, what became of each order,
and whether that is what the exchange says. An order without an answer is looked up, never sent again. Without --url it starts the
exchange of examples/exchange.

  --orders N       how many (1000)
  --rate N         how many a second (500)
  --seconds N      for how long, in place of --orders
  --connections N  in the pool: so many orders are under way at a time (1)
  --workers N      threads that sign and send, over slots lent to them (0: this one does)
  --symbol NAME    of what (BTCUSDT)
  --key KIND       how they are signed: hmac or ed25519 (hmac)
  --timeout MS     how long an order may take (2000)
  --faults         our own exchange refuses orders, leaves answers out, and cuts connections
  --fault FAULT    what else it does wrong, as in examples/exchange/README.md; may be given again
  --url URL        another exchange of examples/exchange that runs: https://…
  --ca FILE        the authority that signed its certificate

Exits with 0 if the exchange's log agrees with every answer, 1 if not, 2 for a wrong argument. Ctrl-C ends it early, in order
and with the same verdict; a second one at once, with 130.`;

/** Null where the usage was asked for. Throws for what it does not understand. */
export function readOptions(args: string[]): OrderEntryOptions | null {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", short: "h" },
      orders: { type: "string", default: "1000" },
      rate: { type: "string", default: "500" },
      seconds: { type: "string" },
      connections: { type: "string", default: "1" },
      workers: { type: "string", default: "0" },
      symbol: { type: "string", default: "BTCUSDT" },
      key: { type: "string", default: "hmac" },
      timeout: { type: "string", default: "2000" },
      faults: { type: "boolean", default: false },
      fault: { type: "string", multiple: true, default: [] },
      url: { type: "string" },
      ca: { type: "string" },
    },
  });
  if (values.help) return null;
  const { key, seconds } = values;
  if (key !== "hmac" && key !== "ed25519") throw new Error(`Cannot start: --key is "${key}", not hmac or ed25519`);
  const rate = positive("rate", values.rate);
  const orders = seconds === undefined ? positive("orders", values.orders) : positive("seconds", seconds) * rate;
  return {
    orders: Math.ceil(orders),
    rate,
    connections: Math.ceil(positive("connections", values.connections)),
    workers: values.workers === "0" ? 0 : Math.ceil(positive("workers", values.workers)),
    symbol: values.symbol.toUpperCase(),
    key,
    timeout: positive("timeout", values.timeout),
    faults: values.faults ? [...USUAL_FAULTS, ...values.fault] : values.fault,
    url: values.url ?? null,
    ca: values.ca ?? null,
  };
}

/** By the count of requests on each connection; the last of them ends it, so that it begins anew. */
const USUAL_FAULTS = ["rest-fail=400@13", "rest-fail=503@29", "rest-unknown=504@41", "rest-cut=after@53"];

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && value < 2 ** 31) return value;
  throw new Error(`Cannot start: --${name} is "${text}", not a number above 0`);
}
