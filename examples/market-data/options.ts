import { parseArgs } from "node:util";

export interface DemoOptions {
  /** A combined stream's url, or null to start an exchange of our own. */
  readonly url: string | null;
  /** Where the snapshots of that exchange are, without a path, or null for where the streams are. */
  readonly restUrl: string | null;
  /** PEM file of the authority to trust instead of the public ones, or null. */
  readonly ca: string | null;
  readonly symbols: readonly string[];
  readonly seconds: number;
  /** Passed on to our own exchange. */
  readonly rate: number;
  readonly seed: number;
  readonly faults: readonly string[];
  /** Lines instead of a table, terminal or not. */
  readonly isPlain: boolean;
}

export const USAGE = `Usage: bun examples/market-data.ts [options]

Live books from diffs and snapshots, checked as they come, and compared with the exchange's own at the end. Without --url it
starts the exchange of examples/exchange.

  --seconds N      how long (10)
  --symbols A,B    which (BTCUSDT,ETHUSDT,SOLUSDT,BNBUSDT)
  --rate N         trades and quotes a second from our own exchange (10000)
  --seed N         of our own exchange's market (7)
  --fault FAULT    what our own exchange does wrong, as in examples/exchange/README.md; may be given again
  --url URL        another exchange of Binance's kind: wss://…/stream
  --rest URL       where its snapshots are: https://… (where its streams are)
  --ca FILE        the authority that signed its certificate, where that is no public one
  --plain          lines instead of a table

Exits with 0 if every book ends equal to the exchange's and nothing was lost that no snapshot made up for, 1 if not, 2 for a
wrong argument. Ctrl-C ends it early, in order and with the same verdict; a second one at once, with 130.`;

/** Null where the usage was asked for. Throws for what it does not understand. */
export function readOptions(args: string[]): DemoOptions | null {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", short: "h" },
      url: { type: "string" },
      rest: { type: "string" },
      ca: { type: "string" },
      symbols: { type: "string", default: "BTCUSDT,ETHUSDT,SOLUSDT,BNBUSDT" },
      seconds: { type: "string", default: "10" },
      rate: { type: "string", default: "10000" },
      seed: { type: "string", default: "7" },
      fault: { type: "string", multiple: true, default: [] },
      plain: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  const symbols = values.symbols
    .toUpperCase()
    .split(",")
    .filter((name) => name !== "");
  if (symbols.length === 0) throw new Error("Cannot start: --symbols names none");
  return {
    url: values.url ?? null,
    restUrl: values.rest ?? null,
    ca: values.ca ?? null,
    symbols: [...new Set(symbols)],
    seconds: positive("seconds", values.seconds),
    rate: positive("rate", values.rate),
    seed: positive("seed", values.seed),
    faults: values.fault,
    isPlain: values.plain,
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && value < 2 ** 31) return value;
  throw new Error(`Cannot start: --${name} is "${text}", not a number above 0`);
}
