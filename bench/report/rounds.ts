import { MORE_IS_BETTER } from "../baselines.ts";
import { type Figure, figure } from "../result.ts";

/** Figures of the same contender in the same case become one, with a sample for each round. */
export class RoundedFigures {
  readonly #figures: Map<string, Figure> = new Map();

  /** A figure without samples, of a contender that failed, is left out. */
  readonly add = (one: Figure): void => {
    if (one.samples.length === 0) return;
    const key = JSON.stringify([one.group, one.contender, one.metric]);
    const samples = [...(this.#figures.get(key)?.samples ?? []), ...one.samples];
    this.#figures.set(key, figure(one.group, one.contender, one.metric, one.count, samples));
  };

  get all(): readonly Figure[] {
    return [...this.#figures.values()];
  }

  /** Each with one sample, the best of those that it has. */
  get best(): readonly Figure[] {
    return this.all.map(({ group, contender, metric, count, min, max }) =>
      figure(group, contender, metric, count, [MORE_IS_BETTER.has(metric) ? max : min]),
    );
  }
}
