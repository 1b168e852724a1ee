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
  const runs = Math.max(1, Math.round(ALL_RUNS * share));
  console.log(`fuzz: ${name}: ${runs} runs, FUZZ_SEED=${SEED}`);
  fc.assert(fc.property(values, property), { numRuns: runs, seed: SEED });
}
