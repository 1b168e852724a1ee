/** Ticks of a logarithmic axis: 1, 2 and 5 of each power of ten between the two; the powers alone where there are many. */
export function decadeTicks(least: number, most: number): number[] {
  const decades = Math.log10(most / least);
  const steps = decades > MANY_DECADES ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most); power++) {
    for (const step of steps) ticks.push(Number((step * 10 ** power).toPrecision(1)));
  }
  return ticks.filter((tick) => tick >= least && tick <= most);
}

const MANY_DECADES = 4;
