import { compareReports, formatMoves } from "./moves.ts";
import type { Report } from "./report.ts";

/** `bun run bench:compare A B`: what moved beyond the noise from one result file to another. */
const [first, second, ...rest] = process.argv.slice(2);
if (first === undefined || second === undefined || rest.length > 0) {
  console.error("bun run bench:compare BEFORE.json AFTER.json");
  process.exit(2);
}
const before: Report = await Bun.file(first).json();
const after: Report = await Bun.file(second).json();
console.log(formatMoves(compareReports(before, after)));
