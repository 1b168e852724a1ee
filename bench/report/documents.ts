import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { drawCharts } from "./charts.ts";
import { formatPage } from "./page.ts";
import { updateReadme } from "./readme.ts";
import type { FullReport } from "./result.ts";

/** Writes page, charts and the results of the README below `out`, and returns the paths written. `file` is the result's name in `bench/results`. */
export async function writeDocuments(report: FullReport, file: string, out: string): Promise<string[]> {
  const charts = await drawCharts(report.figures);
  const names = new Set(charts.keys());
  const written: string[] = [];
  const write = async (path: string, text: string): Promise<void> => {
    await Bun.write(path, text);
    written.push(path);
  };
  await mkdir(join(out, "docs", "charts"), { recursive: true });
  for (const [name, svg] of charts) await write(join(out, "docs", "charts", `${name}.svg`), svg);
  await write(join(out, "docs", "performance.md"), formatPage(report, file, names));
  const readme = Bun.file(join(out, "README.md"));
  if (await readme.exists()) await write(join(out, "README.md"), updateReadme(await readme.text(), report, names));
  return written;
}

/** The result as text: a figure on each line, numbers to six digits. */
export function formatResult({ figures, ...rest }: FullReport): string {
  const shorten = (_: string, value: unknown): unknown =>
    typeof value === "number" ? Number(value.toPrecision(6)) : value;
  const head = JSON.stringify(rest, null, 1).replace(/\n\}$/, "");
  const lines = figures.map((one) => `  ${JSON.stringify(one, shorten)}`);
  return `${head},\n "figures": [\n${lines.join(",\n")}\n ]\n}\n`;
}
