import { parseArgs } from "node:util";

export interface FanInOptions {
  readonly venues: number;
  /** Quotes and trades a second, at each venue. */
  readonly rate: number;
  readonly symbols: readonly string[];
  /** Of each pace. */
  readonly fast: number;
  readonly slow: number;
  readonly stuck: number;
  readonly seconds: number;
  /** Milliseconds that a subscriber may not keep up. */
  readonly cutAfter: number;
}

export const USAGE = `Usage: bun examples/fan-in.ts [options]

Reads the quotes of several venues, each an exchange of examples/exchange, and serves them as one stream of one shape to local subscribers.
Those that keep up get every quote; slow ones get the newest of each symbol; those that do not read at all are cut.

  --venues N       (2)
  --rate N         trades and quotes a second at each venue (2000)
  --symbols A,B    (BTCUSDT,ETHUSDT,SOLUSDT,BNBUSDT)
  --fast N         subscribers that read all the time (10)
  --slow N         that read in gulps, 1,500 quotes a second (2)
  --stuck N        that do not read (1)
  --cut-after MS   how long a subscriber may not keep up (3000)
  --seconds N      (5)

Exits with 0 if every subscriber that was not cut ends with the newest quote of every symbol, in order, the fast ones without one left out,
and those that did not read were cut; 1 if not, 2 for a wrong argument.`;

/** Null where the usage was asked for. Throws for what it does not understand. */
export function readOptions(args: string[]): FanInOptions | null {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", short: "h" },
      venues: { type: "string", default: "2" },
      rate: { type: "string", default: "2000" },
      symbols: { type: "string", default: "BTCUSDT,ETHUSDT,SOLUSDT,BNBUSDT" },
      fast: { type: "string", default: "10" },
      slow: { type: "string", default: "2" },
      stuck: { type: "string", default: "1" },
      "cut-after": { type: "string", default: "3000" },
      seconds: { type: "string", default: "5" },
    },
  });
  if (values.help) return null;
  return {
    venues: wholeNumber("venues", values.venues, 1),
    rate: wholeNumber("rate", values.rate, 1),
    symbols: values.symbols.toUpperCase().split(","),
    fast: wholeNumber("fast", values.fast, 0),
    slow: wholeNumber("slow", values.slow, 0),
    stuck: wholeNumber("stuck", values.stuck, 0),
    seconds: wholeNumber("seconds", values.seconds, 1),
    cutAfter: wholeNumber("cut-after", values["cut-after"], 100),
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`Cannot start: --${name} is "${text}", not an integer from ${least} on`);
}
