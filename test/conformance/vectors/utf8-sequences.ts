import { hex } from "../../helpers/bytes.ts";

/** Bytes that no text may hold. */
export interface InvalidText {
  readonly bytes: Uint8Array;
  /** With how many of them, whatever follows, the text is certain not to be UTF-8. */
  readonly certain: number;
  readonly why: string;
  readonly rule: string;
}

/** Each class that the grammar of RFC 3629 section 4 leaves out, with its first and last members. */
export const INVALID: readonly InvalidText[] = [
  // A continuation byte that continues nothing.
  ["80", 1, "the first continuation byte, alone"],
  ["bf", 1, "the last continuation byte, alone"],
  ["80 bf", 1, "two of them"],
  ["80 bf 80 bf 80 bf", 1, "six of them"],
  ["61 80", 2, "a continuation byte behind ASCII"],
  ["c3 a9 a9", 3, "a continuation byte behind a character of two bytes"],
  ["e2 82 ac 82", 4, "a continuation byte behind one of three"],
  ["f0 9f 98 80 80", 5, "a continuation byte behind one of four"],
  // A first byte without its continuation.
  ["c2 20", 2, "the first lead of two bytes, then a space"],
  ["df 20", 2, "the last lead of two bytes, then a space"],
  ["e0 20", 2, "the first lead of three bytes, then a space"],
  ["ef 20", 2, "the last lead of three bytes, then a space"],
  ["f0 20", 2, "the first lead of four bytes, then a space"],
  ["f4 20", 2, "the last lead of four bytes, then a space"],
  ["c2 c2", 2, "a lead behind a lead of two bytes"],
  ["e1 80 c2", 3, "a lead in place of the third byte"],
  ["e1 80 20", 3, "a space in place of the third byte"],
  ["f1 80 20", 3, "a space in place of the third byte of four"],
  ["f1 80 80 20", 4, "a space in place of the fourth byte"],
  ["f1 80 80 f1", 4, "a lead in place of the fourth byte"],
  ["ef bf c0", 3, "the third byte just over its range"],
  ["ef bf 7f", 3, "the third byte just under its range"],
  ["c2 c0", 2, "the second byte just over its range"],
  ["c2 7f", 2, "the second byte just under its range"],
  // Bytes that stand nowhere.
  ["c0", 1, "a byte that never stands in UTF-8"],
  ["c1", 1, "a byte that never stands in UTF-8"],
  ["f5", 1, "a byte that never stands in UTF-8"],
  ["f7", 1, "a byte that never stands in UTF-8"],
  ["f8", 1, "a lead of five bytes"],
  ["fb", 1, "a lead of five bytes"],
  ["fc", 1, "a lead of six bytes"],
  ["fd", 1, "a lead of six bytes"],
  ["fe", 1, "a byte of UTF-16's mark"],
  ["ff", 1, "a byte of UTF-16's mark"],
  ["fe fe ff ff", 1, "four bytes that never stand in UTF-8"],
  // Longer than need be.
  ["c0 80", 1, "U+0000 in two bytes"],
  ["c0 af", 1, "a slash in two bytes"],
  ["c1 bf", 1, "U+007F in two bytes"],
  ["e0 80 80", 2, "U+0000 in three bytes"],
  ["e0 80 af", 2, "a slash in three bytes"],
  ["e0 9f bf", 2, "U+07FF in three bytes"],
  ["f0 80 80 80", 2, "U+0000 in four bytes"],
  ["f0 80 80 af", 2, "a slash in four bytes"],
  ["f0 8f bf bf", 2, "U+FFFF in four bytes"],
  ["f8 80 80 80 af", 1, "a slash in five bytes"],
  ["f8 87 bf bf bf", 1, "U+1FFFFF in five bytes"],
  ["fc 80 80 80 80 af", 1, "a slash in six bytes"],
  ["fc 83 bf bf bf bf", 1, "U+3FFFFFF in six bytes"],
  // Surrogates, which are no characters.
  ["ed a0 80", 2, "U+D800, the first high surrogate"],
  ["ed ad bf", 2, "U+DB7F"],
  ["ed ae 80", 2, "U+DB80"],
  ["ed af bf", 2, "U+DBFF, the last high surrogate"],
  ["ed b0 80", 2, "U+DC00, the first low surrogate"],
  ["ed be 80", 2, "U+DF80"],
  ["ed bf bf", 2, "U+DFFF, the last low surrogate"],
  ["ed a0 80 ed b0 80", 2, "a pair of surrogates that UTF-16 reads as U+10000"],
  ["ed af bf ed bf bf", 2, "a pair of surrogates that UTF-16 reads as U+10FFFF"],
  // Beyond Unicode.
  ["f4 90 80 80", 2, "U+110000, the first number over Unicode"],
  ["f4 bf bf bf", 2, "U+13FFFF"],
  ["f5 80 80 80", 1, "U+140000"],
  ["f7 bf bf bf", 1, "U+1FFFFF"],
  ["f8 88 80 80 80", 1, "U+200000"],
  ["fb bf bf bf bf", 1, "U+3FFFFFF"],
  ["fc 84 80 80 80 80", 1, "U+4000000"],
  ["fd bf bf bf bf bf", 1, "U+7FFFFFFF"],
].map(([bytes, certain, why]) => ({
  bytes: hex(bytes as string),
  certain: certain as number,
  why: why as string,
  rule: "RFC 3629 section 4",
}));

/** Beginnings of characters: valid so far, invalid where the text ends. */
export const TRUNCATED: readonly Uint8Array[] = [
  "c2",
  "df",
  "e0",
  "e0 a0",
  "e1",
  "e1 80",
  "ed",
  "ed 9f",
  "ef",
  "ef bf",
  "f0",
  "f0 90",
  "f0 90 80",
  "f1",
  "f1 80 80",
  "f4",
  "f4 8f",
  "f4 8f bf",
].map(hex);

/** Scalar values that must pass. */
export const VALID: readonly (readonly [scalar: number, why: string])[] = [
  [0x0000, "the first of one byte"],
  [0x0001, "a control character"],
  [0x007f, "the last of one byte"],
  [0x0080, "the first of two bytes"],
  [0x00ff, "the last of Latin-1"],
  [0x07ff, "the last of two bytes"],
  [0x0800, "the first of three bytes"],
  [0x0fff, "the last behind E0"],
  [0x1000, "the first behind E1"],
  [0xcfff, "the last behind EC"],
  [0xd000, "the first behind ED"],
  [0xd7ff, "the last before the surrogates"],
  [0xe000, "the first behind the surrogates"],
  [0xf8ff, "the last for private use in the first plane"],
  [0xfdd0, "a number that is never to be assigned: valid in transport"],
  [0xfdef, "a number that is never to be assigned: valid in transport"],
  [0xfeff, "the byte order mark"],
  [0xfffd, "the replacement character"],
  [0xfffe, "a number that is never to be assigned: valid in transport"],
  [0xffff, "the last of three bytes"],
  [0x10000, "the first of four bytes"],
  [0x1f600, "a character beyond the first plane"],
  [0x3ffff, "the last behind F0"],
  [0x40000, "the first behind F1"],
  [0xfffff, "the last behind F3"],
  [0x100000, "the first behind F4"],
  [0x10ffff, "the last of Unicode"],
  ...Array.from({ length: 16 }, (_, plane): [number, string] => [
    (plane + 1) * 0x10000 + 0xfffe,
    "a number that is never to be assigned: valid in transport",
  ]),
];
