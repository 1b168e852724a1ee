/** Messages a second over the last second. */
export class RateMeter {
  total = 0;
  readonly #marks: { time: number; total: number }[] = [{ time: 0, total: 0 }];

  /** The rate since about a second before `milliseconds`, counted from the start; call it as often as it is shown. */
  rate(milliseconds: number): number {
    const marks = this.#marks;
    marks.push({ time: milliseconds, total: this.total });
    while (marks.length > 2 && (marks[1]?.time ?? milliseconds) <= milliseconds - 1_000) marks.shift();
    const [oldest] = marks;
    if (oldest === undefined || oldest.time === milliseconds) return 0;
    return ((this.total - oldest.total) * 1_000) / (milliseconds - oldest.time);
  }
}
