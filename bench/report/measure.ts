import { describeMachine } from "../machine.ts";
import type { BenchOptions } from "../options.ts";
import { surviveFailures } from "../processes.ts";
import { judge } from "../targets.ts";
import type { ReportOptions } from "./options.ts";
import { inTurns, PARTS, type Part, QUICK } from "./parts.ts";
import type { Failure, FullReport } from "./result.ts";
import { RoundedFigures, Turns } from "./rounds.ts";

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
  const rounded = new RoundedFigures();
  let turns = new Turns();
  const failures: Failure[] = [];
  let current = "";
  let rounds = 0;
  const fail = (what: string, error: unknown): void => {
    const reason = firstLines(error);
    if (!failures.some((one) => one.what === what && one.reason === reason)) failures.push({ what, reason });
    say(`    failed: ${what}: ${reason}`);
  };
  surviveFailures((error) => fail(current.replace(/, round.*/, ""), error));
  const report = (): FullReport => {
    const figures = new RoundedFigures([...rounded.all, ...turns.best]).all;
    return {
      machine,
      options: benchOptions(options, PARTS[0] ?? null, rounds),
      figures,
      targets: judge(figures),
      failures,
      seconds: Math.round((performance.now() - started) / 1_000),
    };
  };

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
    for (const part of inTurns(partsOf(options, round))) {
      const partStarted = performance.now();
      current = part.name;
      try {
        await part.measure(
          benchOptions(options, part, 1),
          (one) => turns.add(one),
          (text) => {
            current = text;
          },
        );
      } catch (error) {
        fail(current.replace(/, round.*/, ""), error);
      }
      const now = performance.now();
      say(
        `${clock(now - started)} round ${round} of ${options.rounds}: ${part.name} in ${Math.round((now - partStarted) / 1_000)} s`,
      );
      await save(report());
    }
    for (const one of turns.best) rounded.add(one);
    turns = new Turns();
    longest = Math.max(longest, performance.now() - roundStarted);
  }
  const whole = report();
  await save(whole);
  return whole;
}

/** Where nothing is pinned there is one layout, which runs in the place of `apart`. In a quick run each has one turn. */
function partsOf({ only, quick, clientCpu }: ReportOptions, round: number): readonly Part[] {
  const parts = PARTS.filter(
    ({ name, mostRounds, inQuick }) =>
      name.includes(only) &&
      round <= mostRounds &&
      (inQuick || !quick) &&
      (clientCpu !== null || !name.endsWith("/together")),
  );
  return quick ? parts.map((part) => ({ ...part, turns: 1 })) : parts;
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
