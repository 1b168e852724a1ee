/**
 * The same memory as `bytes`, in 32-bit words, for loops that take four bytes a step.
 * `bytes` must start at a multiple of 4 in its ArrayBuffer; a rest of up to three bytes is not covered.
 */
export function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
}

/**
 * True where every byte of `bytes[start, end)` is below 0x80. `words` is {@link wordsOf} the same array.
 *
 * Bet: text on a market-data feed is ASCII, so one OR over words says so; a set top bit only means "look closer".
 */
export function isAscii(bytes: Uint8Array, words: Int32Array, start: number, end: number): boolean {
  let seen = 0;
  let pos = start;
  while ((pos & 3) !== 0 && pos < end) seen |= bytes[pos++]!;
  let word = pos >> 2;
  const lastWord = end >> 2;
  for (const lastFour = lastWord - 3; word < lastFour; word += 4) {
    seen |= (words[word]! | words[word + 1]! | words[word + 2]! | words[word + 3]!) & TOP_BITS;
  }
  while (word < lastWord) seen |= words[word++]! & TOP_BITS;
  if (pos < word << 2) pos = word << 2;
  while (pos < end) seen |= bytes[pos++]!;
  return (seen & TOP_BITS) === 0;
}

const TOP_BITS = 0x80808080 | 0;
