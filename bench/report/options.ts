import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** What `bun run bench:report` was asked for. */
export interface ReportOptions {
  /** Most rounds of a case; parts that take long, or vary little, have fewer. */
  readonly rounds: number;
  readonly quick: boolean;
  /** No round begins that would end after so many minutes; the first is always run. */
  readonly minutes: number;
  /** Parts whose name contains this; empty means all. */
  readonly only: string;
  /** A result to make page and charts of again, without measuring; null to measure. */
  readonly from: string | null;
  /** The folder that `bench/results`, `docs` and `README.md` are in. */
  readonly out: string;
  /** CPU of the server and of the client; null where they are left to the kernel. */
  readonly serverCpu: number | null;
  readonly clientCpu: number | null;
}

export const REPORT_USAGE = `bun run bench:report [options]

  measures all cases in turns, and writes bench/results/<date>.json, docs/performance.md, docs/charts/*.svg and the results of README.md

  --rounds N      most rounds of each case (5)
  --minutes N     begin no round that would end later (75: three rounds); the first is always run
  --quick         one round of small sizes, in about three minutes: to look, not to compare
  --only PART     parts whose name contains it: "receive", "http/get"
  --from FILE     measure nothing: judge that result anew, and make page and charts of it again
  --out FOLDER    write there, in place of this project; a README.md is only rewritten where there is one
  --no-pin        leave processes where the kernel puts them (server on CPU 0, contenders on CPU 1)

  The exit code is 1 where a contender failed: it is told as not measured, and the others go on.`;

export function readReportOptions(args: readonly string[]): ReportOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string" },
      minutes: { type: "string", default: "75" },
      quick: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      from: { type: "string" },
      out: { type: "string", default: ROOT },
      "no-pin": { type: "boolean", default: false },
    },
  });
  const pins = !values["no-pin"] && availableParallelism() >= 2 && Bun.which("taskset") !== null;
  return {
    rounds: wholeNumber("rounds", values.rounds ?? (values.quick ? "1" : "5")),
    quick: values.quick,
    minutes: wholeNumber("minutes", values.minutes),
    only: values.only,
    from: values.from ?? null,
    out: resolve(values.out),
    serverCpu: pins ? 0 : null,
    clientCpu: pins ? 1 : null,
  };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`Cannot report: --${name} is ${text} where a whole number from 1 on is needed\n\n${REPORT_USAGE}`);
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
