import { measure } from "mitata";
import { readEverything } from "./frame-reading.ts";
import { MICRO_GROUPS } from "./groups.ts";

/**
 * One micro case in a process of its own: group, case, milliseconds for mitata and how often to read everything before are the
 * arguments. Every case of the group runs first, so that the engine knows more than the one it is measured on, then the case itself for twice as
 * long as it is measured. Prints the median in nanoseconds an item.
 */
const [groupName = "", caseName = "", milliseconds = "", repeat = ""] = process.argv.slice(2);
const cases = MICRO_GROUPS[groupName]?.() ?? [];
const chosen = cases.find((one) => one.name === caseName);
if (chosen === undefined) throw new Error(`Cannot find micro case ${groupName}/${caseName}`);

readEverything(Number(repeat));
for (const other of cases) {
  const runOther = other.prepare();
  for (let i = 0; i < 5; i++) runOther();
}
const run = chosen.prepare();
// The engine takes half a second to compile the longest case, and while it does, that is what would be measured.
const warm = Bun.nanoseconds() + 2 * Number(milliseconds) * 1e6;
while (Bun.nanoseconds() < warm) run();
const stats = await measure(run, { min_cpu_time: Number(milliseconds) * 1e6 });
console.log(JSON.stringify({ nanoseconds: stats.p50 / chosen.items }));
