import type { Elapsed, Load, ReceiveResult, Windowed } from "../task.ts";

/** What the driver is told to do to a server that is measured, as JSON in its first argument. */
export type AcceptTask = (ReceiveTask | EchoTask) & Load & { readonly port: number };

interface ReceiveTask extends Windowed {
  readonly job: "receive";
}

interface EchoTask {
  readonly job: "echo";
  /** Each with one message under way. */
  readonly connections: number;
}

/** What it answers, by the server's clocks where it receives. */
export type AcceptResult = ReceiveResult | EchoResult;

/** Round trips in microseconds, all of them a second, and microseconds of the server's CPU for each. */
interface EchoResult {
  readonly job: "echo";
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  readonly cpu: number;
}

/** What a server says in a text message once the end message came: what it counted since the first, and how long that took. */
export interface Tally extends Elapsed {
  readonly messages: number | null;
  readonly bytes: number;
}
