import { UsageError } from "../codec/errors.ts";
import { Histogram, type HistogramSummary } from "../codec/histogram.ts";
import { ConnectClock, type ConnectTimes } from "../socket/connect-clock.ts";

/** What a WebSocket with the option `latency` has measured, in nanoseconds. */
export interface WsLatency {
  /**
   * From the read that brought a message's last byte to the message handed out: to the call of the handler, or to `recv` and `tryRecv` giving it.
   * So it holds the messages of the same read before it, and what the program did meanwhile. Heartbeats and the close message of a
   * {@link WsConnection} do not count.
   */
  readonly handler: Histogram;
  /** From `sendPing`, or a ping of `liveness`, to the read that brought its pong. */
  readonly pingRoundTrip: Histogram;
  /** Of this connection; null on the accepting side. */
  readonly connect: ConnectTimes | null;
}

/** Histograms of connecting, by phase; see {@link ConnectTimes}. */
export interface ConnectHistograms {
  readonly dns: Histogram;
  readonly tcp: Histogram;
  readonly proxy: Histogram;
  readonly tls: Histogram;
  readonly upgrade: Histogram;
  readonly total: Histogram;
}

/**
 * Where WebSockets with the option `latency` count, in nanoseconds. One can be shared: by the streams of a feed, or by those that follow one
 * another as a client reconnects. Costs 160 KB.
 */
export class LatencyRecorder {
  /** As {@link WsLatency.handler}. */
  readonly handler: Histogram = new Histogram();
  /** As {@link WsLatency.pingRoundTrip}. */
  readonly pingRoundTrip: Histogram = new Histogram();
  /** Connections that were opened; those that failed do not count. */
  readonly connect: ConnectHistograms = {
    dns: new Histogram(),
    tcp: new Histogram(),
    proxy: new Histogram(),
    tls: new Histogram(),
    upgrade: new Histogram(),
    total: new Histogram(),
  };

  /** Forgets all values. */
  reset(): void {
    this.handler.reset();
    this.pingRoundTrip.reset();
    for (const phase of PHASES) this.connect[phase].reset();
  }

  /** Summaries of all histograms that have values, by `handler`, `pingRoundTrip`, `dns`, `tcp`, …: what `JSON.stringify` shows. */
  toJSON(): Readonly<Record<string, HistogramSummary>> {
    const { handler, pingRoundTrip, connect } = this;
    const all: readonly (readonly [string, Histogram])[] = Object.entries({ handler, pingRoundTrip, ...connect });
    return Object.fromEntries(all.filter(([, { count }]) => count > 0).map(([name, of]) => [name, of.toJSON()]));
  }
}

/** What the option says: a recorder, or that there is none. */
export function latencyRecorder(option: boolean | LatencyRecorder | undefined): LatencyRecorder | null {
  if (option === undefined || option === false) return null;
  if (option === true) return new LatencyRecorder();
  if (option instanceof LatencyRecorder) return option;
  throw new UsageError(
    "OPTION_OUT_OF_RANGE",
    `Cannot open WebSocket: latency is ${String(option)}, not a boolean or a LatencyRecorder`,
  );
}

/** What takes the time of each phase of connecting; null where nobody counts it. */
export function clockFor(recorder: LatencyRecorder | null): ConnectClock | null {
  return recorder === null ? null : new ConnectClock();
}

/** What one WebSocket shows, once its connection is counted; null where nothing is measured. */
export function latencyOf(recorder: LatencyRecorder | null, connect: ConnectTimes | null): WsLatency | null {
  if (recorder === null) return null;
  for (const phase of PHASES) recorder.connect[phase].record(connect?.[phase] ?? Number.NaN);
  const { handler, pingRoundTrip } = recorder;
  return { handler, pingRoundTrip, connect };
}

const PHASES = ["dns", "tcp", "proxy", "tls", "upgrade", "total"] as const;
