/** Numbers from 0 to below 1, the same for the same seed. */
export type Random = () => number;

/** A 32-bit linear congruential generator, its upper bits stirred: for choosing cuts, not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    let word = state;
    word = Math.imul(word ^ (word >>> 16), 0x45d9f3b);
    word ^= word >>> 15;
    return (word >>> 0) / 0x100000000;
  };
}

/** An integer from 0 to below `limit`. */
export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}
