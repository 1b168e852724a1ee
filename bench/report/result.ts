import type { Report } from "../report.ts";

/** What `bun run bench:report` leaves in `bench/results`. */
export interface FullReport extends Report {
  /** Contenders, or whole parts, that could not be measured. */
  readonly failures: readonly Failure[];
  /** How long it took. */
  readonly seconds: number;
}

/** What failed, by its full name (`receive/tcp/40/ws-on-node`), and why. */
export interface Failure {
  readonly what: string;
  readonly reason: string;
}
