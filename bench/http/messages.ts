/** What the request benches send and get; written by hand here, so that the library does not vouch for itself. */
export type RequestKind = "get" | "post";

/** A request as each contender is to send it; what else its client puts into the head is the client's own. */
export interface RequestText {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** A small order of six fields, and what one asks most often. */
export const REQUESTS: Readonly<Record<RequestKind, RequestText>> = {
  get: {
    method: "GET",
    path: "/api/v3/ticker/bookTicker?symbol=BTCUSDT",
    headers: { "X-API-KEY": "0123456789abcdef0123456789abcdef" },
    body: null,
  },
  post: {
    method: "POST",
    path: "/api/v3/order",
    headers: { "X-API-KEY": "0123456789abcdef0123456789abcdef", "Content-Type": "application/json" },
    body: '{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","quantity":"0.00100","price":"64000.10","clientId":"a-0001"}',
  },
};

/** The request's bytes with no more in its head than it needs. */
export function encodeRequest(kind: RequestKind, host: string): Uint8Array {
  const { method, path, headers, body } = REQUESTS[kind];
  const fields: Record<string, string> = { Host: host, ...headers };
  if (body !== null) fields["Content-Length"] = String(body.length);
  return encodeMessage(`${method} ${path} HTTP/1.1`, Object.entries(fields), body ?? "");
}

/**
 * Answers as a venue gives them: some fifteen fields and a small body, all of one length, while dates and counters differ from one to the
 * next.
 */
export function answers(kind: RequestKind): Uint8Array[] {
  return Array.from({ length: ANSWERS }, (_, index) =>
    encodeMessage("HTTP/1.1 200 OK", venueFields(index), answerBody(kind, index)),
  );
}

/** Bytes of the body of each answer. */
export function answerLength(kind: RequestKind): number {
  return answerBody(kind, 0).length;
}

/** Start line, fields and body as they go on the wire. */
export function encodeMessage(
  startLine: string,
  fields: readonly (readonly [string, string])[],
  body: string,
): Uint8Array {
  const lines = [startLine, ...fields.map(([name, value]) => `${name}: ${value}`)];
  return new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n${body}`);
}

/** The fields of answer number `index`. */
export function venueFields(index: number, bodyLength = 80): [string, string][] {
  return [
    ["Content-Type", "application/json;charset=UTF-8"],
    ["Content-Length", String(bodyLength)],
    ["Connection", "keep-alive"],
    ["Date", `Sun, 01 Jan 2023 00:00:${10 + index} GMT`],
    ["Server", "nginx"],
    ["Vary", "Accept-Encoding"],
    ["X-Request-Id", `6f1f64f8-7c4a-4a8e-9b0e-0000000000${10 + index}`],
    ["X-Used-Weight", String(100 + index)],
    ["X-Used-Weight-1m", String(100 + index)],
    ["X-Order-Count-10s", String(10 + index)],
    ["Strict-Transport-Security", "max-age=31536000; includeSubdomains"],
    ["X-Frame-Options", "SAMEORIGIN"],
    ["X-Content-Type-Options", "nosniff"],
    ["Content-Security-Policy", "default-src 'self'"],
    ["Cache-Control", "no-cache, no-store, must-revalidate"],
  ];
}

/** 80 bytes of JSON. */
function answerBody(kind: RequestKind, index: number): string {
  const text =
    kind === "get"
      ? `{"symbol":"BTCUSDT","bid":"64000.${10 + index}","ask":"64001.${10 + index}"`
      : `{"symbol":"BTCUSDT","status":"NEW","orderId":46116860184${10 + index}`;
  return `${text},"note":"${"-".repeat(80 - text.length - 11)}"}`;
}

const ANSWERS = 16;
