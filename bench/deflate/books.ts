import { SeededRandom } from "../corpus.ts";

/** How many different books there are. */
export const BOOKS = 100;

/** Depth updates of exactly `size` bytes of JSON, ASCII: prices that repeat, sizes that do not. */
export function booksOf(size: number): readonly Uint8Array[] {
  const random = new SeededRandom(size);
  const levels = Math.floor((size - 70) / 46);
  const side = (from: number, step: number): string[][] =>
    Array.from({ length: levels }, (_, at) => [
      (from + step * at + random.below(10) / 100).toFixed(2),
      (random.below(100_000) / 10_000).toFixed(4),
    ]);
  return Array.from({ length: BOOKS }, (_, at) => {
    const book = { e: "depth", E: 1_700_000_000_000 + at, u: at, b: side(65_000, -0.1), a: side(65_000.1, 0.1), c: "" };
    const short = size - JSON.stringify(book).length;
    return new TextEncoder().encode(JSON.stringify({ ...book, c: "0".repeat(short) }));
  });
}
