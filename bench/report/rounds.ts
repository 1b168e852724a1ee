import { MORE_IS_BETTER } from "../baselines.ts";
import { type Figure, figure } from "../result.ts";

/** Figures of the same contender in the same case become one, with a sample for each round. */
export class RoundedFigures {
  readonly #figures: Map<string, Figure> = new Map();

  constructor(figures: readonly Figure[] = []) {
    for (const one of figures) this.add(one);
  }

  add(one: Figure): void {
    const samples = [...(this.#figures.get(keyOf(one))?.samples ?? []), ...one.samples];
    this.#figures.set(keyOf(one), figure(one.group, one.contender, one.metric, one.count, samples));
  }

  get all(): readonly Figure[] {
    return [...this.#figures.values()];
  }
}

/** The turns that a round has given to each contender. */
export class Turns {
  readonly #figures: Map<string, Figure[]> = new Map();

  /** A figure without samples, of a contender that failed, is left out. */
  add(one: Figure): void {
    if (one.samples.length === 0) return;
    const turns = this.#figures.get(keyOf(one));
    if (turns === undefined) this.#figures.set(keyOf(one), [one]);
    else turns.push(one);
  }

  /** What counts: the figure of the best turn of each. */
  get best(): readonly Figure[] {
    return [...this.#figures.values()].map((turns) =>
      turns.reduce((best, one) => {
        const better = MORE_IS_BETTER.has(one.metric) ? one.median > best.median : one.median < best.median;
        return better ? one : best;
      }),
    );
  }
}

function keyOf({ group, contender, metric }: Figure): string {
  return JSON.stringify([group, contender, metric]);
}
