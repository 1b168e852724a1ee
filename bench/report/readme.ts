import type { Figure } from "../result.ts";
import { titleOf } from "./names.ts";
import type { FullReport } from "./result.ts";
import { cell, markdownTable } from "./tables.ts";

/** The README with the results between its two marks made anew; as it was where it has no marks. */
export function updateReadme(readme: string, report: FullReport, charts: ReadonlySet<string>): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) return readme;
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${formatResults(report, charts).join("\n")}\n\n${readme.slice(end)}`;
}

function formatResults({ figures, machine, options, targets }: FullReport, charts: ReadonlySet<string>): string[] {
  const missed = targets.filter(({ met }) => !met).length;
  const date = machine.date.slice(0, 10);
  return [
    `${date}, ${machine.cpu}, ${machine.cpus} CPUs, ${machine.kernel}, Bun ${machine.bun}, Node ${machine.node}; median of at most ${options.rounds} round${options.rounds === 1 ? "" : "s"} [least to`,
    `greatest], and how many times the limit, a bare \`Bun.connect\`${options.quick ? ". **A quick run, no result.**" : "."}`,
    "",
    ...table(figures, "ns/message", RECEIVING),
    "",
    ...charted(charts, "receive", "Receiving, as a multiple of a bare socket"),
    "Requests one after another on one kept connection, client and server on one CPU:",
    "",
    ...table(figures, "p50 µs", REQUESTS),
    "",
    ...charted(charts, "echo", "Echo round trips: median, spread and tail"),
    `All tables and charts, what was not measured, and [where we lose](docs/performance.md#where-we-lose) (${missed} of ${targets.length} targets missed in this run):`,
    "[docs/performance.md](docs/performance.md).",
  ];
}

function table(
  figures: readonly Figure[],
  metric: Figure["metric"],
  columns: readonly (readonly [title: string, group: string])[],
): string[] {
  const measured = columns.filter(([, group]) => figures.some((one) => one.group === group));
  const groups = measured.map(([, group]) => group);
  const of = groups.flatMap((group) => figures.filter((one) => one.group === group && one.metric === metric));
  const rows = [...new Set(of.map(({ contender }) => contender))].map((contender) => [
    titleOf(contender, ""),
    ...groups.map((group) => {
      const one = of.find((figure) => figure.group === group && figure.contender === contender);
      return one === undefined ? "–" : cell(figures, one);
    }),
  ]);
  return markdownTable([[metric, ...measured.map(([title]) => title)], ...rows]);
}

function charted(charts: ReadonlySet<string>, name: string, title: string): string[] {
  return charts.has(name) ? [`![${title}](docs/charts/${name}.svg)`, ""] : [];
}

const BEGIN = "<!-- results: begin, made by `bun run bench:report` -->";
const END = "<!-- results: end -->";
const RECEIVING = [
  ["40 bytes, TCP", "receive/tcp/40"],
  ["512 bytes, TCP", "receive/tcp/512"],
  ["40 bytes, TLS", "receive/tls/40"],
  ["quote of 77 bytes, parsed", "json/quote"],
] as const;
const REQUESTS = [
  ["GET", "http/get/tcp/together"],
  ["POST", "http/post/tcp/together"],
] as const;
