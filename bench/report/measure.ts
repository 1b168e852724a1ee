import { describeMachine } from "../machine.ts";
import type { BenchOptions } from "../options.ts";
import { surviveFailures } from "../processes.ts";
import { judge } from "../targets.ts";
import type { ReportOptions } from "./options.ts";
import { PARTS, type Part, QUICK } from "./parts.ts";
import type { Failure, FullReport } from "./result.ts";
import { RoundedFigures } from "./rounds.ts";

/**
 * Measures all parts, round by round: a case's rounds lie far apart, so that its spread holds the machine's slow and fast times. A contender that fails is
 * told in the result, and the others go on. `save` is given the result so far after each part.
 */
export async function measureAll(
  options: ReportOptions,
  save: (report: FullReport) => Promise<void>,
  say: (line: string) => void,
): Promise<FullReport> {
  const machine = await describeMachine();
  const started = performance.now();
  const figures = new RoundedFigures();
  const failures: Failure[] = [];
  let current = "";
  let rounds = 0;
  const fail = (what: string, error: unknown): void => {
    const reason = firstLines(error);
    if (!failures.some((one) => one.what === what && one.reason === reason)) failures.push({ what, reason });
    say(`    failed: ${what}: ${reason}`);
  };
  surviveFailures((error) => fail(current.replace(/, round.*/, ""), error));
  const report = (): FullReport => ({
    machine,
    options: benchOptions(options, PARTS[0] ?? null, rounds),
    figures: figures.all,
    targets: judge(figures.all),
    failures,
    seconds: Math.round((performance.now() - started) / 1_000),
  });

  let longest = 0;
  for (let round = 1; round <= options.rounds; round++) {
    const roundStarted = performance.now();
    if (roundStarted - started + longest > options.minutes * 60_000) {
      say(
        `${clock(roundStarted - started)} no time for round ${round} of ${options.rounds} within ${options.minutes} minutes`,
      );
      break;
    }
    rounds = round;
    for (const part of partsOf(options, round)) {
      const partStarted = performance.now();
      current = part.name;
      const turns = new RoundedFigures();
      try {
        for (let turn = 1; turn <= (options.quick ? 1 : part.turns); turn++) {
          await part.measure(benchOptions(options, part, 1), turns.add, (text) => {
            current = text;
          });
        }
      } catch (error) {
        fail(current.replace(/, round.*/, ""), error);
      }
      for (const one of part.turns === 1 ? turns.all : turns.best) figures.add(one);
      const now = performance.now();
      say(
        `${clock(now - started)} round ${round} of ${options.rounds}: ${part.name} in ${Math.round((now - partStarted) / 1_000)} s`,
      );
      await save(report());
    }
    longest = Math.max(longest, performance.now() - roundStarted);
  }
  const whole = report();
  await save(whole);
  return whole;
}

/** Where nothing is pinned there is one layout, which runs in the place of `apart`. */
function partsOf({ only, quick, clientCpu }: ReportOptions, round: number): readonly Part[] {
  return PARTS.filter(
    ({ name, mostRounds, inQuick }) =>
      name.includes(only) &&
      round <= mostRounds &&
      (inQuick || !quick) &&
      (clientCpu !== null || !name.endsWith("/together")),
  );
}

function benchOptions(options: ReportOptions, part: Part | null, rounds: number): BenchOptions {
  const sizes = options.quick || part === null ? QUICK : part.sizes;
  const { quick, serverCpu, clientCpu } = options;
  const filter = (part?.name ?? "").replace(clientCpu === null ? "/apart" : "", "");
  return { filter, rounds, json: null, quick, serverCpu, clientCpu, ...sizes };
}

function firstLines(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replaceAll(/\/\S*\/(bench|node_modules)\//g, "$1/")
    .replaceAll(/\s+/g, " ")
    .slice(0, 300)
    .trim();
}

function clock(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${String(seconds % 60).padStart(2, "0")}`;
}
