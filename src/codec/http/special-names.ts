import { sameName } from "./characters.ts";

/** The fields that the writer writes itself, or whose meaning the connection must know. */
export type SpecialName =
  | "host"
  | "expect"
  | "upgrade"
  | "connection"
  | "content-type"
  | "content-length"
  | "transfer-encoding";

/** Which of them the name at `[start, end)` is, whatever its case; null for every other. */
export function specialNameAt(bytes: Uint8Array, start: number, end: number): SpecialName | null {
  const name = BY_LENGTH[end - start];
  return name !== undefined && sameName(bytes, start, end, name) ? name : null;
}

/** True where `name` is one of them, whatever its case. */
export function isSpecialName(name: string): boolean {
  return BY_LENGTH[name.length] === name.toLowerCase();
}

/** One bit per length that one of them has, so that a name whose length modulo 32 has none is no special one. */
export const SPECIAL_LENGTHS: number = (1 << 4) | (1 << 6) | (1 << 7) | (1 << 10) | (1 << 12) | (1 << 14) | (1 << 17);

/** Each has a length of its own. */
const BY_LENGTH: Readonly<Record<number, SpecialName>> = {
  4: "host",
  6: "expect",
  7: "upgrade",
  10: "connection",
  12: "content-type",
  14: "content-length",
  17: "transfer-encoding",
};
