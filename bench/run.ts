import { measureEchoes } from "./echo.ts";
import { describeMachine } from "./machine.ts";
import { measureMemory } from "./memory.ts";
import { measureOperations } from "./micro.ts";
import { readOptions, USAGE } from "./options.ts";
import { startServer } from "./processes.ts";
import { measureReceiving } from "./receive.ts";
import { formatReport, type Report } from "./report.ts";
import type { Figure } from "./result.ts";
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

const figures: Figure[] = await measureOperations(options, progress);
{
  using server = await startServer(options.serverCpu);
  figures.push(...(await measureReceiving(server, options, progress)));
  figures.push(...(await measureMemory(server, options, progress)));
}
figures.push(...(await measureEchoes(options, progress)));
progress("");
if (figures.length === 0) throw new Error(`Cannot run benches: no case's name contains ${options.filter}\n\n${USAGE}`);

const report: Report = { machine, options, figures, targets: judge(figures) };
console.log(formatReport(report));
if (options.json !== null) await Bun.write(options.json, `${JSON.stringify(report, null, 2)}\n`);
process.exit(0);
