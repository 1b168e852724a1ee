import { measureAccepting } from "./accept.ts";
import { measureDeflate } from "./deflate.ts";
import { measureEchoes } from "./echo.ts";
import { measureRequestAllocations, measureRequests } from "./http.ts";
import { measureJson } from "./json.ts";
import { describeMachine } from "./machine.ts";
import { measureMemory } from "./memory.ts";
import { measureOperations } from "./micro.ts";
import { readOptions, USAGE } from "./options.ts";
import { measurePools } from "./pool.ts";
import { startServer } from "./processes.ts";
import { measureReceiving } from "./receive.ts";
import { formatReport, type Report } from "./report.ts";
import type { Figure } from "./result.ts";
import { measureSeries } from "./series.ts";
import { measureSpinning } from "./spin/measure.ts";
import { judge } from "./targets.ts";

const args = process.argv.slice(2);
if (args.includes("--help")) {
  console.log(USAGE);
  process.exit(0);
}
const options = readOptions(args);
const machine = await describeMachine();

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

const figures: Figure[] = [];
const record = (figure: Figure): void => {
  figures.push(figure);
};

/** Why the run ended early: what was measured until then is reported all the same. */
let failure: unknown = null;
try {
  await measureOperations(options, record, progress);
  using server = await startServer(options.serverCpu);
  await measureReceiving(server, options, record, progress);
  await measureJson(server, options, record, progress);
  await measureSeries(server, options, record, progress);
  await measureMemory(server, options, record, progress);
  await measureEchoes(options, record, progress);
  await measureAccepting(options, record, progress);
  await measureDeflate(options, record, progress);
  await measureRequests(options, record, progress);
  await measureRequestAllocations(options, record, progress);
  await measurePools(options, record, progress);
  await measureSpinning(options, record, progress);
} catch (error) {
  failure = error;
}
progress("");
if (failure === null && figures.length === 0) {
  failure = new Error(`Cannot run benches: no case's name contains ${options.filter}\n\n${USAGE}`);
}

const report: Report = { machine, options, figures, targets: judge(figures) };
console.log(formatReport(report));
if (options.json !== null) await Bun.write(options.json, `${JSON.stringify(report, null, 2)}\n`);
if (failure !== null) throw failure;
process.exit(0);
