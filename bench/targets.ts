import { ratio } from "./baselines.ts";
import { type Figure, find, median } from "./result.ts";
import { spread } from "./statistics.ts";
import { formatNumber } from "./table.ts";

/** A figure that the project has set itself, and what it came to. */
export interface TargetResult {
  readonly name: string;
  readonly unit: string;
  readonly bound: Bound;
  readonly measured: number;
  /** Of a time judged by its quickest round, the median; null otherwise. */
  readonly median: number | null;
  readonly met: boolean;
}

/** `least`: at least `value`; otherwise at most. */
interface Bound {
  readonly least: boolean;
  readonly value: number;
}

interface Target {
  readonly name: string;
  readonly unit: string;
  readonly bound: Bound;
  /** Null where the run has not measured what it takes. */
  measure(figures: readonly Figure[]): number | null;
  /** Beside what it takes where that is not the median already. */
  median?(figures: readonly Figure[]): number | null;
}

/** Each target that the figures suffice for. */
export function judge(figures: readonly Figure[]): TargetResult[] {
  const results: TargetResult[] = [];
  for (const target of TARGETS) {
    const { name, unit, bound } = target;
    const measured = target.measure(figures);
    if (measured === null) continue;
    const met = bound.least ? measured >= bound.value : measured <= bound.value;
    results.push({ name, unit, bound, measured, median: target.median?.(figures) ?? null, met });
  }
  return results;
}

/** `18.9 ns, median 20.6`. */
export function formatMeasured({ measured, median, unit }: TargetResult): string {
  return `${formatNumber(measured)} ${unit}${median === null ? "" : `, median ${formatNumber(median)}`}`;
}

function ofLimit(group: string, contender: string, most: number): Target {
  return {
    name: `${group}: ${contender} / limit`,
    unit: "×",
    bound: { least: false, value: most },
    measure: (figures) => ratio(figures, group, contender, "limit"),
  };
}

function fasterThanBun(group: string, contender: string, least: number): Target {
  return {
    name: `${group}: Bun's WebSocket / ${contender}`,
    unit: "×",
    bound: { least: true, value: least },
    measure: (figures) => ratio(figures, group, "bun-websocket", contender),
  };
}

/** How much longer a request takes than with `HttpConnection`, or, for the limit, how much longer with that. */
function request(kind: "get" | "post", rival: "limit" | "fetch" | "undici-on-node", value: number): Target {
  const group = `http/${kind}/tcp/together`;
  const [dividend, divisor] = rival === "limit" ? ["connection", rival] : [rival, "connection"];
  return {
    name: `${group}: ${dividend} / ${divisor}`,
    unit: "×",
    bound: { least: rival !== "limit", value },
    measure: (figures) => ratio(figures, group, dividend, divisor, "p50 µs"),
  };
}

function allocated(kind: "get" | "post", unit: "bytes" | "objects", most: number): Target {
  return {
    name: `memory/requests/${kind}: heap ${unit} a request beyond the limit's chunk and promise`,
    unit,
    bound: { least: false, value: most },
    measure: (figures) => median(figures, `memory/requests/${kind}`, "connection beyond limit", `${unit}/request`),
  };
}

/** At least, or at most, so many times the figure of the one connection. */
function pooled(speed: string, layout: string, contender: string, metric: Figure["metric"], bound: Bound): Target {
  const group = `pool/requests/${speed}/${layout}`;
  return {
    name: `${group}: ${contender} / connection, ${metric}`,
    unit: "×",
    bound,
    measure: (figures) => ratio(figures, group, contender, "connection", metric),
  };
}

/** The spin backend, spinning, to another of its case. */
function spinning(group: string, rival: string, metric: Figure["metric"], most: number, name = "spin"): Target {
  return {
    name: `spin/${group}: ${name} / ${rival}, ${metric}`,
    unit: "×",
    bound: { least: false, value: most },
    measure: (figures) => ratio(figures, `spin/${group}`, name, rival, metric),
  };
}

function spinAllocated(what: string): Target {
  return {
    name: `spin/allocations: heap bytes a ${what}`,
    unit: "bytes",
    bound: { least: false, value: 1 },
    measure: (figures) => median(figures, "spin/allocations", what, "bytes/message"),
  };
}

/** CPU time of `WsConnection` to a rival's, in compressed messages of a size. */
function compressing(way: string, rival: string, most: number): Target {
  return {
    name: `deflate/${way}: connection / ${rival}, CPU`,
    unit: "×",
    bound: { least: false, value: most },
    measure: (figures) => ratio(figures, `deflate/${way}`, "connection", rival, "CPU ns/message"),
  };
}

/** What a server that stays away costs more than a process that does nothing. */
function stopped(way: string, metric: "attempts/slot" | "CPU ms/s", most: number): Target {
  return {
    name: `pool/stopped: ${way}, beyond an idle process`,
    unit: metric,
    bound: { least: false, value: most },
    measure(figures) {
      const measured = find(figures, "pool/stopped", way, metric);
      const idle = find(figures, "pool/stopped", "idle", metric);
      if (measured === undefined || idle === undefined) return null;
      return spread(measured.samples.map((sample, round) => sample - (idle.samples[round] ?? Number.NaN))).median;
    },
  };
}

/**
 * Nanoseconds of one thread that waits for nobody, judged by the quickest round: what the others took longer is the machine's, whose slow times
 * no baseline takes out here.
 */
function inMemory(name: string, most: number, group = "micro/frame-reading"): Target {
  return {
    name: `${group}: ${name}`,
    unit: "ns",
    bound: { least: false, value: most },
    measure: (figures) => find(figures, group, name, "ns")?.min ?? null,
    median: (figures) => median(figures, group, name, "ns"),
  };
}

const TARGETS: readonly Target[] = [
  ofLimit("receive/tcp/40", "handler", 1.5),
  fasterThanBun("receive/tcp/40", "handler", 12),
  fasterThanBun("receive/tcp/40", "try-recv", 10),
  fasterThanBun("receive/tcp/40", "await-recv", 4),
  ofLimit("receive/tls/40", "handler", 1.6),
  fasterThanBun("receive/tls/40", "handler", 6),
  ofLimit("receive/tcp/512", "handler", 1.35),
  ofLimit("receive/tls/512", "handler", 1.35),
  ofLimit("accept/receive/40", "handler", 1.6),
  ...["client/receive", "client/send", "server/receive", "server/send"].flatMap((way) => [
    compressing(`${way}/676`, "ws-on-node", 0.5),
    compressing(`${way}/20480`, "ws-on-node", 0.9),
  ]),
  compressing("client/receive/676", "bun-websocket", 1.15),
  compressing("client/receive/20480", "bun-websocket", 1.15),
  inMemory("40 binary", 20),
  inMemory("128 binary", 25),
  inMemory("512 binary", 65),
  inMemory("128 ascii", 70),
  inMemory("write post of 6 fields, read 15", 600, "micro/http"),
  request("get", "limit", 1.15),
  request("get", "fetch", 2.5),
  request("get", "undici-on-node", 2),
  request("post", "limit", 1.15),
  request("post", "fetch", 2.5),
  request("post", "undici-on-node", 2),
  inMemory("lifo-pool", 10, "pool/acquire"),
  inMemory("client-pool", 10, "pool/acquire"),
  inMemory("atomic-pool", 30, "pool/acquire"),
  pooled("at-once", "together", "pool of 1", "p50 µs", { least: false, value: 1.05 }),
  pooled("after-1-ms", "apart", "8 tasks", "requests/s", { least: true, value: 7.5 }),
  stopped("unasked", "attempts/slot", 50),
  stopped("unasked", "CPU ms/s", 1),
  stopped("waited-for", "attempts/slot", 50),
  stopped("waited-for", "CPU ms/s", 1),
  spinning("receive/tcp", "handler", "ns/message", 1, "spin-handler"),
  spinning("receive/tls", "handler", "ns/message", 1.2, "spin-handler"),
  spinning("echo/tcp/apart", "floor", "p50 µs", 1.1),
  spinning("echo/tcp/apart", "handler", "p50 µs", 1),
  spinning("echo/tcp/apart", "handler", "p99 µs", 1),
  spinning("echo/tcp/apart", "handler", "p99.9 µs", 1),
  spinning("echo/tls/apart", "handler", "p50 µs", 1.2),
  spinning("requests/tcp/apart", "connection", "p50 µs", 1),
  spinAllocated("receive"),
  spinAllocated("echo"),
  spinAllocated("request"),
  allocated("get", "bytes", 1),
  allocated("get", "objects", 0.01),
  allocated("post", "bytes", 1),
  allocated("post", "objects", 0.01),
  {
    name: "memory/handler: growth of RSS after the first 100,000 messages",
    unit: "MB",
    bound: { least: false, value: 20 },
    measure: (figures) => median(figures, "memory/handler", "growth of RSS", "MB"),
  },
  {
    name: "memory/allocations: heap bytes a message, handler",
    unit: "bytes",
    bound: { least: false, value: 1 },
    measure: (figures) => median(figures, "memory/allocations", "handler", "bytes/message"),
  },
];
