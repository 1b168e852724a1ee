import type { FaultText } from "./fault-text.ts";
import { splitFault, wholeNumber } from "./fault-text.ts";
import type { RestFault } from "./rest/faults.ts";
import { parseRestFault, REST_FAULT_FORMS } from "./rest/faults.ts";
import type { StreamKind } from "./streams.ts";
import { STREAM_KINDS } from "./streams.ts";

/** Something a venue or the network does wrong, on every connection. */
export type Fault = StreamFault | EndFault | WireFault | RefuseFault | RestFault;

/** One event of each stream of that kind is left out, or sent twice: the one after the first `after` of them. */
export interface StreamFault {
  readonly kind: "gap" | "duplicate";
  readonly stream: StreamKind;
  readonly after: number;
}

/**
 * How the connection ends once `after` events were sent: `stall` says nothing more and answers nothing, without FIN;
 * `rst` resets; `fin` ends without a close frame; `close` sends one with `value` as its code; `shutdown` sends the
 * `serverShutdown` event and closes `value` milliseconds later.
 */
export interface EndFault {
  readonly kind: "stall" | "rst" | "fin" | "close" | "shutdown";
  readonly value: number;
  readonly after: number;
}

/** `split` writes the first `value` bytes one at a time; `coalesce` holds frames back until `value` bytes wait, or 50 ms went by. */
export interface WireFault {
  readonly kind: "split" | "coalesce";
  readonly value: number;
}

/** Every upgrade is refused with this status: 401, 403, 429 or 503. */
export interface RefuseFault {
  readonly kind: "refuse";
  readonly value: number;
}

/** Reads `name[=value][@after]`: `gap`, `gap=trade@20`, `close=1012@500`, `split`, `refuse=429`. */
export function parseFault(text: string): Fault {
  const fault = splitFault(text);
  const { name, value, after } = fault;
  switch (name) {
    case "gap":
    case "duplicate":
      return { kind: name, stream: streamKind(fault), after: after ?? 5 };
    case "stall":
    case "rst":
    case "fin":
      if (value !== null) break;
      return { kind: name, value: 0, after: after ?? 100 };
    case "close":
      return { kind: name, value: wholeNumber(fault, 1_001), after: after ?? 100 };
    case "shutdown":
      return { kind: name, value: wholeNumber(fault, 10_000), after: after ?? 100 };
    case "split":
    case "coalesce":
      if (after !== null) break;
      return { kind: name, value: wholeNumber(fault, name === "split" ? 10_000 : 65_536) };
    case "refuse":
      if (after !== null) break;
      return { kind: name, value: wholeNumber(fault, 503) };
  }
  const restFault = parseRestFault(fault);
  if (restFault !== null) return restFault;
  throw new Error(`Cannot read fault: "${text}" is not one of ${FAULT_FORMS.join(", ")}`);
}

/** What {@link parseFault} reads, for a usage text. */
export const FAULT_FORMS: readonly string[] = [
  "gap[=STREAM][@N]",
  "duplicate[=STREAM][@N]",
  "stall[@N]",
  "rst[@N]",
  "fin[@N]",
  "close[=CODE][@N]",
  "shutdown[=MS][@N]",
  "split[=BYTES]",
  "coalesce[=BYTES]",
  "refuse[=STATUS]",
  ...REST_FAULT_FORMS,
];

/** True for what concerns requests, and so is no business of a {@link FaultPlan}. */
export function isRestFault(fault: Fault): fault is RestFault {
  return fault.kind.startsWith("rest-");
}

/** The faults of one connection's streams and how far it is from them. */
export class FaultPlan {
  /** How many bytes are to be written one at a time. */
  readonly splitBytes: number;
  /** How many bytes must wait before they are written; 0 writes at once. */
  readonly coalesceBytes: number;
  /** The status that refuses the upgrade, or null. */
  readonly refusal: number | null;
  readonly #streamFaults: readonly StreamFault[];
  readonly #endFaults: readonly EndFault[];
  readonly #sentOn = new Map<string, number>();
  #sent = 0;

  constructor(faults: readonly Fault[]) {
    this.splitBytes = valueFor(faults, "split") ?? 0;
    this.coalesceBytes = valueFor(faults, "coalesce") ?? 0;
    this.refusal = valueFor(faults, "refuse");
    this.#streamFaults = faults.filter((fault) => "stream" in fault);
    this.#endFaults = faults.filter((fault) => isEndFault(fault));
  }

  /** How often the next event of a stream is to be sent: 0 for a gap, 2 for a duplicate, else 1. */
  copies(stream: string, kind: StreamKind): number {
    if (this.#streamFaults.length === 0) return 1;
    const sent = this.#sentOn.get(stream) ?? 0;
    this.#sentOn.set(stream, sent + 1);
    const fault = this.#streamFaults.find((each) => each.stream === kind && each.after === sent);
    if (fault === undefined) return 1;
    return fault.kind === "gap" ? 0 : 2;
  }

  /** Counts an event that was sent; the way to end the connection, when this was the last one before it. */
  eventSent(): EndFault | null {
    this.#sent++;
    if (this.#endFaults.length === 0) return null;
    return this.#endFaults.find((each) => each.after === this.#sent) ?? null;
  }
}

function valueFor(faults: readonly Fault[], kind: "split" | "coalesce" | "refuse"): number | null {
  for (const fault of faults) if (fault.kind === kind) return fault.value;
  return null;
}

function isEndFault(fault: Fault): fault is EndFault {
  return "after" in fault && "value" in fault && !isRestFault(fault);
}

function streamKind({ text, value }: FaultText): StreamKind {
  const wanted = value ?? "depth@100ms";
  const kind = STREAM_KINDS.find((each) => each === wanted || each === `${wanted}@100ms`);
  if (kind !== undefined) return kind;
  throw new Error(`Cannot read fault: "${text}" names no stream of ${STREAM_KINDS.join(", ")}`);
}
