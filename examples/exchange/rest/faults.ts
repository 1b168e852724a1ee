import type { FaultText } from "../fault-text.ts";
import { wholeNumber } from "../fault-text.ts";

/** Something that goes wrong with requests, on every connection. */
export type RestFault = FormFault | StrikeFault | CutFault;

export type FormKind =
  | "rest-delay"
  | "rest-slow"
  | "rest-chunked"
  | "rest-trailers"
  | "rest-gzip"
  | "rest-no-length"
  | "rest-interim"
  | "rest-idle"
  | "rest-keep-alive"
  | "rest-stale"
  | "rest-overlap";

export type StrikeKind = "rest-close" | "rest-stray" | "rest-truncate" | "rest-unknown" | "rest-fail";

/** How every answer is written, or how old every snapshot is. */
export interface FormFault {
  readonly kind: FormKind;
  readonly value: number;
}

/** What happens to one request of each connection: the one after the first `after` of them. */
export interface StrikeFault {
  readonly kind: StrikeKind;
  readonly value: number;
  readonly after: number;
}

/** Like a {@link StrikeFault}: the connection ends instead of an answer, `before` or `after` the request took effect. */
export interface CutFault {
  /** With RST or with FIN. */
  readonly kind: "rest-cut" | "rest-fin";
  readonly when: "before" | "after";
  readonly after: number;
}

/** What goes wrong with one request. */
export interface RequestFaults {
  readonly cut: CutFault | null;
  /** The status of an answer without effect, or null. */
  readonly failure: number | null;
  /** The status of an answer that leaves the effect unknown: there is one. Null where nothing of that kind happens. */
  readonly unknown: number | null;
  /** The answer says `Connection: close`, and it is so. */
  readonly closes: boolean;
  /** Milliseconds from the answer to one that nobody asked for, or null. */
  readonly stray: number | null;
  /** How much of the body is sent before the connection ends, or null. */
  readonly truncatedTo: number | null;
}

/** Null where the text names no fault of requests. */
export function parseRestFault(fault: FaultText): RestFault | null {
  const { name, value, after } = fault;
  if (isKeyOf(FORM_FAULTS, name)) {
    if (after !== null) return null;
    const { byDefault, least = 1 } = FORM_FAULTS[name];
    if (byDefault === null) return value === null ? { kind: name, value: 0 } : null;
    return { kind: name, value: wholeNumber(fault, byDefault, least) };
  }
  if (isKeyOf(STRIKE_FAULTS, name)) {
    const { byDefault, least = 1 } = STRIKE_FAULTS[name];
    if (byDefault === null && value !== null) return null;
    const number = byDefault === null ? 0 : wholeNumber(fault, byDefault, least);
    return { kind: name, value: number, after: after ?? USUAL_AFTER };
  }
  if (name !== "rest-cut" && name !== "rest-fin") return null;
  const when = value ?? "after";
  return when === "before" || when === "after" ? { kind: name, when, after: after ?? USUAL_AFTER } : null;
}

/** The faults of one connection's requests, and how far it is from them. */
export class RestFaultPlan {
  readonly #forms = new Map<FormKind, number>();
  readonly #strikes: readonly (StrikeFault | CutFault)[];
  #requests = 0;

  constructor(faults: readonly RestFault[]) {
    this.#strikes = faults.filter((fault) => "after" in fault);
    for (const fault of faults) if (!("after" in fault)) this.#forms.set(fault.kind, fault.value);
  }

  /** The value of a fault in force, or null. */
  form(kind: FormKind): number | null {
    return this.#forms.get(kind) ?? null;
  }

  /** Counts a request, and tells what goes wrong with it. */
  next(): RequestFaults {
    const count = this.#requests++;
    if (!this.#strikes.some(({ after }) => after === count)) return NO_FAULTS;
    const due = this.#strikes.filter(({ after }) => after === count);
    const valueFor = (kind: StrikeKind): number | null => {
      for (const fault of due) if (fault.kind === kind) return fault.value;
      return null;
    };
    return {
      cut: due.find((fault) => "when" in fault) ?? null,
      failure: valueFor("rest-fail"),
      unknown: valueFor("rest-unknown"),
      closes: valueFor("rest-close") !== null,
      stray: valueFor("rest-stray"),
      truncatedTo: valueFor("rest-truncate"),
    };
  }
}

interface FaultRule {
  /** Null where the fault takes no value. */
  readonly byDefault: number | null;
  /** Default 1. */
  readonly least?: number;
  readonly form: string;
}

const FORM_FAULTS: Readonly<Record<FormKind, FaultRule>> = {
  "rest-delay": { byDefault: 50, form: "rest-delay[=MS]" },
  "rest-slow": { byDefault: 20, form: "rest-slow[=MS]" },
  "rest-chunked": { byDefault: 7, form: "rest-chunked[=BYTES]" },
  "rest-trailers": { byDefault: null, form: "rest-trailers" },
  "rest-gzip": { byDefault: null, form: "rest-gzip" },
  "rest-no-length": { byDefault: null, form: "rest-no-length" },
  "rest-interim": { byDefault: 0, least: 100, form: "rest-interim[=STATUS]" },
  "rest-idle": { byDefault: 50, form: "rest-idle[=MS]" },
  "rest-keep-alive": { byDefault: 1, form: "rest-keep-alive[=SECONDS]" },
  "rest-stale": { byDefault: 20, form: "rest-stale[=WINDOWS]" },
  "rest-overlap": { byDefault: null, form: "rest-overlap" },
};

const STRIKE_FAULTS: Readonly<Record<StrikeKind, FaultRule>> = {
  "rest-close": { byDefault: null, form: "rest-close[@N]" },
  "rest-stray": { byDefault: 5, least: 0, form: "rest-stray[=MS][@N]" },
  "rest-truncate": { byDefault: 10, least: 0, form: "rest-truncate[=BYTES][@N]" },
  "rest-unknown": { byDefault: 503, least: 500, form: "rest-unknown[=STATUS][@N]" },
  "rest-fail": { byDefault: 503, least: 400, form: "rest-fail[=STATUS][@N]" },
};

/** What {@link parseRestFault} reads, for a usage text. */
export const REST_FAULT_FORMS: readonly string[] = [
  ...[...Object.values(FORM_FAULTS), ...Object.values(STRIKE_FAULTS)].map(({ form }) => form),
  "rest-cut[=before|after][@N]",
  "rest-fin[=before|after][@N]",
];

const USUAL_AFTER = 5;

const NO_FAULTS: RequestFaults = {
  cut: null,
  failure: null,
  unknown: null,
  closes: false,
  stray: null,
  truncatedTo: null,
};

function isKeyOf<Key extends string>(table: Readonly<Record<Key, unknown>>, key: string): key is Key {
  return Object.hasOwn(table, key);
}
