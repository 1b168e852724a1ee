import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drawCharts, latencyRows, linePoints, ratioRows } from "../bench/report/charts.ts";
import { formatResult } from "../bench/report/documents.ts";
import { lossesOf, lossLines } from "../bench/report/losses.ts";
import { readReportOptions } from "../bench/report/options.ts";
import { formatPage } from "../bench/report/page.ts";
import { inTurns, PARTS } from "../bench/report/parts.ts";
import { updateReadme } from "../bench/report/readme.ts";
import type { FullReport } from "../bench/report/result.ts";
import { RoundedFigures, Turns } from "../bench/report/rounds.ts";
import { type Figure, figure } from "../bench/result.ts";
import { judge } from "../bench/targets.ts";
import fixture from "./fixtures/bench-result.json" with { type: "json" };

const report = fixture as unknown as FullReport;
const { figures } = report;
const root = join(import.meta.dir, "..");

describe("the page", () => {
  const page = formatPage(report, "2026-01-02.json", new Set(["receive"]));

  test("says of which machine, versions, commit and CPUs its figures are", () => {
    for (const said of [
      "2026-01-02 03:04 UTC",
      "`abc1234`",
      "A processor",
      "Bun 1.4.5",
      "Node 20.1.0",
      "undici 7.0.0",
    ]) {
      expect(page).toContain(said);
    }
    expect(page).toContain("servers pinned to CPU 0, contenders to CPU 1");
    expect(page).toContain("(../bench/results/2026-01-02.json)");
  });

  test("has tables of medians, spreads, and multiples taken round by round", () => {
    expect(page).toContain("| limit: bare `Bun.connect` | 11.0 [10.0 to 17.0] |");
    expect(page).toContain("| `WsConnection`, handler | 22.0 [21.0 to 34.0], 2.00 × |");
    expect(page).toContain("| Bun's `WebSocket` | 410 [400 to 420], 37.27 × |");
    expect(page).toContain("|  | p10 µs | p50 µs | p90 µs | p99 µs | p99.9 µs |");
  });

  test("turns a series, and tells the cells that were not measured", () => {
    expect(page).toContain("|  | limit: bare `Bun.connect` | `WsConnection`, handler | Bun's `WebSocket` |");
    expect(page).toContain("| 100000000 | 9.50 [9.00 to 11.0] | 21.0 [19.0 to 24.0], 2.18 × | – |");
    expect(page).toContain("Not measured: Bun's `WebSocket` at 100000000.");
  });

  test("names what failed, and shows only charts that were drawn", () => {
    expect(page).toContain("**Failed**: `receive/tcp/40/undici-on-node`: Cannot run node: exit status 1");
    expect(page.match(/!\[.*\]\(charts\/.*\)/g)).toEqual(["![Loopback TCP and TLS](charts/receive.svg)"]);
  });

  test("names every row in which we lose, and every target that was missed", () => {
    const summary = page.slice(page.indexOf("\n## Where we lose"));
    expect(summary).toContain("In 2 rows");
    expect(summary).toContain("In 1 of them");
    expect(summary).toContain(
      "Bun's `WebSocket` is ahead of `for await`, owned copies, 410 against our 510 ns/message\n",
    );
    expect(summary).toContain("receive/tcp/40: handler / limit: 2.00 where at most 1.5 × was asked for");
    expect(page).toContain("| receive/tcp/40: Bun's WebSocket / handler | ≥ 12 × | 18.6 × | met |");
    expect(page).toContain("| receive/tcp/40: handler / limit | ≤ 1.5 × | 2.00 × | **missed** |");
  });
});

test("what is asked for is judged by the ratio of each round, whatever the machine's pace was in it", () => {
  const rounds = [
    figure("receive/tcp/40", "limit", "ns/message", 9, [10, 25, 11]),
    figure("receive/tcp/40", "handler", "ns/message", 9, [12, 32, 28]),
  ];
  expect(judge(rounds)).toMatchObject([{ name: "receive/tcp/40: handler / limit", measured: 1.28, met: true }]);
  const oneMissed = [rounds[0] as Figure, figure("receive/tcp/40", "handler", "ns/message", 9, [12, 28])];
  expect(judge(oneMissed)).toMatchObject([{ measured: 20 / 11, met: false }]);
});

test("a time in memory is judged by its quickest round, and its median told beside it", () => {
  const [kept, missed] = [24.9, 25.1].map((least) =>
    figure("micro/frame-reading", "128 binary", "ns", 9, [40, least, 50]),
  );
  const name = "micro/frame-reading: 128 binary";
  expect(judge([kept as Figure])).toMatchObject([{ name, measured: 24.9, median: 40, met: true }]);
  const targets = judge([missed as Figure]);
  expect(targets).toMatchObject([{ name, measured: 25.1, median: 40, met: false }]);
  expect(lossLines([], targets)).toEqual([
    `- target missed: ${name}: 25.1 (median 40.0) where at most 25 ns was asked for`,
  ]);
  expect(formatPage({ ...report, targets }, "a.json", new Set())).toContain(
    `| ${name} | ≤ 25 ns | 25.1 ns, median 40.0 | **missed** |`,
  );
});

test("what a stopped server costs is told beyond an idle process of the same round", () => {
  const idle = figure("pool/stopped", "idle", "CPU ms/s", 30, [0.5, 2, 1]);
  const unasked = figure("pool/stopped", "unasked", "CPU ms/s", 30, [1.25, 2.5, 3]);
  expect(judge([idle, unasked])).toMatchObject([{ measured: 0.75, met: true }]);
});

describe("where we lose", () => {
  test("are the pairs in which somebody else has the better median, unsure where samples overlap", () => {
    const losses = lossesOf(figures).map(({ ours, rival, unsure }) => [ours.contender, rival.contender, unsure]);
    expect(losses).toEqual([
      ["for-await", "bun-websocket", false],
      ["for-await", "ws-on-node", true],
    ]);
    expect(lossLines(lossesOf(figures), [])[1]).toEndWith("505 against our 510 ns/message (noise not excluded)");
  });

  test("are told level by level of contenders that compress", () => {
    const names = ["connection", "connection, corked", "connection, level 1", "ws-on-node", "ws-on-node, level 1"];
    const compressed = names.map((name, at) => figure("deflate/client/send/676", name, "ns/message", 9, [50 - at]));
    expect(lossesOf(compressed).map(({ ours, rival }) => [ours.contender, rival.contender])).toEqual([
      ["connection", "ws-on-node"],
      ["connection, corked", "ws-on-node"],
      ["connection, level 1", "ws-on-node, level 1"],
    ]);
  });

  test("is said to be nowhere where it is nowhere", () => {
    expect(
      lossLines(
        [],
        report.targets.filter(({ met }) => met),
      ),
    ).toEqual(["- nowhere in this run"]);
  });
});

describe("charts", () => {
  let charts: ReadonlyMap<string, string>;
  beforeAll(async () => {
    charts = await drawCharts(figures);
  });

  test("are drawn of what was measured", () => {
    expect([...charts.keys()]).toEqual(["receive", "echo", "count"]);
  });

  test.each(["receive", "echo", "count"])(
    "%s is an XML document with labels and an error bar for each point",
    (name) => {
      const svg = charts.get(name) ?? "";
      expect(openElements(svg)).toEqual([]);
      for (const label of ["WsConnection, handler", "Bun's WebSocket"]) expect(svg).toContain(`${label}</text>`);
      const points = { receive: 4, echo: 3, count: 5 }[name] ?? 0;
      expect(marksIn(svg, "error-bar", "line")).toBe(points);
      expect(marksIn(svg, "median", "path")).toBe(points);
    },
  );

  test("hold ratios of the same round, ends of a distribution, and the numbers of a series", () => {
    const [handler] = ratioRows(figures, ["receive/tcp/40"], "ns/message");
    expect(handler).toMatchObject({ label: "WsConnection, handler", side: "ours", value: 2, low: 2, high: 2.1 });
    const [limit] = latencyRows(figures, ["echo/tcp/apart"]);
    expect(limit).toMatchObject({ from: 18, value: 20, low: 19, high: 21, mark: 41, to: 301 });
    expect(linePoints(figures, "series/count/", "ns/message").map(({ x }) => x)).toEqual([
      100_000, 100_000, 100_000, 100_000_000, 100_000_000,
    ]);
  });
});

describe("the README", () => {
  const begin = "<!-- results: begin, made by `bun run bench:report` -->";
  const end = "<!-- results: end -->";

  test("has its results replaced, and nothing else", () => {
    const updated = updateReadme(`before\n${begin}\nold\n${end}\nafter\n`, report, new Set(["receive", "echo"]));
    expect(updated).toStartWith(`before\n${begin}\n\n`);
    expect(updated).toEndWith(`\n\n${end}\nafter\n`);
    expect(updated).not.toContain("old");
    expect(updated).toContain("| `WsConnection`, handler | 22.0 [21.0 to 34.0], 2.00 × |");
    expect(updated).toContain("(docs/charts/receive.svg)");
    expect(updateReadme(updated, report, new Set(["receive", "echo"]))).toBe(updated);
  });

  test("stays as it is without the marks", () => {
    expect(updateReadme("no marks\n", report, new Set())).toBe("no marks\n");
  });
});

describe("what is committed", async () => {
  const page = await Bun.file(join(root, "docs/performance.md")).text();
  const file = /from bench\/results\/(\S+\.json)/.exec(page)?.[1] ?? "";
  const result: FullReport = await Bun.file(join(root, "bench/results", file)).json();
  const charts = await drawCharts(result.figures);
  const names = new Set(charts.keys());

  test("is what its result makes: the page, and the README's results (bench:report --from writes them)", async () => {
    expect(page).toBe(formatPage(result, file, names));
    const readme = await Bun.file(join(root, "README.md")).text();
    expect(readme).toContain("<!-- results: begin");
    expect(readme).toBe(updateReadme(readme, result, names));
  });

  test("and so are its charts, of which there are no others", async () => {
    const drawn = [...new Bun.Glob("*.svg").scanSync({ cwd: join(root, "docs/charts") })].sort();
    expect(drawn).toEqual([...names].map((name) => `${name}.svg`).sort());
    for (const [name, svg] of charts) expect(await Bun.file(join(root, `docs/charts/${name}.svg`)).text()).toBe(svg);
  });
});

test("a result is read back as it was written, to six digits", () => {
  const read: FullReport = JSON.parse(formatResult(report));
  expect(read.figures.map(({ samples }) => samples)).toEqual(figures.map(({ samples }) => samples));
  expect([read.machine, read.targets, read.failures]).toEqual([report.machine, report.targets, report.failures]);
  expect(
    formatResult(report)
      .split("\n")
      .filter((line) => line.includes('"samples"')),
  ).toHaveLength(figures.length);
});

test("a case that is measured once a round has a sample for each, and none of a contender that failed", () => {
  const limit = (...samples: number[]): Figure => figure("receive/tcp/40", "limit", "ns/message", 9, samples);
  const turns = new Turns();
  turns.add(limit(10));
  turns.add(figure("receive/tcp/40", "ws-on-node", "ns/message", 9, [Number.NaN]));
  const rounds = new RoundedFigures(turns.best);
  rounds.add(limit(30));
  expect(rounds.all).toEqual([limit(10, 30)]);
});

test("of several turns in a round the best counts, and of one all that it has", () => {
  const turns = new Turns();
  const rate = (value: number): Figure => figure("accept/echo/1", "handler", "requests/s", 9, [value]);
  const time = (value: number): Figure => figure("receive/tcp/40", "limit", "ns/message", 9, [value]);
  const outages = figure("pool/reconnect/after-30-ms", "waiting", "ms", 3, [3, 1, 2]);
  for (const one of [time(12), time(10), time(11), rate(5), rate(7), outages]) turns.add(one);
  expect(turns.best).toEqual([time(10), rate(7), outages]);
});

test("turns of one part lie as far apart as the round is long, and every part has as many as it says", () => {
  const order = inTurns(PARTS);
  for (const part of PARTS) {
    const at = order.flatMap((one, index) => (one === part ? [index] : []));
    expect(at).toHaveLength(part.turns);
    const gaps = at.slice(1).map((index, before) => index - (at[before] ?? 0));
    expect(Math.min(order.length, ...gaps)).toBeGreaterThan(order.length / part.turns / 2);
  }
});

describe("options", () => {
  test("have defaults, and a quick run has one round", () => {
    expect(readReportOptions([])).toMatchObject({ rounds: 5, minutes: 75, quick: false, from: null, only: "" });
    expect(readReportOptions(["--quick"])).toMatchObject({ rounds: 1, quick: true });
  });

  test("are refused where they are no whole numbers", () => {
    expect(() => readReportOptions(["--rounds", "none"])).toThrow("Cannot report: --rounds is none");
  });
});

describe("the command", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "report-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  async function run(...args: string[]): Promise<{ out: string; err: string; status: number }> {
    const command = [process.execPath, join(root, "bench/report/main.ts"), ...args];
    const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env["PATH"]}` };
    const child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe", env });
    const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { out, err, status };
  }

  test("goes on where a contender fails, tells it, and makes the documents again from what it wrote", async () => {
    await mkdir(join(folder, "bin"));
    await Bun.write(join(folder, "bin", "node"), "#!/bin/sh\necho out of order >&2\nexit 3\n");
    await chmod(join(folder, "bin", "node"), 0o755);
    const first = await run("--quick", "--no-pin", "--only", "json", "--out", folder);
    expect(first.status).toBe(1);
    expect(first.err).toContain("not measured: json/quote/ws-on-node: Cannot run node");

    const [file = ""] = [...new Bun.Glob("bench/results/*.json").scanSync({ cwd: folder, absolute: true })];
    const result: FullReport = await Bun.file(file).json();
    const names = ["limit", "parse-alone", "handler", "bun-websocket"];
    expect([...new Set(result.figures.map(({ contender }) => contender))]).toEqual(names);
    for (const { samples } of result.figures) expect(samples).toHaveLength(1);
    expect(result.failures.map(({ what }) => what)).toEqual([
      "json/quote/ws-on-node",
      "json/order/ws-on-node",
      "json/book/ws-on-node",
    ]);
    const page = await Bun.file(join(folder, "docs/performance.md")).text();
    expect(page).toContain("**Failed**: `json/quote/ws-on-node`");
    expect(page).toContain("A quick run");

    await rm(join(folder, "docs"), { recursive: true });
    const again = await run("--from", file, "--out", folder);
    expect([again.err.includes("not measured"), again.status]).toEqual([true, 0]);
    expect(await Bun.file(join(folder, "docs/performance.md")).text()).toBe(page);
    expect(await Bun.file(join(folder, "docs/charts/json.svg")).exists()).toBe(true);
  }, 120_000);

  test("refuses a part that is not there", async () => {
    const { err, status } = await run("--only", "no such part", "--out", folder);
    expect(err).toContain("no part's name contains no such part");
    expect(status).toBe(1);
  }, 20_000);
});

/** Elements that are open at the end, or were closed out of turn, or stray marks of markup: none in a document that is well formed. */
function openElements(svg: string): string[] {
  const open: string[] = [];
  const rest = svg.replaceAll(ELEMENT, (_, closing: string, name: string, empty: string) => {
    if (closing === "" && empty === "") open.push(name);
    else if (closing === "/" && open.at(-1) === name) open.pop();
    else if (closing === "/") open.push(`/${name}`);
    return "";
  });
  return /[<>]|&(?!\w+;|#\d+;)/.test(rest) ? [...open, "stray markup"] : open;
}

/** How many marks the groups of that name hold. */
function marksIn(svg: string, name: string, element: string): number {
  const groups = svg.split(`role-mark ${name}"`).slice(1);
  return groups.reduce((sum, group) => sum + group.slice(0, group.indexOf("</g>")).split(`<${element} `).length - 1, 0);
}

const ELEMENT = /<(\/?)([\w:]+)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g;
