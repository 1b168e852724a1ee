/** One operation of the codec, measured alone. */
export interface MicroCase {
  /** `read 40 binary`; unique within its group. */
  readonly name: string;
  /** What one call of the prepared function handles: its time is divided by this. */
  readonly items: number;
  /** Builds what the operation works on; the function returned asserts its own answer at every call. */
  prepare(): () => void;
}

/** Throws unless an operation gave what the corpus says it must. */
export function expectCount(what: string, actual: number, expected: number): void {
  if (actual !== expected)
    throw new Error(`Cannot accept the run: ${what} is ${actual} where ${expected} was expected`);
}
