/** What a client may ask for over an open connection. */
export const METHODS = ["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY"] as const;

export type Method = (typeof METHODS)[number];

/** The venue takes a 64-bit integer, a string of at most 36 characters, or null. */
export type RequestId = number | string | null;

/** A control message that was understood. */
export type ControlRequest =
  | { readonly method: "SUBSCRIBE" | "UNSUBSCRIBE"; readonly streams: readonly string[]; readonly id: RequestId }
  | { readonly method: "LIST_SUBSCRIPTIONS"; readonly id: RequestId }
  | { readonly method: "SET_PROPERTY"; readonly value: boolean; readonly id: RequestId }
  | { readonly method: "GET_PROPERTY"; readonly id: RequestId };

/** A control message that was not: the venue's code and sentence, and the id where it could be read. */
export interface ControlError {
  readonly code: 0 | 1 | 2 | 3;
  readonly msg: string;
  readonly id?: RequestId;
}

/** Reads a control message; `error` holds the venue's complaint about one that is wrong. */
export function parseControl(text: string): ControlRequest | { readonly error: ControlError } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: { code: 3, msg: `Invalid JSON: expected value at ${jsonPlace(text)}` } };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalid("expected an object");
  }
  const { method, params, id = null }: { method?: unknown; params?: unknown; id?: unknown } = value;
  if (!isRequestId(id)) return invalid("request ID must be an integer, a string of at most 36 characters, or null");
  if (method === undefined) return invalid("missing field `method`", id);
  const known = METHODS.find((each) => each === method);
  if (known === undefined) {
    const expected = METHODS.map((each) => `\`${each}\``).join(", ");
    return invalid(`unknown variant \`${String(method)}\`, expected one of ${expected}`, id);
  }
  return parseParams(known, params, id);
}

function parseParams(method: Method, params: unknown, id: RequestId): ControlRequest | { error: ControlError } {
  if (params !== undefined && !Array.isArray(params)) return invalid("expected a list for `params`", id);
  const list: readonly unknown[] = params ?? [];
  switch (method) {
    case "SUBSCRIBE":
    case "UNSUBSCRIBE": {
      const streams = list.filter((each) => typeof each === "string");
      if (streams.length !== list.length) return invalid("stream name must be a string", id);
      if (streams.length === 0) return invalid("missing field `params`", id);
      return { method, streams, id };
    }
    case "LIST_SUBSCRIPTIONS":
      return list.length > 0 ? invalid("too many parameters", id) : { method, id };
    case "SET_PROPERTY":
    case "GET_PROPERTY": {
      const [property, value] = list;
      if (typeof property !== "string") return invalid("property name must be a string", id);
      if (list.length > (method === "SET_PROPERTY" ? 2 : 1)) return invalid("too many parameters", id);
      if (property !== "combined") return { error: { code: 0, msg: "Unknown property", id } };
      if (method === "GET_PROPERTY") return { method, id };
      if (typeof value !== "boolean") return { error: { code: 1, msg: "Invalid value type: expected Boolean", id } };
      return { method, value, id };
    }
  }
}

function invalid(detail: string, id?: RequestId): { error: ControlError } {
  const msg = `Invalid request: ${detail}`;
  return { error: id === undefined ? { code: 2, msg } : { code: 2, msg, id } };
}

function isRequestId(id: unknown): id is RequestId {
  if (typeof id === "string") return id.length <= 36;
  return id === null || Number.isSafeInteger(id);
}

/** Where the text ends, as the venue counts: it names the place the parser stopped, which for a cut message is the end. */
function jsonPlace(text: string): string {
  const lines = text.split("\n");
  return `line ${lines.length} column ${lines.at(-1)?.length ?? 0}`;
}
