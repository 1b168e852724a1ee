import { measure } from "mitata";
import { ACQUIRE_WAYS, SIZE } from "./ways.ts";

/**
 * Acquiring and releasing, one after the other. Arguments: a way, and milliseconds for mitata. Prints the median in nanoseconds for both
 * together.
 */
const BATCH = 10_000;
const [name = "", milliseconds = ""] = process.argv.slice(2);
const make = ACQUIRE_WAYS[name];
if (make === undefined) throw new Error(`Cannot find way to acquire: ${name}`);

const way = await make();
for (let round = 0; round < 20; round++) await way.run(BATCH);
const stats = await measure(() => way.run(BATCH), { min_cpu_time: Number(milliseconds) * 1e6 });
if (way.available() !== SIZE) throw new Error(`Cannot accept the run: ${way.available()} of ${SIZE} are free after it`);
console.log(JSON.stringify({ nanoseconds: stats.p50 / BATCH }));
process.exit(0);
