/** What the driver is told to do to a server that is measured, as JSON in its first argument. */
export type AcceptTask =
  | {
      readonly job: "receive";
      readonly port: number;
      /** Bytes of payload. */
      readonly size: number;
      /** Messages that are timed. */
      readonly count: number;
      /** The same, untimed, before. */
      readonly warmup: number;
      /** How often the mixed block is sent before. */
      readonly mixes: number;
    }
  | {
      readonly job: "echo";
      readonly port: number;
      readonly size: number;
      /** Connections, each with one message under way. */
      readonly connections: number;
      /** Round trips that are timed, all connections together. */
      readonly count: number;
      readonly warmup: number;
      readonly mixes: number;
    };

/** What it answers: nanoseconds a message by the server's clock and of its CPU, or round trips in microseconds and all of them a second. */
export type AcceptResult =
  | { readonly job: "receive"; readonly wall: number; readonly cpu: number }
  | { readonly job: "echo"; readonly p50: number; readonly p99: number; readonly perSecond: number };

/** What a server says in a text message once the end message came: what it counted since the first, in nanoseconds. */
export interface Tally {
  readonly messages: number | null;
  readonly bytes: number;
  readonly wall: number;
  readonly cpu: number;
}
