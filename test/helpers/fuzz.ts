import fc from "fast-check";

/** Runs of all fuzz targets together: `FUZZ_RUNS`, 5,000 where it is not set. */
const ALL_RUNS = Number(process.env["FUZZ_RUNS"] ?? 5_000);

/** `FUZZ_SEED` repeats a run whose seed was printed. */
const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() & 0x7fffffff);

/** Milliseconds that a fuzz test may take; its end is the number of runs, this only stops a hang. */
export const FUZZ_TIMEOUT = 300_000;

/**
 * Checks `property` on a fixed part of {@link ALL_RUNS} random values and prints the seed, with which `FUZZ_SEED` repeats them. A value that
 * fails is shrunk, and shown with the seed and the path to it.
 */
export function fuzz<T>(name: string, share: number, values: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(values, property), announced(name, share));
}

/** The same where checking takes its time. */
export async function fuzzLater<T>(
  name: string,
  share: number,
  values: fc.Arbitrary<T>,
  property: (value: T) => Promise<void>,
): Promise<void> {
  await fc.assert(fc.asyncProperty(values, property), announced(name, share));
}

function announced(name: string, share: number): { readonly numRuns: number; readonly seed: number } {
  const numRuns = Math.max(1, Math.round(ALL_RUNS * share));
  console.log(`fuzz: ${name}: ${numRuns} runs, FUZZ_SEED=${SEED}`);
  return { numRuns, seed: SEED };
}
