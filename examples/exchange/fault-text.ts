/** A fault as it is written: `name[=value][@after]`. */
export interface FaultText {
  /** All of it, for complaints. */
  readonly text: string;
  /** Empty where the text has another form. */
  readonly name: string;
  readonly value: string | null;
  readonly after: number | null;
}

export function splitFault(text: string): FaultText {
  const [, name = "", value = null, after = null] = /^([a-z-]+)(?:=([^@]+(?:@100ms)?))?(?:@(\d+))?$/.exec(text) ?? [];
  return { text, name, value, after: after === null ? null : Number(after) };
}

/** The value as a whole number from `least` on; `byDefault` where there is none. */
export function wholeNumber({ text, value }: FaultText, byDefault: number, least: number = 1): number {
  if (value === null) return byDefault;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`Cannot read fault: "${text}" needs a whole number above ${least - 1} after the equals sign`);
}
