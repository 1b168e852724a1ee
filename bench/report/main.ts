import { basename, join } from "node:path";
import { judge } from "../targets.ts";
import { formatResult, writeDocuments } from "./documents.ts";
import { measureAll } from "./measure.ts";
import { REPORT_USAGE, readReportOptions } from "./options.ts";
import type { FullReport } from "./result.ts";

const args = process.argv.slice(2);
if (args.includes("--help")) {
  console.log(REPORT_USAGE);
  process.exit(0);
}
const options = readReportOptions(args);
const file = options.from ?? join(options.out, "bench", "results", `${new Date().toISOString().slice(0, 10)}.json`);
const report = options.from === null ? await measure() : await judgeAnew(file);
const written = await writeDocuments(report, basename(file), options.out);
for (const path of written) console.log(path);
for (const { what, reason } of report.failures) console.error(`not measured: ${what}: ${reason}`);
process.exit(options.from === null && report.failures.length > 0 ? 1 : 0);

async function measure(): Promise<FullReport> {
  const save = async (sofar: FullReport): Promise<void> => {
    await Bun.write(file, formatResult(sofar));
  };
  const whole = await measureAll(options, save, (line) => console.log(line));
  if (whole.figures.length === 0)
    throw new Error(`Cannot report: no part's name contains ${options.only}\n\n${REPORT_USAGE}`);
  // What the page says is what the file says.
  return JSON.parse(formatResult(whole));
}

/** What is asked for may have changed since: it is judged anew, and the file says so. */
async function judgeAnew(path: string): Promise<FullReport> {
  const report: FullReport = await Bun.file(path).json();
  const judged = { ...report, targets: judge(report.figures) };
  await Bun.write(path, formatResult(judged));
  return judged;
}
