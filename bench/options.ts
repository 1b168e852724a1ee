import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

/** What a run of the benches was asked for. */
export interface BenchOptions {
  /** Cases whose name contains this; empty means all. */
  readonly filter: string;
  readonly rounds: number;
  /** Where the result goes as JSON; null for nowhere. */
  readonly json: string | null;
  /** Sizes for a look, not for a result. */
  readonly quick: boolean;
  /** CPU of the server and of the client; null where they are left to the kernel. */
  readonly serverCpu: number | null;
  readonly clientCpu: number | null;
  /** Messages of a counted run of a slow contender; fast ones read up to twenty times as many. */
  readonly messages: number;
  readonly roundTrips: number;
  /** Time that mitata gives a micro case, in milliseconds. */
  readonly microTime: number;
}

/** In how many windows contenders are timed that send requests. */
export function requestWindows({ quick }: BenchOptions): number {
  return quick ? 2 : 20;
}

/** The same for who receives a flood: longer ones, since each begins with a connection, whose first reads are slow ones. */
export function floodWindows({ quick }: BenchOptions): number {
  return quick ? 2 : 8;
}

export const USAGE = `bun bench/run.ts [filter] [options]

  filter              only cases whose name contains it: micro, receive, json, series, echo, accept, deflate, http, pool, spin, memory, "receive/tcp/40", "frame-reading", "try-recv"
  --rounds N          turns that each contender takes (5)
  --json FILE         write the result there as well
  --quick             one round of small sizes: to look, not to compare
  --messages N        messages of a counted run of a slow contender (3000000; fast ones up to 20 times as many)
  --server-cpu N      pin the server there (0); --client-cpu N the contenders (1); --no-pin neither`;

export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: "string" },
      json: { type: "string" },
      quick: { type: "boolean", default: false },
      messages: { type: "string" },
      "server-cpu": { type: "string", default: "0" },
      "client-cpu": { type: "string", default: "1" },
      "no-pin": { type: "boolean", default: false },
    },
  });
  if (positionals.length > 1) throw new Error(USAGE);
  const quick = values.quick;
  const messages = wholeNumber("messages", values.messages ?? (quick ? "100000" : "3000000"));
  const pins = !values["no-pin"] && availableParallelism() >= 2 && Bun.which("taskset") !== null;
  return {
    filter: positionals[0] ?? "",
    rounds: wholeNumber("rounds", values.rounds ?? (quick ? "1" : "5")),
    json: values.json ?? null,
    quick,
    serverCpu: pins ? wholeNumber("server-cpu", values["server-cpu"], 0) : null,
    clientCpu: pins ? wholeNumber("client-cpu", values["client-cpu"], 0) : null,
    messages,
    roundTrips: Math.max(100, Math.min(20_000, Math.floor(messages / 100))),
    microTime: quick ? 30 : 500,
  };
}

function wholeNumber(name: string, text: string, least = 1): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(
    `Cannot run benches: --${name} is ${text} where a whole number from ${least} on is needed\n\n${USAGE}`,
  );
}
