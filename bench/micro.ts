import { MICRO_GROUPS } from "./micro/groups.ts";
import type { BenchOptions } from "./options.ts";
import { path, runProcess } from "./processes.ts";
import { type Figure, figure } from "./result.ts";

/** Single operations of the codec under mitata, cases taking turns round by round, each in a process of its own. */
export async function measureOperations(
  options: BenchOptions,
  record: (figure: Figure) => void,
  progress: (text: string) => void,
): Promise<void> {
  for (const [name, cases] of Object.entries(MICRO_GROUPS)) {
    const group = `micro/${name}`;
    const chosen = cases().filter((one) => `${group}/${one.name}`.includes(options.filter));
    const samples = chosen.map((): number[] => []);
    for (let round = 1; round <= options.rounds; round++) {
      for (const [index, one] of chosen.entries()) {
        progress(`${group}/${one.name}, round ${round} of ${options.rounds}`);
        const command = [process.execPath, path("micro/main.ts"), name, one.name, String(options.microTime)];
        const repeat = Math.max(1, Math.min(10, Math.floor(options.messages / 10_000)));
        const output: { nanoseconds: number } = JSON.parse(
          await runProcess([...command, String(repeat)], options.clientCpu, {}),
        );
        samples[index]?.push(output.nanoseconds);
      }
    }
    for (const [index, one] of chosen.entries()) {
      record(figure(group, one.name, "ns", one.items, samples[index] ?? []));
    }
  }
}
