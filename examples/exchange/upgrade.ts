import { createHash } from "node:crypto";

/** The head of an HTTP request, as far as the exchange looks at it. */
export interface RequestHead {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case; of a repeated field, the last. */
  readonly headers: ReadonlyMap<string, string>;
}

/** An answer other than 101. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reads a request head (without its empty line), or null where it is none. */
export function parseRequestHead(head: string): RequestHead | null {
  const [requestLine = "", ...fields] = head.split("\r\n");
  const [method, target, version, ...rest] = requestLine.split(" ");
  if (method === undefined || !target?.startsWith("/") || version !== "HTTP/1.1" || rest.length > 0) return null;
  const headers = new Map<string, string>();
  for (const field of fields) {
    const colon = field.indexOf(":");
    if (colon <= 0) return null;
    headers.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
  }
  return URL.canParse(target, "http://exchange") ? { method, url: new URL(target, "http://exchange"), headers } : null;
}

/** Why the request does not open a WebSocket (RFC 6455 section 4.2.1), or null where it does. */
export function upgradeRefusal({ method, headers }: RequestHead): Refusal | null {
  const upgrades = headers.get("upgrade")?.toLowerCase() === "websocket";
  const connects = headers.get("connection")?.toLowerCase().split(/ *, */).includes("upgrade") ?? false;
  if (method !== "GET" || !upgrades || !connects) return { status: 400, body: "This path takes WebSocket upgrades" };
  if (headers.get("sec-websocket-version") !== "13") {
    return { status: 426, headers: { "Sec-WebSocket-Version": "13" }, body: "WebSocket version 13 is needed" };
  }
  const key = headers.get("sec-websocket-key") ?? "";
  if (Buffer.from(key, "base64").length !== 16) return { status: 400, body: "Sec-WebSocket-Key is not 16 bytes" };
  return null;
}

/** The 101 to a request that {@link upgradeRefusal} let through. */
export function renderAcceptance({ headers }: RequestHead): string {
  const accept = createHash("sha1")
    .update(`${headers.get("sec-websocket-key")}${ACCEPT_SUFFIX}`)
    .digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

export function renderRefusal({ status, headers = {}, body }: Refusal): string {
  const fields = {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    Connection: "close",
    ...headers,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${REASONS[status] ?? "Refused"}\r\n${lines.join("")}\r\n${body}`;
}

/** What the venue says with a status that keeps a client out. */
export function venueRefusal(status: number): Refusal {
  const known = VENUE_REFUSALS[status];
  return known === undefined
    ? { status, body: `{"code":-1000,"msg":"Refused with ${status}."}` }
    : { status, ...known };
}

/** RFC 6455 section 1.3. */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
};

const VENUE_REFUSALS: Readonly<Record<number, Omit<Refusal, "status">>> = {
  401: { body: `{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}` },
  403: { body: `{"code":-1002,"msg":"You are not authorized to execute this request."}` },
  429: { headers: { "Retry-After": "5" }, body: `{"code":-1003,"msg":"Too many requests; slow down."}` },
  503: { body: `{"code":-1001,"msg":"Internal error; unable to process your request. Please try again."}` },
};
