/**
 * A seeded source of numbers (xorshift128): the same seed gives the same sequence on every machine.
 * For the market's moves, not for keys.
 */
export class Random {
  #first: number;
  #second: number;
  #third: number;
  #fourth: number;

  constructor(seed: number) {
    this.#first = scatter(seed);
    this.#second = scatter(seed + 1);
    this.#third = scatter(seed + 2);
    // Never all zero, the one state that xorshift cannot leave.
    this.#fourth = scatter(seed + 3) | 1;
  }

  /** A whole number in [0, 2³²). */
  next(): number {
    const mixed = this.#first ^ (this.#first << 11);
    this.#first = this.#second;
    this.#second = this.#third;
    this.#third = this.#fourth;
    this.#fourth ^= (this.#fourth >>> 19) ^ mixed ^ (mixed >>> 8);
    return this.#fourth >>> 0;
  }

  /** A whole number in [0, limit), for limits up to 2³². */
  below(limit: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * limit);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability * 0x1_0000_0000;
  }
}

/** Spreads neighbouring seeds over all 32 bits. */
function scatter(seed: number): number {
  const spread = Math.imul(seed, 0x9e3779b9);
  const folded = Math.imul(spread ^ (spread >>> 16), 0x21f0aaad);
  return Math.imul(folded ^ (folded >>> 15), 0x735a2d97);
}
