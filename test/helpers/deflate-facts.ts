/** What the blocks of a raw DEFLATE stream are made of: read by RFC 1951 section 3.2 alone, bit by bit. */
export interface DeflateFacts {
  /** Bytes that it inflates to. */
  readonly length: number;
  /** The farthest that a reference goes back. */
  readonly farthest: number;
}

/** Reads whole blocks to the end of `bytes`, or to the final one. */
export function deflateFacts(bytes: Uint8Array): DeflateFacts {
  let pos = 0;
  let bit = 0;
  let length = 0;
  let farthest = 0;
  const take = (count: number): number => {
    let value = 0;
    for (let at = 0; at < count; at++) {
      value |= (((bytes[pos] ?? 0) >> bit) & 1) << at;
      bit = (bit + 1) & 7;
      if (bit === 0) pos++;
    }
    return value;
  };
  const symbol = (codes: Codes): number => {
    let code = 1;
    for (let size = 1; size < 16; size++) {
      code = (code << 1) | take(1);
      const found = codes.get(code);
      if (found !== undefined) return found;
    }
    throw new Error(`no code at byte ${pos}`);
  };
  const dynamicCodes = (): [Codes, Codes] => {
    const literals = take(5) + 257;
    const distances = take(5) + 1;
    const sizes = new Array<number>(19).fill(0);
    for (const place of ORDER.slice(0, take(4) + 4)) sizes[place] = take(3);
    const meta = codesOf(sizes);
    const all: number[] = [];
    while (all.length < literals + distances) {
      const found = symbol(meta);
      if (found < 16) all.push(found);
      else if (found === 16) all.push(...new Array<number>(3 + take(2)).fill(all.at(-1) ?? 0));
      else all.push(...new Array<number>(found === 17 ? 3 + take(3) : 11 + take(7)).fill(0));
    }
    return [codesOf(all.slice(0, literals)), codesOf(all.slice(literals))];
  };
  for (let final = false; !final && pos < bytes.length; ) {
    final = take(1) === 1;
    const kind = take(2);
    if (kind === 0) {
      if (bit !== 0) pos++;
      bit = 0;
      const stored = (bytes[pos] ?? 0) | ((bytes[pos + 1] ?? 0) << 8);
      pos += 4 + stored;
      length += stored;
      continue;
    }
    const [literals, distances] = kind === 1 ? FIXED : dynamicCodes();
    for (let found = symbol(literals); found !== 256; found = symbol(literals)) {
      if (found < 256) {
        length++;
        continue;
      }
      const [base, extra] = LENGTHS[found - 257] ?? [0, 0];
      length += base + take(extra);
      const [near, more] = DISTANCES[symbol(distances)] ?? [0, 0];
      farthest = Math.max(farthest, near + take(more));
    }
  }
  return { length, farthest };
}

/** Symbols by code, each with a 1 put in front, so that codes of different sizes differ. */
type Codes = ReadonlyMap<number, number>;

/** Section 3.2.2. */
function codesOf(sizes: readonly number[]): Codes {
  const codes = new Map<number, number>();
  let code = 0;
  for (let size = 1; size < 16; size++) {
    code <<= 1;
    for (const [symbol, of] of sizes.entries()) if (of === size) codes.set((1 << size) | code++, symbol);
  }
  return codes;
}

/** Section 3.2.6. */
const FIXED: readonly [Codes, Codes] = [
  codesOf(Array.from({ length: 288 }, (_, at) => (at < 144 ? 8 : at < 256 ? 9 : at < 280 ? 7 : 8))),
  codesOf(new Array<number>(30).fill(5)),
];
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/** Base and extra bits, section 3.2.5. */
const LENGTHS = ranges(3, [8, 4, 4, 4, 4, 4])
  .slice(0, 28)
  .concat([[258, 0]]);
const DISTANCES = ranges(1, [4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]);

/** `counts[n]` ranges of `2 ** n` numbers each, one behind another. */
function ranges(first: number, counts: readonly number[]): [number, number][] {
  let next = first;
  return counts.flatMap((count, extra) =>
    Array.from({ length: count }, (): [number, number] => {
      const base = next;
      next += 1 << extra;
      return [base, extra];
    }),
  );
}
