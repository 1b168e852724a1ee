export type Verdict = "valid" | "incomplete" | "invalid";

/**
 * Whether `bytes` are UTF-8, by the arithmetic of RFC 3629 section 3 instead of a table: decode each character, then ask whether
 * its number is a scalar value that needs this many bytes. `incomplete` is a beginning that some bytes would complete.
 */
export function naiveUtf8(bytes: ArrayLike<number>): Verdict {
  let pos = 0;
  while (pos < bytes.length) {
    const lead = bytes[pos] ?? 0;
    const size = sizeAfter(lead);
    if (size === 0) return "invalid";
    let low = size === 1 ? lead : lead & (0x7f >> size);
    let high = low;
    let seen = 1;
    for (; seen < size && pos + seen < bytes.length; seen++) {
      const byte = bytes[pos + seen] ?? 0;
      if (byte >> 6 !== 0b10) return "invalid";
      low = low * 64 + (byte & 0x3f);
      high = high * 64 + (byte & 0x3f);
    }
    for (let missing = seen; missing < size; missing++) {
      low *= 64;
      high = high * 64 + 63;
    }
    if (!scalarBetween(low, high, size)) return "invalid";
    if (seen < size) return "incomplete";
    pos += size;
  }
  return "valid";
}

function sizeAfter(lead: number): number {
  if (lead >> 7 === 0) return 1;
  if (lead >> 5 === 0b110) return 2;
  if (lead >> 4 === 0b1110) return 3;
  return lead >> 3 === 0b11110 ? 4 : 0;
}

/** True where a scalar value that takes `size` bytes lies in `[low, high]`. */
function scalarBetween(low: number, high: number, size: number): boolean {
  const first = Math.max(low, FIRST[size] ?? 0);
  const last = Math.min(high, 0x10ffff);
  return first <= last && !(first >= 0xd800 && last <= 0xdfff);
}

/** The first number that takes this many bytes. */
const FIRST: readonly number[] = [0, 0, 0x80, 0x800, 0x10000];
