/** The fields that the writer writes itself, or whose meaning the connection must know. */
export type SpecialName =
  | "host"
  | "expect"
  | "upgrade"
  | "connection"
  | "content-type"
  | "content-length"
  | "transfer-encoding";

/** Which of them `name` is, whatever its case; null for every other. */
export function specialName(name: string): SpecialName | null {
  const lower = name.toLowerCase();
  return SPECIAL_NAMES.find((special) => special === lower) ?? null;
}

const SPECIAL_NAMES: readonly SpecialName[] = [
  "host",
  "expect",
  "upgrade",
  "connection",
  "content-type",
  "content-length",
  "transfer-encoding",
];
