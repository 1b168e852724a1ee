import { below, seededRandom } from "./random.ts";

/**
 * `bytes` in chunks, in every way that must not matter: whole, byte by byte, at each chunk size, in two at each point, and at random cuts
 * (seeded). For readers of heads, which are fed chunk by chunk.
 */
export function* splitsOf(bytes: Uint8Array): Generator<readonly Uint8Array[]> {
  yield [bytes];
  const sizes =
    bytes.length <= 400 ? Array.from({ length: bytes.length }, (_, at) => at + 1) : [1, 2, 3, 7, 64, 1023, 1024];
  for (const size of sizes) yield chunksAt(bytes, multiples(size, bytes.length));
  const step = Math.max(1, Math.floor(bytes.length / 400));
  for (let point = 1; point < bytes.length; point += step) yield chunksAt(bytes, [point]);
  const random = seededRandom(bytes.length);
  for (let round = 0; round < 10; round++) {
    const cuts: number[] = [];
    for (let pos = 1 + below(random, 40); pos < bytes.length; pos += 1 + below(random, 40)) cuts.push(pos);
    yield chunksAt(bytes, cuts);
  }
}

/** The chunks of `bytes` that end at `cuts`, which ascend, and at its end. */
export function chunksAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  return [...cuts, bytes.length].map((end, at) => bytes.slice(at === 0 ? 0 : cuts[at - 1], end));
}

function multiples(size: number, length: number): number[] {
  return Array.from({ length: Math.ceil(length / size) - 1 }, (_, at) => (at + 1) * size);
}
