import type { Figure } from "../result.ts";
import { formatMeasured, type TargetResult } from "../targets.ts";
import { lossesOf, lossLines } from "./losses.ts";
import type { FullReport } from "./result.ts";
import { SECTIONS, type Section } from "./sections.ts";
import { formatLayout, markdownTable } from "./tables.ts";

/** `docs/performance.md`: tables, charts and where we lose, of one result. `charts` are the names of those that were drawn. */
export function formatPage(report: FullReport, file: string, charts: ReadonlySet<string>): string {
  const { figures, targets } = report;
  const sections = SECTIONS.filter(({ prefixes }) => covered(figures, prefixes).length > 0);
  const lines = [
    "# Performance",
    "",
    `<!-- Made by \`bun run bench:report\` from bench/results/${file}: change that, or the code in bench/report, not this page. -->`,
    "",
    ...machineLines(report, file),
    "",
    ...HOW_TO_READ,
    "",
    ...sections.map(({ title }) => `- [${title}](#${title.toLowerCase().replaceAll(" ", "-")})`),
    "- [Targets](#targets)",
    "- [Where we lose](#where-we-lose)",
    "",
    ...sections.flatMap((section) => [...formatSection(section, report, charts), ""]),
    ...targetLines(targets),
    "",
    ...summaryLines(report),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function formatSection(section: Section, report: FullReport, charts: ReadonlySet<string>): string[] {
  const { title, prefixes, text, chart, notMeasured } = section;
  const { failures } = report;
  const figures = covered(report.figures, prefixes);
  const targets = report.targets.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
  const failed = failures.filter(({ what }) => prefixes.some((prefix) => what.startsWith(prefix)));
  return [
    `## ${title}`,
    "",
    text,
    "",
    ...(chart !== null && charts.has(chart) ? [`![${title}](charts/${chart}.svg)`, ""] : []),
    ...section.tables(figures).flatMap((layout) => [...formatLayout(figures, layout), ""]),
    `Not measured here: ${notMeasured}`,
    ...failed.map(({ what, reason }) => `\n**Failed**: \`${what}\`: ${reason}`),
    "",
    "Where we lose:",
    "",
    ...lossLines(lossesOf(figures), targets),
  ];
}

function machineLines({ machine, options, seconds }: FullReport, file: string): string[] {
  const pins =
    options.clientCpu === null
      ? "no process was pinned"
      : `servers pinned to CPU ${options.serverCpu}, contenders to CPU ${options.clientCpu} (\`together\`: both on one)`;
  return [
    `Measured at ${machine.date.slice(0, 16).replace("T", " ")} UTC, commit \`${machine.commit}\`, in ${Math.ceil(seconds / 60)} minutes and at most ${options.rounds} round${options.rounds === 1 ? "" : "s"},`,
    `on ${machine.cpu}, ${machine.cpus} CPUs, ${machine.memory}, ${machine.kernel}; Bun ${machine.bun}, Node ${machine.node}, ws ${machine.ws}, undici ${machine.undici}, generic-pool ${machine.genericPool}.`,
    `CPUs: ${pins}. All figures: [bench/results/${file}](../bench/results/${file}).`,
    ...(options.quick
      ? [
          "",
          "**A quick run, of small sizes: to look at, not a result.** It leaves out most operations of the codec, and the longest series.",
        ]
      : []),
  ];
}

function targetLines(targets: readonly TargetResult[]): string[] {
  const rows = targets.map((target) => {
    const { name, bound, unit, met } = target;
    const asked = `${bound.least ? "≥" : "≤"} ${bound.value} ${unit}`;
    return [name, asked, formatMeasured(target), met ? "met" : "**missed**"];
  });
  return [
    "## Targets",
    "",
    "What the project has set itself. What is told in × is the middle of the rounds' ratios: in each of them both had their turn. A time in memory, in ns,",
    "is judged by its quickest round, as such times are on a shared machine: what the others took longer is the machine's. Its median stands beside it.",
    "",
    ...markdownTable([["", "asked for", "measured", ""], ...rows]),
  ];
}

function summaryLines({ figures, targets, failures }: FullReport): string[] {
  const losses = lossesOf(figures);
  const sure = losses.filter(({ unsure }) => !unsure);
  return [
    "## Where we lose",
    "",
    `In ${losses.length} rows, of all cases and metrics, a contender that is not ours has the better median; each stands in its section. In ${sure.length} of them`,
    "every round of it was better than every round of ours, in at least three rounds. These, and every target that was missed:",
    "",
    ...lossLines(sure, targets),
    ...(failures.length > 0
      ? ["", "Not measured, because it failed:", "", ...failures.map(({ what, reason }) => `- \`${what}\`: ${reason}`)]
      : []),
  ];
}

function covered(figures: readonly Figure[], prefixes: readonly string[]): readonly Figure[] {
  return figures.filter(({ group }) => prefixes.some((prefix) => group.startsWith(prefix)));
}

const HOW_TO_READ = [
  "A cell is a median over the rounds [least to greatest], and how many times the limit of its case that is. The limit, or what stands first in a",
  "table, is what the machine gives a program that does none of the work. Multiples are taken round by round, the limit in the same round, so that",
  "the slow times of a virtual machine fall out; absolute figures hold them. Contenders take turns, each in a process of its own, and have read",
  "messages of every kind and size before their figures count. What they read is held against what was sent. Cases by which a target is",
  "judged have two to eight turns in a round, spread over it; the best of each contender is what the round counts, as slow times last for minutes.",
  "Contenders that receive a flood, or send requests, run side by side and are timed in windows of some tenths of a second, in turns: a time a message is",
  "that of all windows, a p50 of requests the mean of the windows' medians. So a slow time of the machine is in all of them.",
  "",
  "Under *where we lose* stands every row in which a contender that is not ours has the better median, limits left out, and every target that was",
  "missed. *Noise not excluded* means that the two spreads overlap, or that there were fewer than three rounds. `bun run bench:report` makes this page",
  "again, and `bun run bench:compare A B` says what moved between two results.",
];
