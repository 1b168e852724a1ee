/**
 * XORs `bytes[start, end)` with the masking key of RFC 6455 section 5.3. `key` is its four bytes in memory order as one
 * little-endian word, `offset` how many payload bytes came before `start`. Masking and unmasking are the same.
 * `words` is `wordsOf(bytes)`.
 */
export function maskBytes(
  bytes: Uint8Array,
  words: Int32Array,
  start: number,
  end: number,
  key: number,
  offset: number,
): void {
  const rotated = keyOfWords(key, offset - start);
  const whole = Math.min(end, words.length << 2);
  if (start < whole) maskWords(words, start, whole, rotated);
  if (whole < end) maskRest(bytes, Math.max(start, whole), end, rotated);
}

/**
 * The same for `[start, end)` that is not empty and does not reach beyond the last word, with the key as {@link keyOfWords} has it.
 *
 * Four bytes a step, without a loop over the bytes at either end: of the first and the last word only the bits that lie in the payload
 * are changed. How many bytes an end has differs from frame to frame, which a processor cannot foresee.
 */
function maskWords(words: Int32Array, start: number, end: number, key: number): void {
  let word = start >> 2;
  const lastWord = (end - 1) >> 2;
  let bits = -1 << ((start & 3) << 3);
  if (word < lastWord) {
    words[word] = words[word]! ^ (key & bits);
    for (word++; word < lastWord; word++) words[word] = words[word]! ^ key;
    bits = -1;
  }
  bits &= -1 >>> ((-end & 3) << 3);
  words[word] = words[word]! ^ (key & bits);
}

/** The up to three bytes at the end of memory that are no whole word. */
function maskRest(bytes: Uint8Array, start: number, end: number, rotated: number): void {
  for (let pos = start; pos < end; pos++) bytes[pos] = bytes[pos]! ^ (rotated >>> ((pos & 3) << 3));
}

/** The masking key at `pos` in memory order, as a little-endian word. */
export function keyAt(bytes: Uint8Array, pos: number): number {
  return bytes[pos]! | (bytes[pos + 1]! << 8) | (bytes[pos + 2]! << 16) | (bytes[pos + 3]! << 24);
}

/** The key as it applies to a word that begins `offset` bytes into the payload, or as many before it where that is negative. */
function keyOfWords(key: number, offset: number): number {
  const bits = offset << 3;
  return (key >>> bits) | (key << -bits);
}

/** Where a client's masking keys come from: each call gives 32 fresh, unpredictable bits (RFC 6455 section 10.3). */
export interface MaskKeys {
  next(): number;
}
