import { inspect } from "node:util";

/** What an error tells, as data: the same for a client in this process and in another. */
export interface Told {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly phase?: string;
  readonly reason?: string | null;
  readonly status?: number | null;
  readonly address?: string | null;
  readonly body?: string | null;
  readonly osCode?: string | null;
  readonly errno?: number | null;
  readonly timeout?: number;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly progress?: string;
  readonly bytesSent?: number;
  readonly closeCode?: number;
  /** Null where it has none. */
  readonly cause: Told | null;
  /** As `console.log` shows it. */
  readonly shown: string;
}

/** An error of a client's, thrown where the test runs. */
export class Failure extends Error {
  readonly told: Told;

  constructor(told: Told) {
    super(told.message);
    this.told = told;
  }
}

export function toldBy(error: unknown): Told {
  if (error instanceof Failure) return error.told;
  const { name, message, cause } = error instanceof Error ? error : new Error(String(error));
  const facts = Object.fromEntries(FIELDS.map((field) => [field, (error as Record<string, unknown>)[field]]));
  return { ...facts, name, message, cause: cause instanceof Error ? toldBy(cause) : null, shown: inspect(error) };
}

/** What a promise rejects with. */
export async function failed(promise: Promise<unknown>): Promise<Told> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error === null) throw new Error("it was to fail");
  return toldBy(error);
}

const FIELDS = [
  "code",
  "phase",
  "reason",
  "status",
  "address",
  "body",
  "osCode",
  "errno",
  "timeout",
  "headers",
  "progress",
  "bytesSent",
  "closeCode",
] as const;
