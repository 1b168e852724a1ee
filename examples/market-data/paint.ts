/** Wraps text in colour, or leaves it alone. */
export interface Paint {
  readonly bold: Brush;
  readonly dim: Brush;
  readonly green: Brush;
  readonly red: Brush;
}

export type Brush = (text: string) => string;

/** Colour only for a terminal, and not where the user said NO_COLOR (no-color.org) or has a dumb one. */
export function choosePaint(isTerminal: boolean, environment: Readonly<Record<string, string | undefined>>): Paint {
  const { NO_COLOR: noColor = "", TERM: term } = environment;
  const isColoured = isTerminal && noColor === "" && term !== "dumb";
  const brush = (start: number, end: number): Brush =>
    isColoured ? (text) => `\x1b[${start}m${text}\x1b[${end}m` : (text) => text;
  return { bold: brush(1, 22), dim: brush(2, 22), green: brush(32, 39), red: brush(31, 39) };
}
