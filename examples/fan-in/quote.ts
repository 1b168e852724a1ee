/** The best bid and ask of one symbol at one venue, in the shape that every subscriber gets, whatever the venue calls it. */
export interface Quote {
  readonly venue: string;
  readonly symbol: string;
  readonly bid: string;
  readonly ask: string;
  /** The venue's update id: it rises within a venue and symbol. */
  readonly id: number;
  /** When the venue's message arrived here, in milliseconds of `performance.now()`. */
  readonly at: number;
}

/** What a newer quote replaces: the same symbol at the same venue. */
export function keyOf({ venue, symbol }: Quote): string {
  return `${venue} ${symbol}`;
}
