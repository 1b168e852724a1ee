/**
 * XORs `bytes[start, end)` with the masking key of RFC 6455 section 5.3. `key` is its four bytes in memory order as one
 * little-endian word, `offset` how many payload bytes came before `start`. Masking and unmasking are the same.
 * `words` is `wordsOf(bytes)`.
 *
 * Bet: four bytes a step. Up to three bytes before the first word boundary and after the last go one by one.
 */
export function maskBytes(
  bytes: Uint8Array,
  words: Int32Array,
  start: number,
  end: number,
  key: number,
  offset: number,
): void {
  let rotated = rotate(key, offset);
  let pos = start;
  while ((pos & 3) !== 0 && pos < end) {
    bytes[pos] = bytes[pos]! ^ rotated;
    rotated = (rotated >>> 8) | (rotated << 24);
    pos++;
  }
  let word = pos >> 2;
  const lastWord = end >> 2;
  if (word < lastWord) {
    for (; word < lastWord; word++) words[word] = words[word]! ^ rotated;
    pos = word << 2;
  }
  while (pos < end) {
    bytes[pos] = bytes[pos]! ^ rotated;
    rotated = (rotated >>> 8) | (rotated << 24);
    pos++;
  }
}

/** The masking key at `pos` in memory order, as a little-endian word. */
export function keyAt(bytes: Uint8Array, pos: number): number {
  return bytes[pos]! | (bytes[pos + 1]! << 8) | (bytes[pos + 2]! << 16) | (bytes[pos + 3]! << 24);
}

/** The key as it applies `offset` bytes into the payload. */
function rotate(key: number, offset: number): number {
  const bits = (offset & 3) << 3;
  return bits === 0 ? key : (key >>> bits) | (key << (32 - bits));
}

/** Where a client's masking keys come from: each call gives 32 fresh, unpredictable bits (RFC 6455 section 10.3). */
export interface MaskKeys {
  next(): number;
}
