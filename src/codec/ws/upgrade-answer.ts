import { UsageError } from "../errors.ts";
import { type HeaderPairs, isFieldValue, isToken } from "../http/head.ts";

/** A server's answer that opens the WebSocket (RFC 6455 section 4.2.2). */
export interface UpgradeAcceptance {
  /** The value of `Sec-WebSocket-Accept`: base64 of SHA-1 of the key and the GUID of RFC 6455 section 1.3. */
  readonly accept: string;
  /** The subprotocol that was chosen, `""` for none. */
  readonly protocol: string;
  /** The value of `Sec-WebSocket-Extensions`, `""` for none. */
  readonly extensions: string;
  /** The user's fields, sent in this order and case behind ours. */
  readonly headers: HeaderPairs;
}

/** The fields of the 101, ours first. Throws `UPGRADE_DECISION_INVALID` for what must not go on the wire. */
export function acceptanceFields({ accept, protocol, extensions, headers }: UpgradeAcceptance): HeaderPairs {
  for (const [name, value] of headers) checkField(name, value, RESERVED);
  return [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", accept],
    ...(protocol === "" ? [] : [["Sec-WebSocket-Protocol", protocol] as const]),
    ...(extensions === "" ? [] : [["Sec-WebSocket-Extensions", extensions] as const]),
    ...headers,
  ];
}

/** The 101, ready to be sent as Latin-1. */
export function acceptanceText(fields: HeaderPairs): string {
  return headText(101, fields);
}

/**
 * The head of an answer that refuses, ready to be sent as Latin-1; a body of `length` bytes follows, and then the connection ends. Throws
 * `UPGRADE_DECISION_INVALID` for what must not go on the wire.
 */
export function refusalText(status: number, headers: HeaderPairs, length: number): string {
  if (!Number.isInteger(status) || status < LEAST_STATUS || status > MOST_STATUS) {
    throw invalid(`status ${status} is not an integer from ${LEAST_STATUS} to ${MOST_STATUS}`);
  }
  for (const [name, value] of headers) checkField(name, value, RESERVED_FOR_REFUSALS);
  const upgrade = status === UPGRADE_REQUIRED ? "close, Upgrade" : "close";
  const typed = length === 0 || headers.some(([name]) => name.toLowerCase() === "content-type");
  return headText(status, [
    ["Connection", upgrade],
    ["Content-Length", String(length)],
    ...(typed ? [] : [["Content-Type", "text/plain; charset=utf-8"] as const]),
    ...headers,
  ]);
}

function headText(status: number, fields: HeaderPairs): string {
  let text = `HTTP/1.1 ${status} ${PHRASES[status] ?? ""}\r\n`;
  for (const [name, value] of fields) text += `${name}: ${value}\r\n`;
  return `${text}\r\n`;
}

/** The value is not shown: it may be a secret. */
function checkField(name: string, value: string, reserved: ReadonlySet<string>): void {
  if (!isToken(name)) throw invalid(`header name ${JSON.stringify(name)} is not a token`);
  if (reserved.has(name.toLowerCase())) throw invalid(`header ${name} belongs to the handshake`);
  if (isFieldValue(value)) return;
  throw invalid(`value of header ${name} has a control character, white space around it, or one over U+00FF`);
}

/** What a decision about an upgrade request holds that cannot be done. */
export function invalid(detail: string): UsageError {
  return new UsageError("UPGRADE_DECISION_INVALID", `Cannot answer upgrade request: ${detail}`);
}

/** Fields that the handshake itself writes, or that would give it a body. */
const RESERVED: ReadonlySet<string> = new Set([
  "upgrade",
  "connection",
  "sec-websocket-accept",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
  "content-length",
  "transfer-encoding",
]);

const RESERVED_FOR_REFUSALS: ReadonlySet<string> = new Set(["connection", "content-length", "transfer-encoding"]);

/** A 101 would open, another 1xx promise a final status, and a 2xx say that something was done. */
const LEAST_STATUS = 300;
const MOST_STATUS = 599;
const UPGRADE_REQUIRED = 426;

/** RFC 9110 section 15; what is not listed goes without a phrase. */
const PHRASES: Readonly<Record<number, string>> = {
  101: "Switching Protocols",
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  421: "Misdirected Request",
  426: "Upgrade Required",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};
