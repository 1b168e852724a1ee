import { expect, test } from "bun:test";
import type { Machine } from "../bench/machine.ts";
import { compareReports, formatMoves } from "../bench/moves.ts";
import type { BenchOptions } from "../bench/options.ts";
import type { Report } from "../bench/report.ts";
import { type Figure, figure } from "../bench/result.ts";
import { seededRandom } from "./helpers/random.ts";

const MACHINE: Machine = {
  date: "2026-01-01",
  commit: "a",
  cpu: "c",
  cpus: 2,
  memory: "m",
  kernel: "k",
  bun: "1.4.5",
  node: "20",
  ws: "8",
  undici: "7",
  genericPool: "3",
};
const OPTIONS: BenchOptions = {
  filter: "",
  rounds: 5,
  json: null,
  quick: false,
  serverCpu: 0,
  clientCpu: 1,
  messages: 9,
  roundTrips: 1,
  microTime: 1,
};

function report(figures: readonly Figure[], machine: Partial<Machine> = {}): Report {
  return { machine: { ...MACHINE, ...machine }, options: OPTIONS, figures, targets: [] };
}

function ns(contender: string, ...samples: number[]): Figure {
  return figure("receive/tcp/40", contender, "ns/message", 1, samples);
}

test("a figure has moved where the middle halves do not touch, and says which way", () => {
  const before = report([
    ns("faster", 40, 41, 42, 43, 44),
    ns("slower", 40, 41, 42, 43, 44),
    ns("same", 40, 41, 42, 43, 44),
    figure("http/get", "rate", "requests/s", 1, [100, 100, 101]),
  ]);
  const after = report([
    ns("faster", 20, 20, 21, 22, 50),
    ns("slower", 80, 82, 84, 86, 88),
    ns("same", 43, 42, 44, 45, 46),
    figure("http/get", "rate", "requests/s", 1, [150, 150, 160]),
  ]);
  const { compared, moves, unmatched, differences } = compareReports(before, after);
  expect([compared, unmatched, differences]).toEqual([4, 0, []]);
  expect(moves.map(({ name, better }) => [name, better])).toEqual([
    ["receive/tcp/40/faster (ns/message)", 2],
    ["receive/tcp/40/slower (ns/message)", 0.5],
    ["http/get/rate (requests/s)", 1.5],
  ]);
  expect(formatMoves(compareReports(before, after))).toContain("2.00 × worse");
});

test("nothing moves where too few rounds were run to know the noise", () => {
  const { compared, moves } = compareReports(report([ns("a", 10, 11)]), report([ns("a", 90, 91)]));
  expect([compared, moves]).toEqual([1, []]);
});

test("what is in one alone is counted, and what makes them unlike is said", () => {
  const before = report([ns("a", 1, 2, 3), ns("gone", 1, 2, 3)]);
  const comparison = compareReports(before, report([ns("a", 1, 2, 3), ns("new", 1, 2, 3)], { bun: "1.5.0" }));
  expect([comparison.compared, comparison.unmatched]).toEqual([1, 2]);
  expect(formatMoves(comparison).split("\n")).toEqual([
    "not alike: bun is 1.4.5 in one and 1.5.0 in the other",
    "1 figures compared, 0 moved beyond the noise",
    "2 figures are in one of them alone",
  ]);
});

test("a slow time of the machine falls out where a case has a limit, and is told as such", () => {
  const limit = (...samples: number[]): Figure => ns("limit", ...samples);
  const before = report([limit(10, 10, 17, 10, 17), ns("handler", 20, 21, 35, 20, 34)]);
  const slower = report([limit(17, 17, 17, 18, 17), ns("handler", 34, 35, 34, 36, 35)]);
  const same = compareReports(before, slower);
  expect([same.compared, same.byRatio, same.moves]).toEqual([2, 1, []]);
  expect(formatMoves(same)).toContain("1 of them by their ratio to the limit, or other baseline, of the same round");
  expect(formatMoves(same)).toContain("the baselines themselves took 1.70 times as long in the second");

  const worse = compareReports(before, report([limit(17, 17, 17, 18, 17), ns("handler", 51, 52, 53, 54, 52)]));
  expect(worse.moves.map(({ name, baseline }) => [name, baseline])).toEqual([
    ["receive/tcp/40/handler (ns/message)", "limit"],
  ]);
  expect(formatMoves(worse)).toContain("× of limit");
});

test("nothing moves by less than the halves are wide, or by less than a twentieth", () => {
  const wide = compareReports(report([ns("a", 10, 12, 14, 16, 18)]), report([ns("a", 17, 18, 19, 20, 21)]));
  const narrow = compareReports(report([ns("a", 100, 100, 100)]), report([ns("a", 104, 104, 104)]));
  expect([wide.moves, narrow.moves]).toEqual([[], []]);
  expect(compareReports(report([ns("a", 100, 100, 100)]), report([ns("a", 106, 106, 106)])).moves).toHaveLength(1);
});

test("of a thousand figures of the same code hardly ever one is named, of whatever number of rounds", () => {
  const random = seededRandom(1);
  const noise = (): number => 100 + Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()) * 10;
  for (let rounds = 3; rounds <= 12; rounds++) {
    const run = (): Report =>
      report(
        Array.from({ length: 1_000 }, (_, at) =>
          figure("memory/a", `${at}`, "MB", 1, Array.from({ length: rounds }, noise)),
        ),
      );
    let named = 0;
    let suspects = 0;
    for (let i = 0; i < 20; i++) {
      const comparison = compareReports(run(), run());
      expect(comparison.byChance).toBe(1);
      named += comparison.moves.length;
      suspects += comparison.suspects.length;
    }
    expect(named).toBeLessThanOrEqual(4);
    expect(suspects).toBeLessThanOrEqual(40);
  }
});

test("what stands out only by itself is a suspect among many, and told as one", () => {
  const still = Array.from({ length: 99 }, (_, at) => figure("memory/a", `${at}`, "MB", 1, [1, 1, 1]));
  const before = figure("memory/a", "odd", "MB", 1, [100, 102, 104]);
  const after = figure("memory/a", "odd", "MB", 1, [120, 122, 124]);
  expect(compareReports(report([before]), report([after]))).toMatchObject({ moves: [{ before: 102 }], suspects: [] });
  const among = compareReports(report([...still, before]), report([...still, after]));
  expect(among).toMatchObject({ compared: 100, moves: [], suspects: [{ before: 102, after: 122 }] });
  expect(formatMoves(among)).toContain("1 stand out beside them, where noise alone would make about 0.10");
});
